import type { Socket as DatagramSocket } from 'node:dgram';
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Server, Socket } from 'node:net';
import { Isol8Error, SpecError, UnsupportedError } from '../foundation/errors.js';
import { loadAddon, type RawArgument } from '../syscalls/addon.js';
import { closeDescriptor, trySyscall } from '../syscalls/binding.js';
import { IOCTL } from '../syscalls/constants.js';
import { errnoName } from '../syscalls/errno.js';
import { checkKind, checkOpened, checkText } from './check.js';
import { keepNamespace, releaseNamespace } from './keep.js';
import { keptPath } from './kept-path.js';
import type { NamespaceKind } from './kinds.js';
import { describe, type NamespaceTarget, type OpenNamespace, openNamespace, openOfAnyKind } from './open.js';

import type { NamespaceAgentOptions, NamespaceHttpsAgentOptions } from './sockets/agents.js';
import type { ConnectOptions } from './sockets/connect.js';
import type { FetchInit } from './sockets/fetch.js';
import type { ListenOptions } from './sockets/listen.js';
import type { UdpOptions } from './sockets/udp.js';

/**
 * A namespace, held by a descriptor: it lives at least until this handle is disposed of (`using`), whatever happens to
 * its processes. Accepted wherever a namespace is joined: `spawn(command, { namespaces: { net: handle } })`.
 */
export class Namespace implements Disposable {
  readonly kind: NamespaceKind;
  /** With {@link device} what names it, as in `net:[4026531840]`, until it is gone; then the number may come again. */
  readonly inode: bigint;
  readonly device: bigint;
  #fd: number | undefined;

  private constructor({ kind, inode, device, fd }: OpenNamespace) {
    this.kind = kind;
    this.inode = inode;
    this.device = device;
    this.#fd = fd;
  }

  /**
   * Opens a namespace: of a process (a pid, or whatever has a `pid`, as what {@link spawn} gives), behind a path or a
   * descriptor. A pid needs the kind; a path or descriptor says it, and with a kind given it must be that one.
   *
   * @throws SpecError when it is no namespace, or one of another kind.
   * @throws Isol8Error with the errno when it cannot be opened.
   */
  static open(target: number | string | NamespaceTarget, kind?: NamespaceKind): Namespace {
    loadAddon(); // or say that this is not Linux
    const known = checkOpened(target);
    if (kind !== undefined) return new Namespace(openNamespace(known, checkKind(kind), 'namespace'));
    if ('pid' in known)
      throw new SpecError('kind', 'must be given with a pid, which has a namespace of each');
    return new Namespace(openOfAnyKind(known, 'namespace'));
  }

  /**
   * Opens a namespace that was kept under a name, see {@link keep}; for net also what `ip netns add` has made.
   *
   * @throws Isol8Error ENOENT when there is none.
   */
  static kept(name: string, kind: NamespaceKind): Namespace {
    return Namespace.open(keptPath(checkText('name', name), checkKind(kind)), kind);
  }

