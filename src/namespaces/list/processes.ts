import { cString } from '../../syscalls/binding.js';
import { AT } from '../../syscalls/constants.js';
import { readTextFileIfAny } from '../../syscalls/files.js';
import { StatusReader } from '../../syscalls/statx.js';
import { readUserNames } from '../user-names.js';
import type { ListedProcess } from './namespace.js';

/** Reads processes once each, when they are asked for. */
export class ProcessReader {
  readonly #known = new Map<number, ListedProcess | undefined>();
  readonly #status = new StatusReader();
  #names: Map<number, string> | undefined;

  /** Undefined when it has gone. */
  read(pid: number): ListedProcess | undefined {
    if (!this.#known.has(pid)) this.#known.set(pid, this.#read(pid));
    return this.#known.get(pid);
  }

  #read(pid: number): ListedProcess | undefined {
    const stat = readTextFileIfAny(`/proc/${pid}/stat`);
    if (stat === undefined || this.#status.read(AT.FDCWD, cString(`/proc/${pid}`)) < 0) return undefined;
    const { uid } = this.#status;
    this.#names ??= readUserNames();
    const { name, ppid } = parseStat(stat);
    const command = parseCommandLine(readTextFileIfAny(`/proc/${pid}/cmdline`) ?? '').join(' ');
    return { pid, ppid, uid, user: this.#names.get(uid), command: command || name };
  }
}

/** The name may hold spaces and parentheses. See proc_pid_stat(5). */
export function parseStat(text: string): { name: string; ppid: number; startTicks: number } {
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    ppid: Number(fields[1]),
    startTicks: Number(fields[19]),
  };
}

/** The words of /proc/PID/cmdline, which each end with a NUL. A process may have written anything there. */
export function parseCommandLine(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}
