import { closeDescriptor, cString } from '../../syscalls/binding.js';
import { AT, O } from '../../syscalls/constants.js';
import { numbersIn, numbersOf, tryOpenDirectory } from '../../syscalls/directory.js';
import { errnoNumber } from '../../syscalls/errno.js';
import { StatusReader } from '../../syscalls/statx.js';
import { ALL_KINDS } from '../kinds.js';
import type { Census } from './census.js';
import { LinkReader, linkOf, type NamespaceLink } from './namespace-link.js';

const LINKS = ALL_KINDS.map((kind) => linkOf(kind, kind));
const CHILD_LINKS = (['pid', 'time'] as const).map((kind) => linkOf(`${kind}_for_children`, kind));
const TASK = cString('../task');
const DENIED = new Set([-errnoNumber('EACCES'), -errnoNumber('EPERM')]);
/** . and .. of /proc/PID/task, and the only thread of most processes. */
const LINKS_OF_ONE_THREAD = 3;

/** Reads the namespaces of every process, and those of threads that are elsewhere than their process. */
export function scanProcesses(census: Census): void {
  const scan = new ProcessScan(census);
  for (const pid of numbersOf('/proc').sort((a, b) => a - b)) scan.visit(pid);
}

class ProcessScan {
  readonly #census: Census;
  readonly #status = new StatusReader();
  readonly #reader = new LinkReader();

  constructor(census: Census) {
    this.#census = census;
  }

  visit(pid: number): void {
    // Ten links are read from there, and the kernel looks at the process for each part of a path.
    const directory = tryOpenDirectory(AT.FDCWD, `/proc/${pid}/ns`, O.PATH);
    if (directory < 0) return;
    try {
      if (!this.#visitLinks(pid, directory)) {
        this.#census.unreadable++;
        return;
      }
      this.#census.pids.push(pid);
      for (const link of CHILD_LINKS) this.#visitChildren(link, pid, directory);
      const threads = this.#status.read(directory, TASK) === 0 ? this.#status.links : 0;
      if (threads > LINKS_OF_ONE_THREAD) this.#visitThreads(pid, directory);
    } finally {
      closeDescriptor(directory);
    }
  }

  /** False when this user may not see them. A zombie has left all of them but user and pid. */
  #visitLinks(pid: number, directory: number): boolean {
    for (const link of LINKS) {
      const inode = this.#reader.inode(directory, link);
      if (DENIED.has(inode)) return false;
      if (inode < 0) continue;
      const record = this.#census.at(link.kind, inode);
      if (record.processes.length === 0) {
        record.path = `/proc/${pid}/ns/${link.name}`;
        record.holders.unshift({ by: 'process', pid });
      }
      record.processes.push(pid);
      if (link.kind === 'net') this.#census.netOf.set(pid, inode);
      else if (link.kind === 'mnt') this.#census.mountsOf.set(pid, inode);
    }
    return true;
  }

  #visitChildren(link: NamespaceLink, pid: number, directory: number): void {
    const inode = this.#reader.inode(directory, link);
    if (inode < 0) return;
    const record = this.#census.at(link.kind, inode);
    if (record.processes.length > 0 || record.holders.length > 0) return;
    record.path = `/proc/${pid}/ns/${link.name}`;
    record.holders.push({ by: 'children', pid });
  }

  #visitThreads(pid: number, directory: number): void {
    for (const tid of threadsOf(directory)) {
      if (tid === pid) continue;
      for (const { kind } of LINKS) {
        if (kind === 'user') continue; // one for all threads: user_namespaces(7)
        const path = `task/${tid}/ns/${kind}`;
        const inode = this.#reader.inode(directory, { kind, name: kind, path: cString(`../${path}`) });
        if (inode < 0) continue;
        const record = this.#census.at(kind, inode);
        if (record.processes.at(-1) === pid) continue;
        if (record.holders.some((holder) => holder.by === 'thread' && holder.pid === pid)) continue;
        record.path ??= `/proc/${pid}/${path}`;
        record.holders.push({ by: 'thread', pid, tid });
      }
    }
  }
}

function threadsOf(directory: number): number[] {
  const task = tryOpenDirectory(directory, '../task');
  if (task < 0) return [];
  try {
    return numbersIn(task);
  } finally {
    closeDescriptor(task);
  }
}
