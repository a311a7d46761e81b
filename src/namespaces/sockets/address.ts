/** Where a socket ends, as the kernel takes it: ip(7), ipv6(7), unix(7). */
import { isIP } from 'node:net';
import { SpecError } from '../../foundation/errors.js';
import { ipBytes } from '../../foundation/ip.js';
import { AF } from '../../syscalls/constants.js';

/** An IP address, with the interface that a link-local one belongs to (`fe80::1%eth0`). */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly address: string;
  readonly device: string | undefined;
}

/** An address in the usual notation, or undefined when the text is none, as a host name. */
export function parseIp(text: string): IpAddress | undefined {
  const [address, device, ...more] = text.split('%') as [string, ...string[]];
  const family = isIP(address);
  if (family === 0 || more.length > 0 || device === '') return undefined;
  return device === undefined || family === 6 ? { family: family as 4 | 6, address, device } : undefined;
}

/** Throws SpecError for what is no port. */
export function checkPort(port: unknown, field: string): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new SpecError(field, `${String(port)} is no port: a whole number from 0 to 65535`);
}

export const familyNumber = ({ family }: IpAddress): number => (family === 4 ? AF.INET : AF.INET6);

/** {@link encodeAddress}: a socket with an address of an interface is bound to that, and needs no scope. */
export const encodeIp = ({ address }: IpAddress, port: number): Uint8Array => encodeAddress(address, port);

/** struct sockaddr_in or sockaddr_in6, without a scope. Throws RangeError for what is no address. */
export function encodeAddress(address: string, port: number): Uint8Array {
  const ip = ipBytes(address);
  const v4 = ip.length === 4;
  const bytes = Buffer.alloc(v4 ? 16 : 28);
  bytes.writeUInt16LE(v4 ? AF.INET : AF.INET6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(ip, v4 ? 4 : 8);
  return bytes;
}

/**
 * struct sockaddr_un for a name that starts with NUL. Those belong to a net namespace; the others are files.
 *
 * @throws SpecError for a file, or a name that is too long.
 */
export function encodeAbstract(path: string, field: string): Uint8Array {
  if (!path.startsWith('\0'))
    throw new SpecError(
      field,
      'a socket that is a file belongs to a mnt namespace; only an abstract one, whose name starts with a NUL, ' +
        'belongs to a net namespace',
    );
  const name = Buffer.from(path, 'utf8');
  if (name.length < 2 || name.length > 108)
    throw new SpecError(field, 'the name of an abstract socket has 1 to 107 bytes behind its NUL');
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF.UNIX, 0);
  return Buffer.concat([family, name]);
}
