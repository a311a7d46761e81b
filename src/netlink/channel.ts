/** An AF_NETLINK socket as a descriptor: opening, sending and receiving datagrams, waiting for one. See netlink(7). */
import { Isol8Error } from '../foundation/errors.js';
import { openSocket, type SocketPlace } from '../namespaces/open-socket.js';
import {
  closeDescriptor,
  SystemCallError,
  syscall,
  trySyscall,
  trySyscallLater,
} from '../syscalls/binding.js';
import { AF, MSG, SO, SOCK, SOL_SOCKET } from '../syscalls/constants.js';
import { errnoName, errnoNumber } from '../syscalls/errno.js';
import { cancelLaunch, whenReadable } from '../syscalls/launch.js';
import { NETLINK_OPTION, SOL_NETLINK } from './constants.js';

const ADDRESS_SIZE = 12;
/** The kernel fills at most 32 KiB of a dump at a time, and a single message can be larger only with many virtual functions. */
const LARGEST = 1 << 17;
/** Room for the answers to a batch, or for what happens while nobody listens. */
const RECEIVE_BUFFER = 1 << 20;

/** What was received is copied out of it before anyone else can receive. */
let room: Buffer | undefined;

export interface ChannelOptions {
  /** NETLINK_*. */
  readonly protocol: number;
  /** The network namespace to open it in; default the calling thread's. */
  readonly namespace?: SocketPlace | undefined;
  /** Multicast groups to join, RTNLGRP_*. */
  readonly groups?: readonly number[];
  /** Hear also what is told in the namespaces that this one has a number for; takes CAP_NET_BROADCAST over each. */
  readonly everywhere?: boolean;
  /** In bytes; the kernel doubles it, and may give less. Default 1 MiB. */
  readonly receiveBuffer?: number;
}

/** Only the kernel is listened to: a datagram of another process is dropped. */
export class NetlinkChannel implements Disposable {
  readonly port: number;
  #fd: number | undefined;
  /** Datagrams that threads of the pool are sending, or will. */
  #sending = 0;
  readonly #sender = Buffer.alloc(ADDRESS_SIZE);
  readonly #senderSize = new Uint32Array([ADDRESS_SIZE]);
  #cancel: (() => void) | undefined;

  private constructor(fd: number) {
    this.#fd = fd;
    this.port = portOf(fd);
  }

  /** @throws Isol8Error EPERM for a namespace that the caller may not enter. */
  static async open(options: ChannelOptions): Promise<NetlinkChannel> {
    const { namespace, protocol } = options;
    const type = SOCK.RAW | SOCK.CLOEXEC | SOCK.NONBLOCK;
    const fd =
      namespace === undefined
        ? syscall('socket', [AF.NETLINK, type, protocol], 'netlink')
        : await openSocket(namespace, { family: AF.NETLINK, type, protocol });
    return NetlinkChannel.of(fd, options);
  }

