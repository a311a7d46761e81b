import { Isol8Error } from '../../foundation/errors.js';
import { ipBytes } from '../../foundation/ip.js';
import { encodeIp, type IpAddress } from '../../namespaces/sockets/address.js';
import { closeDescriptor, syscall, trySyscall } from '../../syscalls/binding.js';
import { AF, SO, SOCK, SOL_SOCKET } from '../../syscalls/constants.js';
import { errnoName } from '../../syscalls/errno.js';
import type { PublishedPort } from '../published-ports.js';

/** A published port with all that its caller may leave out. */
export interface UplinkPort {
  /** `0.0.0.0` is all addresses of IPv4, `::` those of IPv6 and IPv4. */
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

/**
 * Chooses what was left open and sees that all of them can be had, by having them for a moment: the programs say little when
 * they cannot.
 *
 * @throws Isol8Error EADDRINUSE, EACCES below net.ipv4.ip_unprivileged_port_start, EADDRNOTAVAIL.
 */
export function choosePorts(ports: readonly PublishedPort[], everywhere: '0.0.0.0' | '::'): UplinkPort[] {
  const held: number[] = [];
  try {
    return ports.map(({ hostAddress = everywhere, hostPort = 0, port, protocol = 'tcp' }) => {
      const { socket, bound } = bind(hostAddress, hostPort, protocol);
      held.push(socket);
      return { hostAddress, hostPort: bound, port, protocol };
    });
  } finally {
    for (const socket of held) closeDescriptor(socket);
  }
}

function bind(host: string, port: number, protocol: 'tcp' | 'udp'): { socket: number; bound: number } {
  const family = ipBytes(host).length === 4 ? 4 : 6;
  const address: IpAddress = { family, address: host, device: undefined };
  const kind = protocol === 'tcp' ? SOCK.STREAM : SOCK.DGRAM;
  const where = `${family === 6 ? `[${host}]` : host}:${port}/${protocol}`;
  const socket = syscall('socket', [family === 4 ? AF.INET : AF.INET6, kind | SOCK.CLOEXEC, 0], where);
  // Connections that were closed a minute ago do not count, as for any server.
  if (protocol === 'tcp') trySyscall('setsockopt', socket, SOL_SOCKET, SO.REUSEADDR, new Int32Array([1]), 4);
  const name = encodeIp(address, port);
  const result = trySyscall('bind', socket, name, name.length);
  if (result < 0) {
    closeDescriptor(socket);
    throw cannotPublish(where, errnoName(-result));
  }
  const size = new Int32Array([name.length]);
  syscall('getsockname', [socket, name, size], where);
  return { socket, bound: Buffer.from(name).readUInt16BE(2) };
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another program has this port: choose another, or end it (ss -tulpn names it).',
  EACCES:
    'A port below net.ipv4.ip_unprivileged_port_start takes CAP_NET_BIND_SERVICE: choose a higher one, or lower that limit.',
  EADDRNOTAVAIL: 'The host has no such address.',
};

export function cannotPublish(where: string, errno: string): Isol8Error {
  return new Isol8Error(errno, `publish ${where}: ${errno}. ${WHY[errno] ?? ''}`.trimEnd());
}
