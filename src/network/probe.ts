/** Whether a TCP port accepts, by system calls alone: no runtime but Node connects through a socket that it is given. */
import { familyOf } from '../foundation/ip.js';
import { openSocket, type SocketPlace } from '../namespaces/open-socket.js';
import { encodeAddress } from '../namespaces/sockets/address.js';
import {
  closeDescriptor,
  SystemCallError,
  syscall,
  trySyscall,
  trySyscallLater,
} from '../syscalls/binding.js';
import { AF, POLL, SO, SOCK, SOL_SOCKET } from '../syscalls/constants.js';
import { errnoName, errnoNumber } from '../syscalls/errno.js';

/** How long it took to be accepted, in milliseconds, or by which errno of connect(2) it was not. */
export type ProbeAnswer = { readonly time: number } | { readonly errno: string };

/** Where to, and how long to wait for an answer, in milliseconds. */
export interface Probe {
  readonly address: string;
  readonly port: number;
  readonly timeout: number;
}

/**
 * Connects and lets go.
 *
 * @returns undefined when no answer came in time.
 * @throws Isol8Error when there is no socket to ask with, or the address is none for it (EINVAL).
 */
export async function probe(
  place: SocketPlace,
  { address, port, timeout }: Probe,
): Promise<ProbeAnswer | undefined> {
  const family = familyOf(address) === 'inet' ? AF.INET : AF.INET6;
  const socket = await openSocket(place, { family, type: SOCK.STREAM | SOCK.NONBLOCK, protocol: 0 });
  try {
    const name = encodeAddress(address, port);
    const start = performance.now();
    let result = trySyscall('connect', socket, name, name.length);
    if (result === -errnoNumber('EINPROGRESS')) {
      if (!(await writable(socket, start + timeout))) return undefined;
      result = -errorOf(socket);
    }
    if (result === -errnoNumber('EINVAL')) throw new SystemCallError('connect', 'EINVAL', address);
    return result < 0 ? { errno: errnoName(-result) } : { time: performance.now() - start };
  } finally {
    closeDescriptor(socket);
  }
}

/** Also with an error. Waits on a thread of the pool, so that signals and timers have their turn. */
async function writable(socket: number, deadline: number): Promise<boolean> {
  const poll = Buffer.alloc(8);
  poll.writeInt32LE(socket);
  poll.writeInt16LE(POLL.OUT, 4);
  for (;;) {
    const left = deadline - performance.now();
    if (left <= 0) return false;
    const ready = await trySyscallLater('ppoll', poll, 1, timespec(left), null, 0);
    if (ready > 0) return true;
    if (ready < 0 && ready !== -errnoNumber('EINTR'))
      throw new SystemCallError('ppoll', errnoName(-ready), 'a connection');
  }
}

/** struct timespec */
function timespec(milliseconds: number): Buffer {
  const time = Buffer.alloc(16);
  time.writeBigInt64LE(BigInt(Math.floor(milliseconds / 1000)), 0);
  time.writeBigInt64LE(BigInt(Math.floor((milliseconds % 1000) * 1e6)), 8);
  return time;
}

function errorOf(socket: number): number {
  const [value, size] = [new Int32Array(1), Int32Array.of(4)];
  syscall('getsockopt', [socket, SOL_SOCKET, SO.ERROR, value, size], 'a connection');
  return value[0] as number;
}
