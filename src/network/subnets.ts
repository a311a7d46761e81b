/** Which subnets are free, and which addresses in them: pure functions over prefixes and addresses. */
import { randomBytes } from 'node:crypto';
import { familyOf, type IpFamily, type IpPrefix, ipBytes, ipText } from '../foundation/ip.js';

/** A network's addresses from `first` on, `2 ** (bits - length)` of them. */
export interface Subnet {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly length: number;
}

export const bitsOf = (family: IpFamily): number => (family === 'inet' ? 32 : 128);

const numberOf = (address: string): bigint =>
  ipBytes(address).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const addressOf = (family: IpFamily, value: bigint): string => {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(value >> 64n, 0);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value), 8);
  return ipText(bytes.subarray(16 - bitsOf(family) / 8));
};

const sizeOf = ({ family, length }: Subnet): bigint => 1n << BigInt(bitsOf(family) - length);

/** The subnet that an address with a prefix length lies in. */
export function subnetOf({ address, length }: IpPrefix): Subnet {
  const family = familyOf(address) as IpFamily;
  const host = BigInt(bitsOf(family) - length);
  return { family, first: (numberOf(address) >> host) << host, length };
}

export const subnetText = (subnet: Subnet): string =>
  `${addressOf(subnet.family, subnet.first)}/${subnet.length}`;

export function overlaps(one: Subnet, other: Subnet): boolean {
  if (one.family !== other.family) return false;
  return one.first < other.first + sizeOf(other) && other.first < one.first + sizeOf(one);
}

export function contains(subnet: Subnet, address: string): boolean {
  return (
    familyOf(address) === subnet.family &&
    overlaps(subnet, subnetOf({ address, length: bitsOf(subnet.family) }))
  );
}

/** The address that many after the subnet's first. */
export const addressAt = (subnet: Subnet, offset: bigint): string =>
  addressOf(subnet.family, subnet.first + offset);

export const offsetOf = (subnet: Subnet, address: string): bigint => numberOf(address) - subnet.first;

/**
 * The offsets that hosts may have: not the network's own address and, for IPv4, not the broadcast address, unless the subnet
 * is so small (RFC 3021, RFC 6164) that it has no others.
 */
export function hostOffsets(subnet: Subnet): { first: bigint; last: bigint } {
  const size = sizeOf(subnet);
  if (size <= 2n) return { first: 0n, last: size - 1n };
  return { first: 1n, last: subnet.family === 'inet' ? size - 2n : size - 1n };
}

/** Whether a host of the subnet may have the address. */
export function isForHosts(subnet: Subnet, address: string): boolean {
  const { first, last } = hostOffsets(subnet);
  const offset = offsetOf(subnet, address);
  return contains(subnet, address) && offset >= first && offset <= last;
}

/** 172.16.0.0/12 and, when that is full, the upper half of 10.0.0.0/8: private addresses of RFC 1918, 4,094 hosts each. */
const POOLS: readonly Subnet[] = [
  subnetOf({ address: '172.16.0.0', length: 12 }),
  subnetOf({ address: '10.128.0.0', length: 9 }),
];
const POOL_LENGTH = 20;
const ATTEMPTS = 100;

/** The first subnet of the pools that overlaps none of those in use; undefined when there is none left. */
export function freeSubnet(used: readonly Subnet[]): Subnet | undefined {
  const step = 1n << BigInt(32 - POOL_LENGTH);
  for (const pool of POOLS) {
    for (let first = pool.first; first < pool.first + sizeOf(pool); first += step) {
      const candidate: Subnet = { family: 'inet', first, length: POOL_LENGTH };
      if (!used.some((other) => overlaps(candidate, other))) return candidate;
    }
  }
  return undefined;
}

/** A unique local /64 with a random global id, RFC 4193; undefined where those in use leave no room for chance. */
export function randomSubnet6(used: readonly Subnet[]): Subnet | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const id = BigInt(`0x${randomBytes(5).toString('hex')}`);
    const candidate: Subnet = { family: 'inet6', first: ((0xfdn << 40n) | id) << 80n, length: 64 };
    if (!used.some((other) => overlaps(candidate, other))) return candidate;
  }
  return undefined;
}
