import { readFileSync } from 'node:fs';
import { loadIsol8 } from './isol8.js';

/** KiB of PID 1 that are resident while `command` sleeps: the kernel's counter, and its exact walk of the pages. */
export async function measurePid1(
  command: readonly string[],
  dist: string,
): Promise<{ status: number; rollup: number }> {
  const { spawn } = await loadIsol8(dist);
  const child = await spawn([...command], { namespaces: 'all', stdio: 'ignore' });
  try {
    const { pid } = child;
    if (!isPid1(pid)) throw new Error(`process ${pid} is not the PID 1 of its namespace`);
    return {
      status: kibibytes(`/proc/${pid}/status`, 'VmRSS'),
      rollup: kibibytes(`/proc/${pid}/smaps_rollup`, 'Rss'),
    };
  } finally {
    child.kill('SIGKILL');
    await child.exited;
  }
}

/** The last number of NSpid is the pid in the innermost namespace. */
function isPid1(pid: number): boolean {
  return /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

function kibibytes(file: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(file, 'utf8'));
  if (!found) throw new Error(`${file} has no ${field}`);
  return Number(found[1]);
}