  /** Takes an open socket over, which is closed if it cannot be used. */
  static of(fd: number, options: Omit<ChannelOptions, 'protocol' | 'namespace'> = {}): NetlinkChannel {
    try {
      setUp(fd, options);
      return new NetlinkChannel(fd);
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
  }

  get fd(): number {
    if (this.#fd === undefined) throw new Isol8Error('EBADF', 'the netlink socket was closed');
    return this.#fd;
  }

  /** The number that its network namespace alone has had since the machine started; undefined before Linux 5.14. */
  get namespaceCookie(): bigint | undefined {
    const cookie = Buffer.alloc(8);
    const size = new Uint32Array([8]);
    const result = trySyscall('getsockopt', this.fd, SOL_SOCKET, SO.NETNS_COOKIE, cookie, size);
    return result < 0 ? undefined : cookie.readBigUInt64LE();
  }

  /**
   * The kernel does what a request asks for before this is settled, with `elsewhere` on a thread of the pool.
   *
   * @throws SystemCallError
   */
  async send(datagram: Uint8Array, elsewhere: boolean): Promise<void> {
    const { fd } = this;
    const args = [fd, datagram, datagram.length, 0, null, 0] as const;
    const result = elsewhere ? await this.#sendLater(fd, args) : trySyscall('sendto', ...args);
    if (result < 0) throw new SystemCallError('sendto', errnoName(-result), 'netlink');
  }

  /** Until it is sent the descriptor stays open: its number would be somebody else's. */
  async #sendLater(
    fd: number,
    args: readonly [number, Uint8Array, number, number, null, number],
  ): Promise<number> {
    this.#sending++;
    try {
      return await trySyscallLater('sendto', ...args);
    } finally {
      this.#sending--;
      if (this.closed && this.#sending === 0) closeDescriptor(fd);
    }
  }

  /**
   * The next datagram that is there, undefined when there is none. It belongs to the caller.
   *
   * @throws SystemCallError ENOBUFS when some were lost because nobody has received them for too long.
   */
  receive(): Buffer | undefined {
    room ??= Buffer.allocUnsafeSlow(LARGEST);
    for (;;) {
      this.#senderSize[0] = ADDRESS_SIZE;
      const size = trySyscall(
        'recvfrom',
        ...([this.fd, room, LARGEST, MSG.DONTWAIT | MSG.TRUNC] as const),
        ...([this.#sender, this.#senderSize] as const),
      );
      if (size === -errnoNumber('EINTR')) continue;
      if (size === -errnoNumber('EAGAIN')) return undefined;
      if (size < 0) throw new SystemCallError('recvfrom', errnoName(-size), 'netlink');
      if (size > LARGEST) throw new Isol8Error('EMSGSIZE', `a netlink datagram of ${size} bytes was cut off`);
      const fromKernel = this.#sender.readUInt32LE(4) === 0;
      if (fromKernel) return Buffer.from(room.subarray(0, size));
    }
  }

  /** Until there is a datagram, or the channel is closed. */
  readable(): Promise<void> {
    return new Promise((resolve, reject) => {
      const session = whenReadable(this.fd, {
        // Closed before the other thread got to wait for it, it is no descriptor there any more.
        failed: (errno) =>
          this.closed ? resolve() : reject(new SystemCallError('epoll_ctl', errno, 'netlink')),
        readable: () => {
          this.#cancel = undefined;
          resolve();
        },
      });
      this.#cancel = () => cancelLaunch(session);
    });
  }

  get closed(): boolean {
    return this.#fd === undefined;
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#fd !== undefined && this.#sending === 0) closeDescriptor(this.#fd);
    this.#fd = undefined;
  }
}

function setUp(fd: number, options: Partial<ChannelOptions>): void {
  const { groups = [], everywhere = false, receiveBuffer = RECEIVE_BUFFER } = options;
  const option = (level: number, name: number, value: number): number =>
    trySyscall('setsockopt', fd, level, name, new Uint32Array([value]), 4);
  // Without privilege the kernel gives at most net.core.rmem_max; kernels that lack one of the others just say less.
  if (option(SOL_SOCKET, SO.RCVBUFFORCE, receiveBuffer) < 0) option(SOL_SOCKET, SO.RCVBUF, receiveBuffer);
  option(SOL_NETLINK, NETLINK_OPTION.EXT_ACK, 1);
  option(SOL_NETLINK, NETLINK_OPTION.CAP_ACK, 1);
  option(SOL_NETLINK, NETLINK_OPTION.GET_STRICT_CHK, 1);
  if (everywhere) option(SOL_NETLINK, NETLINK_OPTION.LISTEN_ALL_NSID, 1);
  syscall('bind', [fd, addressOf(0), ADDRESS_SIZE], 'netlink');
  for (const group of groups) {
    const value = new Uint32Array([group]);
    syscall(
      'setsockopt',
      [fd, SOL_NETLINK, NETLINK_OPTION.ADD_MEMBERSHIP, value, 4],
      `netlink group ${group}`,
    );
  }
}

/** struct sockaddr_nl; port 0 has the kernel choose one. */
function addressOf(port: number): Buffer {
  const address = Buffer.alloc(ADDRESS_SIZE);
  address.writeUInt16LE(AF.NETLINK, 0);
  address.writeUInt32LE(port, 4);
  return address;
}

function portOf(fd: number): number {
  const address = Buffer.alloc(ADDRESS_SIZE);
  syscall('getsockname', [fd, address, new Uint32Array([ADDRESS_SIZE])], 'netlink');
  return address.readUInt32LE(4);
}
