/** The types of values that nft(8) knows, with the numbers it gives them in sets (its datatype.h), their sizes and words. */
import { SpecError } from '../foundation/errors.js';
import { familyOf, ipBytes, ipText } from '../foundation/ip.js';
import { NetlinkDecodeError } from '../netlink/errors.js';

/** An address, name or word as text, or a number. */
export type Value = string | number;

export interface DataType {
  /** 0 for what no set has a key of: nft(8) has no name for it. */
  readonly id: number;
  /** In bytes. */
  readonly size: number;
  readonly basis: 'ipv4' | 'ipv6' | 'ether' | 'name' | 'network' | 'host';
  readonly words?: Readonly<Record<string, number>>;
  /** Words are bits, and several may be given with commas. */
  readonly bits?: true;
}

const L4: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  sctp: 132,
};

const ICMPV6: Readonly<Record<string, number>> = {
  'destination-unreachable': 1,
  'packet-too-big': 2,
  'time-exceeded': 3,
  'parameter-problem': 4,
  'echo-request': 128,
  'echo-reply': 129,
  'mld-listener-query': 130,
  'mld-listener-report': 131,
  'mld-listener-done': 132,
  'nd-router-solicit': 133,
  'nd-router-advert': 134,
  'nd-neighbor-solicit': 135,
  'nd-neighbor-advert': 136,
  'nd-redirect': 137,
  'mld2-listener-report': 143,
};

export const DATA_TYPES = {
  nf_proto: { id: 2, size: 1, basis: 'network', words: { ipv4: 2, ipv6: 10 } },
  ipv4_addr: { id: 7, size: 4, basis: 'ipv4' },
  ipv6_addr: { id: 8, size: 16, basis: 'ipv6' },
  ether_addr: { id: 9, size: 6, basis: 'ether' },
  ether_type: {
    id: 10,
    size: 2,
    basis: 'network',
    words: { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, vlan: 0x8100 },
  },
  inet_proto: { id: 12, size: 1, basis: 'network', words: L4 },
  inet_service: { id: 13, size: 2, basis: 'network' },
  icmp_type: {
    id: 14,
    size: 1,
    basis: 'network',
    words: {
      'echo-reply': 0,
      'destination-unreachable': 3,
      redirect: 5,
      'echo-request': 8,
      'time-exceeded': 11,
    },
  },
  mark: { id: 19, size: 4, basis: 'host' },
  iface_index: { id: 20, size: 4, basis: 'host' },
  iface_type: { id: 21, size: 2, basis: 'host', words: { ether: 1, loopback: 772 } },
  uid: { id: 24, size: 4, basis: 'host' },
  gid: { id: 25, size: 4, basis: 'host' },
  ct_state: {
    id: 26,
    size: 4,
    basis: 'host',
    bits: true,
    words: { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 },
  },
  ct_dir: { id: 27, size: 1, basis: 'network', words: { original: 0, reply: 1 } },
  ct_status: {
    id: 28,
    size: 4,
    basis: 'host',
    bits: true,
    words: { expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 16, dnat: 32, dying: 512 },
  },
  icmpv6_type: { id: 29, size: 1, basis: 'network', words: ICMPV6 },
  fib_addrtype: {
    id: 38,
    size: 4,
    basis: 'host',
    words: {
      unspec: 0,
      unicast: 1,
      local: 2,
      broadcast: 3,
      anycast: 4,
      multicast: 5,
      blackhole: 6,
      unreachable: 7,
      prohibit: 8,
    },
  },
  ifname: { id: 41, size: 16, basis: 'name' },
  vxlan_vni: { id: 0, size: 3, basis: 'network' },
} as const satisfies Record<string, DataType>;

/** What values are, in the words of nft(8). */
export type DataTypeName = keyof typeof DATA_TYPES;

export const dataType = (name: DataTypeName): DataType => DATA_TYPES[name];

const names = new Map(
  Object.entries(DATA_TYPES)
    .filter(([, { id }]) => id !== 0)
    .map(([name, { id }]) => [id as number, name as DataTypeName]),
);

