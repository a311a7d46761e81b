/** Internet addresses as text and as the bytes of a message. */
import { isIPv4, isIPv6 } from 'node:net';

/** IPv4 or IPv6, by the names of AF_INET and AF_INET6. */
export type IpFamily = 'inet' | 'inet6';

/** An address with the length of its network's prefix: `10.0.0.1/24`. */
export interface IpPrefix {
  readonly address: string;
  readonly length: number;
}

/** undefined for what is no address, a zone (`fe80::1%eth0`) included. */
export function familyOf(address: string): IpFamily | undefined {
  if (isIPv4(address)) return 'inet';
  return isIPv6(address) && !address.includes('%') ? 'inet6' : undefined;
}

/** Whether many have it: RFC 5771, RFC 4291. Throws RangeError for what is no address. */
export function isMulticast(address: string): boolean {
  const [first = 0] = ipBytes(address);
  return familyOf(address) === 'inet' ? first >= 224 && first < 240 : first === 0xff;
}

/** The 4 or 16 bytes of an address. Throws RangeError for what is none. */
export function ipBytes(address: string): Uint8Array {
  switch (familyOf(address)) {
    case 'inet':
      return Uint8Array.from(address.split('.'), Number);
    case 'inet6':
      return v6Bytes(address);
    default:
      throw new RangeError(`${JSON.stringify(address)} is not an IP address`);
  }
}

/** As RFC 5952 writes it. Throws RangeError for another number of bytes than 4 or 16. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (bytes.length !== 16) throw new RangeError(`an IP address of ${bytes.length} bytes`);
  const mapped =
    bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
  if (mapped) return `::ffff:${ipText(bytes.subarray(12))}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const { at, length } = longestZeros(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, at))}::${hex(groups.slice(at + length))}`;
}

/** `10.0.0.1/24`; without a length that of a single address. Throws RangeError. */
export function parsePrefix(text: string): IpPrefix {
  const [address = '', length, ...more] = text.split('/');
  const bits = 8 * ipBytes(address).length;
  const number = length === undefined ? bits : Number(length);
  if (more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length)) || number > bits)
    throw new RangeError(`${JSON.stringify(text)} is not an address with a prefix length of 0 to ${bits}`);
  return { address, length: number };
}

function v6Bytes(address: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const [before = '', after] = address.split('::') as [string?, string?];
  putGroups(bytes, 0, groupsOf(before));
  if (after === undefined) return bytes;
  const end = groupsOf(after);
  const size = end.length * 2 + (after.includes('.') ? 2 : 0);
  putGroups(bytes, 16 - size, end);
  return bytes;
}

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));

/** The last group may be an IPv4 address, which is two. */
function putGroups(bytes: Uint8Array, at: number, groups: readonly string[]): void {
  for (const [i, group] of groups.entries()) {
    const place = at + 2 * i;
    const value = Number.parseInt(group, 16);
    if (group.includes('.')) bytes.set(ipBytes(group), place);
    else {
      bytes[place] = value >> 8;
      bytes[place + 1] = value;
    }
  }
}

/** The first of the longest runs of zeros, which `::` stands for. */
function longestZeros(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  let at = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - at > best.length) best = { at, length: i - at };
    at = i + 1;
  }
  return best;
}
