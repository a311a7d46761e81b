/** What rules look at, in the words of nft(8), and how the kernel is told to load it. */
import { NFT_CT, NFT_FIB, NFT_FIB_RESULT_ADDRTYPE, NFT_META, NFT_PAYLOAD } from './constants.js';
import type { DataTypeName } from './data-types.js';
import { dataType } from './data-types.js';
import type { KernelExpression } from './kernel-expression.js';

/** A header that must be there: `ip` of addresses, `tcp` of ports. */
export type Header = 'ip' | 'ip6' | 'ether' | 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6';

interface SelectorDefinition {
  readonly type: DataTypeName;
  readonly load:
    | { readonly meta: number }
    | { readonly ct: number }
    | { readonly fib: number }
    | { readonly base: number; readonly offset: number };
  readonly needs?: Header;
}

const network = (type: DataTypeName, offset: number, needs: 'ip' | 'ip6') =>
  ({ type, load: { base: NFT_PAYLOAD.NETWORK, offset }, needs }) as const;
const link = (type: DataTypeName, offset: number) =>
  ({ type, load: { base: NFT_PAYLOAD.LINK, offset }, needs: 'ether' }) as const;
const transport = (type: DataTypeName, offset: number, needs: Header) =>
  ({ type, load: { base: NFT_PAYLOAD.TRANSPORT, offset }, needs }) as const;
const port = (offset: number) =>
  ({ type: 'inet_service', load: { base: NFT_PAYLOAD.TRANSPORT, offset } }) as const;
const meta = <Type extends DataTypeName>(type: Type, key: number) => ({ type, load: { meta: key } }) as const;
const ct = <Type extends DataTypeName>(type: Type, key: number) => ({ type, load: { ct: key } }) as const;
const fib = (flags: number) => ({ type: 'fib_addrtype', load: { fib: flags } }) as const;

export const SELECTORS = {
  iif: meta('iface_index', NFT_META.IIF),
  oif: meta('iface_index', NFT_META.OIF),
  iifname: meta('ifname', NFT_META.IIFNAME),
  oifname: meta('ifname', NFT_META.OIFNAME),
  iiftype: meta('iface_type', NFT_META.IIFTYPE),
  'meta ibrname': meta('ifname', NFT_META.BRI_IIFNAME),
  'meta obrname': meta('ifname', NFT_META.BRI_OIFNAME),
  'meta nfproto': meta('nf_proto', NFT_META.NFPROTO),
  'meta l4proto': meta('inet_proto', NFT_META.L4PROTO),
  'meta protocol': meta('ether_type', NFT_META.PROTOCOL),
  'meta mark': meta('mark', NFT_META.MARK),
  'meta skuid': meta('uid', NFT_META.SKUID),
  'meta skgid': meta('gid', NFT_META.SKGID),
  'ether daddr': link('ether_addr', 0),
  'ether saddr': link('ether_addr', 6),
  'ether type': link('ether_type', 12),
  'ip protocol': network('inet_proto', 9, 'ip'),
  'ip saddr': network('ipv4_addr', 12, 'ip'),
  'ip daddr': network('ipv4_addr', 16, 'ip'),
  'ip6 nexthdr': network('inet_proto', 6, 'ip6'),
  'ip6 saddr': network('ipv6_addr', 8, 'ip6'),
  'ip6 daddr': network('ipv6_addr', 24, 'ip6'),
  'tcp sport': transport('inet_service', 0, 'tcp'),
  'tcp dport': transport('inet_service', 2, 'tcp'),
  'udp sport': transport('inet_service', 0, 'udp'),
  'udp dport': transport('inet_service', 2, 'udp'),
  'sctp sport': transport('inet_service', 0, 'sctp'),
  'sctp dport': transport('inet_service', 2, 'sctp'),
  'th sport': port(0),
  'th dport': port(2),
  /** That of VXLAN behind `udp dport`, in words that need no kernel and nft(8) of 2023 or later, as `vxlan vni` does. */
  '@th,96,24': { type: 'vxlan_vni', load: { base: NFT_PAYLOAD.TRANSPORT, offset: 12 } },
  'icmp type': transport('icmp_type', 0, 'icmp'),
  'icmpv6 type': transport('icmpv6_type', 0, 'icmpv6'),
  'ct state': ct('ct_state', NFT_CT.STATE),
  'ct direction': ct('ct_dir', NFT_CT.DIRECTION),
  'ct status': ct('ct_status', NFT_CT.STATUS),
  'ct mark': ct('mark', NFT_CT.MARK),
  'fib saddr type': fib(NFT_FIB.SADDR),
  'fib daddr type': fib(NFT_FIB.DADDR),
  'fib saddr . iif type': fib(NFT_FIB.SADDR | NFT_FIB.IIF),
  'fib daddr . iif type': fib(NFT_FIB.DADDR | NFT_FIB.IIF),
} as const satisfies Record<string, SelectorDefinition>;

/** What a rule looks at: `ip saddr`, `tcp dport`, `iifname`, `ct state`. */
export type Selector = keyof typeof SELECTORS;

export const selectorOf = (name: Selector): SelectorDefinition => SELECTORS[name];

export const isSelector = (name: string): name is Selector => Object.hasOwn(SELECTORS, name);

/** Loads the whole of it, or its first bytes, into a register. */
export function loadOf(name: Selector, dreg: number, length?: number): KernelExpression {
  const { load, type } = selectorOf(name);
  if ('meta' in load) return { name: 'meta', key: load.meta, dreg };
  if ('ct' in load) return { name: 'ct', key: load.ct, dreg };
  if ('fib' in load) return { name: 'fib', dreg, flags: load.fib, result: NFT_FIB_RESULT_ADDRTYPE };
  return {
    name: 'payload',
    dreg,
    base: load.base,
    offset: load.offset,
    length: length ?? dataType(type).size,
  };
}

/** What a load may be of: several where only the header before them says which, as with ports. */
export function selectorsOf(load: KernelExpression): Selector[] {
  const found: Selector[] = [];
  for (const name of Object.keys(SELECTORS) as Selector[]) if (loads(name, load)) found.push(name);
  return found;
}

function loads(name: Selector, found: KernelExpression): boolean {
  const { load, type } = selectorOf(name);
  switch (found.name) {
    case 'meta':
      return 'meta' in load && load.meta === found.key;
    case 'ct':
      return 'ct' in load && load.ct === found.key && found.direction === undefined;
    case 'fib':
      return 'fib' in load && load.fib === found.flags && found.result === NFT_FIB_RESULT_ADDRTYPE;
    case 'payload':
      return (
        'base' in load &&
        load.base === found.base &&
        load.offset === found.offset &&
        fits(type, found.length ?? 0)
      );
    default:
      return false;
  }
}

/** Only of an address may a part be loaded: the whole bytes of its prefix. */
function fits(type: DataTypeName, length: number): boolean {
  const { size, basis } = dataType(type);
  return length === size || ((basis === 'ipv4' || basis === 'ipv6') && length > 0 && length < size);
}