/** undefined for a type that isol8 has no use for. */
export const dataTypeName = (id: number): DataTypeName | undefined => names.get(id);

/** The bytes of one value. Throws SpecError. */
export function encodeValue(name: DataTypeName, value: Value, field: string): Buffer {
  const type = dataType(name);
  const bytes = Buffer.allocUnsafe(type.size).fill(0);
  const fail = (): never => {
    throw new SpecError(field, `${JSON.stringify(value)} is no ${name}${wordsOf(type)}`);
  };
  switch (type.basis) {
    case 'ipv4':
    case 'ipv6': {
      const family = type.basis === 'ipv4' ? 'inet' : 'inet6';
      if (typeof value !== 'string' || familyOf(value) !== family) return fail();
      return Buffer.from(ipBytes(value));
    }
    case 'ether':
      if (typeof value !== 'string' || !/^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(value)) return fail();
      return Buffer.from(value.replaceAll(':', ''), 'hex');
    case 'name':
      if (typeof value !== 'string' || !isInterfaceName(value)) return fail();
      bytes.write(value);
      return bytes;
    default:
      return writeNumber(type, numberOf(type, value) ?? fail(), bytes, fail);
  }
}

const wordsOf = ({ words, size, basis }: DataType): string => {
  if (words) return `: ${Object.keys(words).join(', ')}, or a number of ${size} bytes`;
  return basis === 'network' || basis === 'host' ? `: a number from 0 to ${2 ** (8 * size) - 1}` : '';
};

function numberOf({ words = {}, bits }: DataType, value: Value): number | undefined {
  if (typeof value === 'number') return value;
  const parts = bits ? value.split(',') : [value];
  if (parts.some((part) => !Object.hasOwn(words, part))) return undefined;
  return parts.reduce((sum, part) => sum | (words[part] ?? 0), 0);
}

function writeNumber(type: DataType, number: number, bytes: Buffer, fail: () => never): Buffer {
  if (!Number.isInteger(number) || number < 0 || number >= 2 ** (8 * type.size)) return fail();
  if (type.basis === 'host') bytes.writeUIntLE(number, 0, type.size);
  else bytes.writeUIntBE(number, 0, type.size);
  return bytes;
}

/** The value of exactly as many bytes as the type has: a word where there is one for it. Throws NetlinkDecodeError. */
export function decodeValue(name: DataTypeName, bytes: Buffer): Value {
  const type = dataType(name);
  if (bytes.length !== type.size) throw new NetlinkDecodeError(`${name} of ${bytes.length} bytes`);
  switch (type.basis) {
    case 'ipv4':
    case 'ipv6':
      return ipText(bytes);
    case 'ether':
      return bytes.toString('hex').replace(/..(?=.)/g, '$&:');
    case 'name':
      return nameOf(bytes);
    default:
      return wordFor(
        type,
        type.basis === 'host' ? bytes.readUIntLE(0, type.size) : bytes.readUIntBE(0, type.size),
      );
  }
}

function nameOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

const wordsByNumber = new Map<DataType, ReadonlyMap<number, string>>(
  Object.values(DATA_TYPES).map((type: DataType) => [
    type,
    new Map(Object.entries(type.words ?? {}).map(([word, number]) => [number, word])),
  ]),
);

function wordFor(type: DataType, number: number): Value {
  const exact = wordsByNumber.get(type)?.get(number);
  if (exact !== undefined || !type.bits || number === 0) return exact ?? number;
  const set = Object.entries(type.words ?? {}).filter(([, bit]) => (number & bit) !== 0);
  const whole = set.reduce((sum, [, bit]) => sum | bit, 0) >>> 0 === number;
  return whole ? set.map(([word]) => word).join(',') : number;
}

/** What the kernel takes for the name of an interface, less what nft(8) could not write. */
export function isInterfaceName(name: string): boolean {
  const size = Buffer.byteLength(name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return size > 0 && size < 16 && name !== '.' && name !== '..' && !/[/:\s"\x00-\x1f\x7f]/.test(name);
}
