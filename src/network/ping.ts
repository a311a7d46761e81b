/** ICMP echo, RFC 792 and RFC 4443, for where no ping(8) is installed. */
import { randomInt } from 'node:crypto';
import { Isol8Error, SpecError } from '../foundation/errors.js';
import { familyOf } from '../foundation/ip.js';
import type { Namespace } from '../namespaces/namespace.js';
import { openSocket } from '../namespaces/open-socket.js';
import { encodeAddress } from '../namespaces/sockets/address.js';
import { loadAddon } from '../syscalls/addon.js';
import { closeDescriptor, SystemCallError, syscall, trySyscall } from '../syscalls/binding.js';
import { AF, MSG, SOCK } from '../syscalls/constants.js';
import { errnoName, errnoNumber } from '../syscalls/errno.js';
import { cancelLaunch, whenReadable } from '../syscalls/launch.js';

const ICMP = { protocol: 1, request: 8, reply: 0 } as const;
const ICMPV6 = { protocol: 58, request: 128, reply: 129 } as const;
const HEADER = 8;
const PAYLOAD = 56;

/** From where {@link ping} asks, and how long it waits. */
export interface PingOptions {
  /** Where from; default the calling thread's network namespace. */
  readonly namespace?: Namespace | undefined;
  /** How long to wait for the answer, in milliseconds. Default 2,000. */
  readonly timeout?: number;
}

/**
 * Sends one echo request.
 *
 * @returns how long the answer took, in milliseconds; undefined when none came in time.
 * @throws SpecError for what is no address.
 * @throws SystemCallError ENETUNREACH and the like; EPERM or EACCES where neither CAP_NET_RAW nor net.ipv4.ping_group_range
 * allows it.
 */
export async function ping(address: string, options: PingOptions = {}): Promise<number | undefined> {
  loadAddon(); // or say that this is not Linux
  const family = familyOf(address);
  if (family === undefined) throw new SpecError('address', `${JSON.stringify(address)} is not an IP address`);
  const icmp = family === 'inet' ? ICMP : ICMPV6;
  const socket = await open(family === 'inet' ? AF.INET : AF.INET6, icmp.protocol, options.namespace);
  try {
    const echo = { id: randomInt(1, 0xffff), sequence: 1, kind: icmp };
    const packet = encode(echo);
    const to = encodeAddress(address, 0);
    const start = performance.now();
    syscall('sendto', [socket.fd, packet, packet.length, 0, to, to.length], address);
    const came = await answered(socket, echo, start + (options.timeout ?? 2000));
    return came ? performance.now() - start : undefined;
  } finally {
    closeDescriptor(socket.fd);
  }
}

interface Echo {
  readonly id: number;
  readonly sequence: number;
  readonly kind: typeof ICMP | typeof ICMPV6;
}

interface PingSocket {
  readonly fd: number;
  /** It shows whole packets, of everybody; otherwise the kernel has chosen the id and sorts the answers. */
  readonly raw: boolean;
}

async function open(family: number, protocol: number, namespace: Namespace | undefined): Promise<PingSocket> {
  const of = async (type: number): Promise<number> => {
    const kind = { family, type: type | SOCK.CLOEXEC | SOCK.NONBLOCK, protocol };
    if (namespace !== undefined) return await openSocket(namespace, kind);
    return syscall('socket', [family, kind.type, protocol], 'icmp');
  };
  try {
    return { fd: await of(SOCK.RAW), raw: true };
  } catch (error) {
    if (!['EPERM', 'EACCES'].includes((error as Isol8Error).code)) throw error;
    return { fd: await of(SOCK.DGRAM), raw: false };
  }
}

/** The kernel fills the checksum of ICMPv6 in, whose sum includes the addresses. */
function encode({ id, sequence, kind }: Echo): Buffer {
  const packet = Buffer.alloc(HEADER + PAYLOAD);
  packet.writeUInt8(kind.request, 0);
  packet.writeUInt16BE(id, 4);
  packet.writeUInt16BE(sequence, 6);
  if (kind === ICMP) packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

/** RFC 1071 */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] as number) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

async function answered(socket: PingSocket, echo: Echo, deadline: number): Promise<boolean> {
  for (;;) {
    const packet = receive(socket.fd);
    if (packet !== undefined) {
      if (isReply(packet, socket, echo)) return true;
      continue;
    }
    if (!(await readableUntil(socket.fd, deadline))) return false;
  }
}

function receive(fd: number): Buffer | undefined {
  const bytes = Buffer.alloc(2048);
  const size = trySyscall('recvfrom', fd, bytes, bytes.length, MSG.DONTWAIT, null, null);
  if (size === -errnoNumber('EAGAIN')) return undefined;
  if (size < 0) throw new SystemCallError('recvfrom', errnoName(-size), 'icmp');
  return bytes.subarray(0, size);
}

/** Raw IPv4 sockets give the IP header too. */
function isReply(packet: Buffer, { raw }: PingSocket, { id, sequence, kind }: Echo): boolean {
  const at = raw && kind === ICMP ? 4 * ((packet[0] ?? 0) & 15) : 0;
  if (packet.length < at + HEADER || packet.readUInt8(at) !== kind.reply) return false;
  return packet.readUInt16BE(at + 6) === sequence && (!raw || packet.readUInt16BE(at + 4) === id);
}

function readableUntil(fd: number, deadline: number): Promise<boolean> {
  const left = deadline - performance.now();
  if (left <= 0) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const session = whenReadable(fd, {
      failed: (errno) => reject(new Isol8Error(errno, `wait for an answer: ${errno}`)),
      readable: () => {
        clearTimeout(timer);
        resolve(!timedOut);
      },
    });
    const timer = setTimeout(() => {
      timedOut = true;
      cancelLaunch(session);
    }, left);
  });
}
