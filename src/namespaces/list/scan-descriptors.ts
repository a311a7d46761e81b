import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AT, IOCTL, O } from '../../syscalls/constants.js';
import { numbersIn, tryOpenDirectory } from '../../syscalls/directory.js';
import { StatusReader } from '../../syscalls/statx.js';
import type { NamespaceKind } from '../kinds.js';
import type { Census, Found } from './census.js';
import type { NamespaceHolder } from './namespace.js';
import { LinkReader, parseNamespaceLink } from './namespace-link.js';
import { kindOf } from './relations.js';

const MOST_NAMES = 1024;
const EMPTY = cString('');

/** Looks at every descriptor of every process for namespaces, and for sockets of other net namespaces. */
export function scanDescriptors(census: Census): void {
  const scan = new DescriptorScan(census);
  for (const pid of census.pids) scan.visit(pid);
}

class DescriptorScan {
  readonly #census: Census;
  readonly #status = new StatusReader();
  readonly #links = new LinkReader();
  readonly #names: Uint8Array[] = [];
  /** Paths, with their mount namespaces, that lead to no namespace: processes inherit them. */
  readonly #files = new Set<string>();
  /** The net namespaces of sockets, which are often inherited: undefined for what may not be asked. */
  readonly #netOfSocket = new Map<number, number | undefined>();

  constructor(census: Census) {
    this.#census = census;
  }

  visit(pid: number): void {
    const directory = tryOpenDirectory(AT.FDCWD, `/proc/${pid}/fd`);
    if (directory < 0) return;
    const process = new VisitedProcess(pid);
    try {
      for (const fd of numbersIn(directory)) {
        if (!this.#links.read(directory, this.#name(fd)) || this.#links.isPlain) continue;
        const { socket } = this.#links;
        if (socket === undefined) this.#visitDescriptor(process, fd, directory);
        else this.#visitSocket(process, fd, socket);
      }
    } finally {
      closeDescriptor(directory);
      process.close();
    }
  }

  /** Low numbers come again and again. */
  #name(fd: number): Uint8Array {
    if (fd >= MOST_NAMES) return cString(String(fd));
    this.#names[fd] ??= cString(String(fd));
    return this.#names[fd];
  }

  /** The link says what it is, unless it was opened by a path: then its device does. */
  #visitDescriptor(process: VisitedProcess, fd: number, directory: number): void {
    const { text } = this.#links;
    const named = parseNamespaceLink(text);
    if (named) this.#hold(named.kind, named.inode, { pid: process.pid, fd });
    const file = `${this.#census.mountsOf.get(process.pid)} ${text}`;
    if (!text.startsWith('/') || this.#files.has(file)) return;
    if (this.#status.read(directory, this.#name(fd)) < 0) return;
    if (this.#status.device !== this.#census.device) {
      this.#files.add(file);
      return;
    }
    const { inode } = this.#status;
    const kind = this.#census.found.get(inode)?.kind ?? kindOfPath(`/proc/${process.pid}/fd/${fd}`);
    if (kind) this.#hold(kind, inode, { pid: process.pid, fd });
  }

  #hold(kind: NamespaceKind, inode: number, { pid, fd }: { pid: number; fd: number }): void {
    if (this.#census.holdsOpen(pid, fd)) return;
    const record = this.#census.at(kind, inode);
    record.path ??= `/proc/${pid}/fd/${fd}`;
    if (!holds(record, 'descriptor', pid)) record.holders.push({ by: 'descriptor', pid, fd });
  }

  #visitSocket(process: VisitedProcess, fd: number, inode: number): void {
    if (!this.#netOfSocket.has(inode)) this.#netOfSocket.set(inode, this.#askSocket(process, fd));
    const { pid } = process;
    const net = this.#netOfSocket.get(inode);
    if (net === undefined || net === this.#census.netOf.get(pid)) return;
    const record = this.#census.at('net', net);
    if (!holds(record, 'socket', pid)) record.holders.push({ by: 'socket', pid, fd });
  }

  /** SIOCGSKNS needs CAP_NET_ADMIN over the namespace: linux/sockios.h. */
  #askSocket(process: VisitedProcess, fd: number): number | undefined {
    const copy = trySyscall('pidfd_getfd', process.pidfd, fd, 0);
    if (copy < 0) return undefined;
    const net = trySyscall('ioctl', copy, IOCTL.SIOCGSKNS, 0);
    closeDescriptor(copy);
    if (net < 0) return undefined;
    if (this.#status.read(net, EMPTY, AT.EMPTY_PATH) < 0) {
      closeDescriptor(net);
      return undefined;
    }
    const { inode } = this.#status;
    this.#census.take(this.#census.at('net', inode), net);
    return inode;
  }
}

/** Whether that is known of the process that is being looked at: what it holds stands at the end, of up to thousands. */
function holds({ holders }: Found, by: 'descriptor' | 'socket', pid: number): boolean {
  for (let i = holders.length - 1; i >= 0; i--) {
    const holder = holders[i] as NamespaceHolder;
    if (!('pid' in holder) || holder.pid !== pid) return false;
    if (holder.by === by) return true;
  }
  return false;
}

/** A process with its pidfd, which only sockets need. */
class VisitedProcess {
  #pidfd: number | undefined;

  constructor(readonly pid: number) {}

  /** Or a negated errno. */
  get pidfd(): number {
    this.#pidfd ??= trySyscall('pidfd_open', this.pid, 0);
    return this.#pidfd;
  }

  close(): void {
    if (this.#pidfd !== undefined && this.#pidfd >= 0) closeDescriptor(this.#pidfd);
  }
}

function kindOfPath(path: string): NamespaceKind | undefined {
  const descriptor = trySyscall('openat', AT.FDCWD, cString(path), O.RDONLY | O.CLOEXEC | O.NONBLOCK, 0);
  if (descriptor < 0) return undefined;
  const kind = kindOf(descriptor);
  closeDescriptor(descriptor);
  return kind;
}
