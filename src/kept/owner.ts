import { readTextFileIfAny, statFile } from '../syscalls/files.js';

/** A process as a record names it, so that later on nobody else is taken for it. */
export interface Owner {
  readonly pid: number;
  /** In clock ticks since the start of the machine: field 22 of /proc/PID/stat. A pid alone may come again. */
  readonly started: string;
  /** The inode of the pid namespace that `pid` counts in. */
  readonly pids: string;
}

let present: Owner | undefined;

/** This process, of which none of this changes. */
export function presentOwner(): Owner {
  present ??= { pid: process.pid, ...timeAndPlace('self') };
  return present;
}

/** One of another pid namespace, which cannot be looked up, is taken to live. */
export function ownerLives({ pid, started, pids }: Owner): boolean {
  const now = timeAndPlace('self').pids === pids ? timeAndPlace(pid) : undefined;
  return now === undefined || now.started === started;
}

function timeAndPlace(pid: number | 'self'): Pick<Owner, 'started' | 'pids'> {
  const stat = readTextFileIfAny(`/proc/${pid}/stat`) ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third on
  return { started: fields[19] ?? '', pids: `${statFile('/proc/self/ns/pid')?.inode}` };
}
