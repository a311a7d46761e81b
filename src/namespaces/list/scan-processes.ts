import { closeDescriptor, cString } from '../../syscalls/binding.js';
import { AT, O } from '../../syscalls/constants.js';
import { numbersIn, numbersOf, tryOpenDirectory } from '../../syscalls/directory.js';
import { errnoNumber } from '../../syscalls/errno.js';
import { StatusReader } from '../../syscalls/statx.js';
import { ALL_KINDS, type NamespaceKind } from '../kinds.js';
import type { Census, Found } from './census.js';
import type { NamespaceHolder } from './namespace.js';

interface Link {
  readonly kind: NamespaceKind;
  readonly name: string;
  /** Below /proc/PID. */
  readonly path: Uint8Array;
}

const linkOf = (name: string, kind: NamespaceKind): Link => ({ kind, name, path: cString(`ns/${name}`) });
const TASK = cString('task');
const DENIED = new Set([-errnoNumber('EACCES'), -errnoNumber('EPERM')]);
/** . and .. of /proc/PID/task, beside its threads. */
const NO_THREADS = 2;

/** Reads the namespaces of every process, and those of threads that are elsewhere than their process. */
export function scanProcesses(census: Census, kinds: ReadonlySet<NamespaceKind>): void {
  const scan = new ProcessScan(census, kinds);
  for (const pid of numbersOf('/proc').sort((a, b) => a - b)) scan.visit(pid);
}

class ProcessScan {
  readonly #census: Census;
  readonly #status = new StatusReader();
  readonly #links: readonly Link[];
  readonly #childLinks: readonly Link[];

  constructor(census: Census, kinds: ReadonlySet<NamespaceKind>) {
    this.#census = census;
    this.#links = ALL_KINDS.filter((kind) => kinds.has(kind)).map((kind) => linkOf(kind, kind));
    this.#childLinks = (['pid', 'time'] as const)
      .filter((kind) => kinds.has(kind))
      .map((kind) => linkOf(`${kind}_for_children`, kind));
  }

  visit(pid: number): void {
    const folder = `/proc/${pid}`;
    const directory = tryOpenDirectory(AT.FDCWD, folder, O.PATH);
    if (directory < 0) return;
    try {
      if (!this.#visitLinks(pid, directory)) return;
      this.#census.pids.push(pid);
      for (const link of this.#childLinks) this.#visitChildren(link, { pid, folder, directory });
      if (this.#status.read(directory, TASK) === 0 && this.#status.links > NO_THREADS + 1) {
        this.#visitThreads(pid, directory);
      }
    } finally {
      closeDescriptor(directory);
    }
  }

  /** False when this user may not see them. A zombie has left all of them but user and pid. */
  #visitLinks(pid: number, directory: number): boolean {
    const status = this.#status;
    for (const link of this.#links) {
      const result = status.read(directory, link.path);
      if (DENIED.has(result)) {
        this.#census.unreadable++;
        return false;
      }
      if (result < 0) continue;
      const record = this.#census.at(link.kind, status.inode);
      if (record.processes.length === 0) {
        record.path = `/proc/${pid}/ns/${link.name}`;
        record.holders.unshift({ by: 'process', pid });
        this.#census.device = status.device;
      }
      record.processes.push(pid);
      if (link.kind === 'net') this.#census.netOf.set(pid, record.inode);
    }
    return true;
  }

  #visitChildren(link: Link, process: { pid: number; folder: string; directory: number }): void {
    if (this.#status.read(process.directory, link.path) < 0) return;
    const record = this.#census.at(link.kind, this.#status.inode);
    if (record.processes.length > 0) return;
    this.#hold(record, { by: 'children', pid: process.pid }, `${process.folder}/ns/${link.name}`);
  }

  #visitThreads(pid: number, directory: number): void {
    for (const tid of numbersIn(directory, 'task')) {
      if (tid === pid) continue;
      for (const { kind } of this.#links) {
        if (kind === 'user') continue; // one for all threads: user_namespaces(7)
        const path = `task/${tid}/ns/${kind}`;
        if (this.#status.read(directory, cString(path)) < 0) continue;
        const record = this.#census.at(kind, this.#status.inode);
        if (record.processes.at(-1) === pid) continue;
        this.#hold(record, { by: 'thread', pid, tid }, `/proc/${pid}/${path}`);
      }
    }
  }

  #hold(record: Found, holder: NamespaceHolder, path: string): void {
    record.path ??= path;
    const known = record.holders.some(
      (other) => other.by === holder.by && 'pid' in other && other.pid === (holder as { pid: number }).pid,
    );
    if (!known) record.holders.push(holder);
  }
}
