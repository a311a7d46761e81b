import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AT, IOCTL, O } from '../../syscalls/constants.js';
import { numbersIn, tryOpenDirectory } from '../../syscalls/directory.js';
import { StatusReader } from '../../syscalls/statx.js';
import type { NamespaceKind } from '../kinds.js';
import type { Census } from './census.js';
import { kindOf } from './relations.js';

const S_IFMT = 0o170000;
const S_IFSOCK = 0o140000;
const EMPTY = cString('');

/** Looks at every descriptor of every process for namespaces, and for sockets of other net namespaces. */
export function scanDescriptors(census: Census, kinds: ReadonlySet<NamespaceKind>): void {
  const scan = new DescriptorScan(census, kinds);
  for (const pid of census.pids) scan.visit(pid);
}

class DescriptorScan {
  readonly #census: Census;
  readonly #kinds: ReadonlySet<NamespaceKind>;
  readonly #status = new StatusReader();
  readonly #own = new StatusReader();
  /** The net namespaces of sockets, which are often inherited: undefined for what may not be asked. */
  readonly #netOfSocket = new Map<number, number | undefined>();

  constructor(census: Census, kinds: ReadonlySet<NamespaceKind>) {
    this.#census = census;
    this.#kinds = kinds;
  }

  visit(pid: number): void {
    const directory = tryOpenDirectory(AT.FDCWD, `/proc/${pid}/fd`);
    if (directory < 0) return;
    let pidfd: number | undefined;
    try {
      for (const fd of numbersIn(directory, '.')) {
        if (this.#status.read(directory, cString(String(fd))) < 0) continue;
        const { inode, mode } = this.#status;
        if ((mode & S_IFMT) === S_IFSOCK) {
          if (!this.#kinds.has('net')) continue;
          if (!this.#netOfSocket.has(inode)) pidfd ??= trySyscall('pidfd_open', pid, 0);
          this.#visitSocket({ pid, fd, inode, pidfd: pidfd ?? -1 });
        } else if (this.#status.device === this.#census.device) this.#visitNamespace({ pid, fd, inode });
      }
    } finally {
      closeDescriptor(directory);
      if (pidfd !== undefined && pidfd >= 0) closeDescriptor(pidfd);
    }
  }

  #visitNamespace({ pid, fd, inode }: { pid: number; fd: number; inode: number }): void {
    const path = `/proc/${pid}/fd/${fd}`;
    const kind = this.#census.found.get(inode)?.kind ?? kindOfPath(path);
    if (kind === undefined || !this.#kinds.has(kind)) return;
    const record = this.#census.at(kind, inode);
    record.path ??= path;
    const known = record.holders.some((holder) => holder.by === 'descriptor' && holder.pid === pid);
    if (!known) record.holders.push({ by: 'descriptor', pid, fd });
  }

  #visitSocket(socket: { pid: number; fd: number; inode: number; pidfd: number }): void {
    const { pid, fd, inode } = socket;
    if (!this.#netOfSocket.has(inode)) this.#netOfSocket.set(inode, this.#askSocket(socket));
    const net = this.#netOfSocket.get(inode);
    if (net === undefined || net === this.#census.netOf.get(pid)) return;
    const record = this.#census.at('net', net);
    const known = record.holders.some((holder) => holder.by === 'socket' && holder.pid === pid);
    if (!known) record.holders.push({ by: 'socket', pid, fd });
  }

  /** SIOCGSKNS needs CAP_NET_ADMIN over the namespace: netdevice(7), linux/sockios.h. */
  #askSocket({ fd, pidfd }: { fd: number; pidfd: number }): number | undefined {
    if (pidfd < 0) return undefined;
    const copy = trySyscall('pidfd_getfd', pidfd, fd, 0);
    if (copy < 0) return undefined;
    const net = trySyscall('ioctl', copy, IOCTL.SIOCGSKNS, 0);
    closeDescriptor(copy);
    if (net < 0) return undefined;
    if (this.#own.read(net, EMPTY, AT.EMPTY_PATH) < 0) {
      closeDescriptor(net);
      return undefined;
    }
    const { inode } = this.#own;
    this.#census.take(this.#census.at('net', inode), net);
    return inode;
  }
}

function kindOfPath(path: string): NamespaceKind | undefined {
  const descriptor = trySyscall('openat', AT.FDCWD, cString(path), O.RDONLY | O.CLOEXEC | O.NONBLOCK, 0);
  if (descriptor < 0) return undefined;
  const kind = kindOf(descriptor);
  closeDescriptor(descriptor);
  return kind;
}
