/** What the kernel knows of this process and of others: the tests of lives and deaths count it before and after. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A file under /proc, or '' when its process has gone meanwhile. */
export function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

export const pids = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);

/** State letter, parent and session of a process; undefined when there is none. */
export function statOf(pid: number): { state: string; parent: number; session: number } | undefined {
  const text = readProc(`${pid}/stat`);
  if (text === '') return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] as string, parent: Number(fields[1]), session: Number(fields[3]) };
}

const isAlive = (state: string): boolean => !'ZX'.includes(state);

/** Processes, without zombies, that `belongs` says yes to; each as "PID name state". */
export function living(belongs: (pid: number, session: number) => boolean): string[] {
  return pids().flatMap((pid) => {
    const stat = statOf(pid);
    if (!stat || !isAlive(stat.state) || !belongs(pid, stat.session)) return [];
    return [`${pid} ${readProc(`${pid}/comm`).trim()} ${stat.state} of session ${stat.session}`];
  });
}

/** Far more than anything here takes, also where a hundred other processes want the processor. */
const LIMIT_MILLISECONDS = 60_000;

/** SIGKILL takes a moment: what `look` still finds when it has found something all the time. */
export async function whenNone(look: () => string[] | Promise<string[]>): Promise<string[]> {
  let found = await look();
  for (
    const end = Date.now() + LIMIT_MILLISECONDS;
    found.length > 0 && Date.now() < end;
    found = await look()
  )
    await sleep(5);
  return found;
}

/** Of this process, zombies too. */
export function children(): number[] {
  return readdirSync('/proc/self/task').flatMap((task) =>
    readProc(`self/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
}

export function descendants(pid: number): number[] {
  const direct = readProc(`${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return direct.flatMap((child) => [child, ...descendants(child)]);
}

/** "3 -> pipe:[1234]" for every open descriptor of this process; tsx reads its cache while tests run already. */
export function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const link = readlinkSync(`/proc/self/fd/${fd}`);
      return link.includes('/tsx-') ? [] : [`${fd} -> ${link}`];
    } catch {
      return [];
    }
  });
}

export const threads = (): number => readdirSync('/proc/self/task').length;

export const mounts = (): string => readProc('self/mountinfo');

/** Until `check` holds; says so when it never does. */
export async function until(check: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + LIMIT_MILLISECONDS; !check(); await sleep(2)) {
    if (Date.now() > end) throw new Error(`it never happened: ${what}`);
  }
}