  /** @throws Isol8Error EBADF once the handle was disposed of. */
  get fd(): number {
    if (this.#fd === undefined)
      throw new Isol8Error(
        'EBADF',
        `the handle of ${this} was disposed of, so it has no descriptor any more`,
      );
    return this.#fd;
  }

  /** The user namespace that owns it (NS_GET_USERNS of ioctl_nsfs(2)); undefined when that is outside of ours. */
  owner(): Namespace | undefined {
    return this.#related(IOCTL.NS_GET_USERNS);
  }

  /** For user and pid: the one it was made in (NS_GET_PARENT). Undefined for the first one, and outside of ours. */
  parent(): Namespace | undefined {
    return this.kind === 'user' || this.kind === 'pid' ? this.#related(IOCTL.NS_GET_PARENT) : undefined;
  }

  /** For user: the uid, as seen from here, of whoever made it (NS_GET_OWNER_UID). Undefined for the other kinds. */
  ownerUid(): number | undefined {
    if (this.kind !== 'user') return undefined;
    const uid = new Uint8Array(4);
    this.#ioctl(IOCTL.NS_GET_OWNER_UID, uid);
    return new DataView(uid.buffer).getUint32(0, true);
  }

  /**
   * Whether both are the same namespace; comparing inodes alone is not enough once one of them is gone. Throws SpecError for
   * what is no handle.
   */
  sameAs(other: Namespace): boolean {
    if (typeof other?.inode !== 'bigint') throw new SpecError('other', 'must be a Namespace');
    return this.inode === other.inode && this.device === other.device;
  }

  /**
   * For pid, since Linux 6.11: the number that a process of ours has in there, or with `from: 'inside'` the number here of
   * one in there. Undefined when it is not in there.
   *
   * @throws SpecError for another kind.
   * @throws UnsupportedError on an older kernel.
   */
  translatePid(pid: number, from: 'outside' | 'inside' = 'outside'): number | undefined {
    this.#mustBe('pid', 'translate a pid');
    const request = from === 'outside' ? IOCTL.NS_GET_TGID_IN_PIDNS : IOCTL.NS_GET_TGID_FROM_PIDNS;
    const result = trySyscall('ioctl', this.fd, request, pid);
    if (result >= 0) return result;
    const errno = errnoName(-result);
    if (errno === 'ESRCH') return undefined;
    throw this.#failure('translate a pid', errno, 'Linux 6.11');
  }

  /**
   * For mnt, since Linux 6.12: its number in the kernel's list, which never comes again, and how many mounts it has
   * (NS_MNT_GET_INFO).
   *
   * @throws SpecError for another kind.
   * @throws UnsupportedError on an older kernel.
   */
  mountInfo(): { id: bigint; mounts: number } {
    this.#mustBe('mnt', 'count its mounts');
    const info = new Uint8Array(16);
    const view = new DataView(info.buffer);
    view.setUint32(0, info.length, true);
    const result = trySyscall('ioctl', this.fd, IOCTL.NS_MNT_GET_INFO, info);
    if (result < 0) throw this.#failure('count its mounts', errnoName(-result), 'Linux 6.12');
    return { id: view.getBigUint64(8, true), mounts: view.getUint32(4, true) };
  }

  /**
   * For net: a connection that begins there, as node:net's `connect` gives. It needs no process inside, and CAP_SYS_ADMIN in
   * the user namespace that owns it or to be the one who made that.
   *
   * @throws SocketError with the `code`, `syscall`, `address` and `port` that node:net has; the reason of `signal`.
   * @throws SpecError for another kind of namespace. UnsupportedError under Bun.
   */
  connect(port: number, host?: string): Promise<Socket>;
  connect(options: ConnectOptions): Promise<Socket>;
  async connect(to: number | ConnectOptions, host?: string): Promise<Socket> {
    this.#mustBe('net', 'connect');
    const options = typeof to === 'number' ? { port: to, ...(host === undefined ? {} : { host }) } : to;
    return (await import('./sockets/connect.js')).connect(this, options);
  }

  /**
   * For net: a server that listens there, also after this handle is disposed of.
   *
   * @throws SocketError EADDRINUSE, EADDRNOTAVAIL, EACCES and so on. SpecError for another kind of namespace.
   */
  async listen<Kind extends Server = Server>(options: ListenOptions<Kind> = {}): Promise<Kind> {
    this.#mustBe('net', 'listen');
    return (await import('./sockets/listen.js')).listen(this, options);
  }

  /** For net: a bound datagram socket of node:dgram. Throws SocketError, and SpecError for another kind of namespace. */
  async udp(options: UdpOptions = {}): Promise<DatagramSocket> {
    this.#mustBe('net', 'open a datagram socket');
    return (await import('./sockets/udp.js')).udp(this, options);
  }

  /**
   * For net: the global `fetch`, from there. The classes of what it gives are those of the package undici. Names that are no
   * addresses need a `lookup`, see {@link LookupOptions}.
   *
   * @throws TypeError, whose `cause` says why, and the reason of `init.signal`, as `fetch` does.
   * @throws SpecError for another kind of namespace. UnsupportedError under Bun.
   */
  async fetch(input: string | URL | Request, init: FetchInit = {}): Promise<Response> {
    this.#mustBe('net', 'fetch');
    return (await import('./sockets/fetch.js')).fetch(this, input, init);
  }

  /** For net: an agent for requests of node:http that begin there. Throws as {@link fetch} does. */
  async httpAgent(options: NamespaceAgentOptions = {}): Promise<HttpAgent> {
    this.#mustBe('net', 'make requests');
    return (await import('./sockets/agents.js')).httpAgent(this, options);
  }

  /** The same for node:https. */
  async httpsAgent(options: NamespaceHttpsAgentOptions = {}): Promise<HttpsAgent> {
    this.#mustBe('net', 'make requests');
    return (await import('./sockets/agents.js')).httpsAgent(this, options);
  }

  /**
   * Keeps it without a process, under a path (an absolute one, or a name of its own: see {@link kept}), by a bind mount as
   * ip-netns(8) does. The file is made. Works on mounts with shared propagation too.
   *
   * @returns the path.
   * @throws Isol8Error EPERM without CAP_SYS_ADMIN, EEXIST when something is kept there, EINVAL for a mnt namespace that
   * is older than the present one.
   */
  keep(place: string): string {
    const path = checkText('place', place).includes('/') ? place : keptPath(place, this.kind);
    keepNamespace({ fd: this.fd, kind: this.kind }, path);
    return path;
  }

  /** Undoes {@link keep}: the namespace lives on as long as something else uses it. Throws Isol8Error. */
  static release(place: string, kind?: NamespaceKind): void {
    if (checkText('place', place).includes('/')) releaseNamespace(place);
    else if (kind === undefined) throw new SpecError('kind', 'must be given with a name');
    else releaseNamespace(keptPath(place, checkKind(kind)));
  }

  /** As the links in /proc/PID/ns have it: `net:[4026531840]`. */
  toString(): string {
    return `${this.kind}:[${this.inode}]`;
  }

  /** Closes the descriptor; nothing else keeps the namespace alive through this handle. May be called twice. */
  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeDescriptor(this.#fd);
    this.#fd = undefined;
  }

  /** EPERM says that it is outside of what may be seen from here. */
  #related(request: number): Namespace | undefined {
    const result = trySyscall('ioctl', this.fd, request, 0);
    if (result >= 0) return new Namespace(describe(result, { path: `${this}`, field: 'namespace' }));
    const errno = errnoName(-result);
    if (errno === 'EPERM') return undefined;
    throw this.#failure('ask who owns it', errno);
  }

  #ioctl(request: number, argument: RawArgument): void {
    const result = trySyscall('ioctl', this.fd, request, argument);
    if (result < 0) throw this.#failure('ask for its owner', errnoName(-result));
  }

  #mustBe(kind: NamespaceKind, operation: string): void {
    if (this.kind !== kind)
      throw new SpecError('namespace', `${this}: ${operation}: only a ${kind} namespace can do that`);
  }

  #failure(operation: string, errno: string, since?: string): Isol8Error {
    if (errno === 'ENOTTY' && since !== undefined)
      return new UnsupportedError(`${this}: ${operation}: this needs ${since}`);
    return new Isol8Error(errno, `${this}: ${operation}: ${errno}`);
  }
}
