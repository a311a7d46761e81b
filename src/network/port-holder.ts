import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { parseCommandLine } from '../namespaces/list/processes.js';
import { readTextFileIfAny } from '../syscalls/files.js';
import type { NetworkHost } from './host.js';
import type { ResolvedPort } from './records.js';

/** `nginx (pid 812)`: the process with a socket on the port, if /proc shows it. See proc_net_tcp of the kernel. */
export function listenerOn({ protocol, hostPort }: ResolvedPort, host: NetworkHost): string | undefined {
  const inodes = host.inside(() =>
    [protocol, `${protocol}6`].flatMap((name) => socketInodes(`/proc/thread-self/net/${name}`, hostPort)),
  );
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pid = links.size === 0 ? undefined : readdirSync('/proc').find((name) => holdsOne(name, links));
  if (pid === undefined) return undefined;
  return `${programName(pid)} (pid ${pid})`;
}

/** What the program was called as: /proc/PID/comm is the name of a thread, `MainThread` for recent Node.js. */
function programName(pid: string): string {
  const [called = ''] = parseCommandLine(readTextFileIfAny(`/proc/${pid}/cmdline`) ?? '');
  return basename(called) || (readTextFileIfAny(`/proc/${pid}/comm`)?.trim() ?? '?');
}

function socketInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  try {
    const rows = readFileSync(table, 'utf8').split('\n').slice(1);
    return rows
      .map((row) => row.trim().split(/\s+/))
      .flatMap((fields) => (fields[1]?.endsWith(suffix) && fields[9] ? [fields[9]] : []));
  } catch {
    return [];
  }
}

function holdsOne(pid: string, links: ReadonlySet<string>): boolean {
  if (!/^\d+$/.test(pid)) return false;
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => links.has(readlinkSync(`${folder}/${fd}`)));
  } catch {
    return false; // gone meanwhile, or another user's
  }
}
