/**
 * Rules of iptables-nft(8), which are nf_tables' but for two things: names of interfaces have no padding, and the targets that
 * translate addresses are structs of linux/netfilter/nf_nat.h in an expression of their own.
 */
import { ipText } from '../../foundation/ip.js';
import { Attributes } from '../../netlink/attributes.js';
import type { Expression, NatTarget, UnknownExpression } from '../../nftables/expression.js';
import { match } from '../../nftables/expressions.js';

/** Attributes of the kernel's expressions: NFTA_*_ of linux/netfilter/nf_tables.h. */
const META = { KEY: 2, IIFNAME: 6, OIFNAME: 7 } as const;
const CMP = { OP: 2, DATA: 3, NOT_EQUAL: 1, VALUE: 1 } as const;
const TARGET = { NAME: 1, INFO: 3 } as const;
/** NF_NAT_RANGE_* */
const RANGE = { ADDRESSES: 1, PORTS: 2 } as const;
/** The size of struct nf_nat_range, which has room for IPv6; the older one for IPv4 alone is smaller. */
const LARGE_RANGE = 40;

/** The same with what can be told in words of what was unknown. */
export function asWords(expressions: readonly Expression[]): Expression[] {
  const words: Expression[] = [];
  for (let at = 0; at < expressions.length; at++) {
    const [one, next] = [expressions[at] as Expression, expressions[at + 1]];
    const name =
      isUnknown(one, 'meta') && next && isUnknown(next, 'cmp') ? interfaceName(one, next) : undefined;
    if (name !== undefined) at++;
    words.push(name ?? (isUnknown(one, 'target') ? (target(one) ?? one) : one));
  }
  return words;
}

const isUnknown = (one: Expression, name: string): one is UnknownExpression =>
  one.kind === 'unknown' && one.name === name;

const attributesOf = ({ data }: UnknownExpression): Attributes => new Attributes(Buffer.from(data, 'hex'));

/** `iifname != br0`; `br+` of iptables-nft has no NUL behind it. */
function interfaceName(meta: UnknownExpression, compared: UnknownExpression): Expression | undefined {
  const key = attributesOf(meta).be32(META.KEY);
  const cmp = attributesOf(compared);
  const bytes = cmp.nest(CMP.DATA)?.bytes(CMP.VALUE);
  if ((key !== META.IIFNAME && key !== META.OIFNAME) || bytes === undefined || bytes.length === 0)
    return undefined;
  const text = bytes.toString('utf8');
  const name = text.endsWith('\0') ? text.replace(/\0+$/, '') : `${text}*`;
  const selector = key === META.IIFNAME ? 'iifname' : 'oifname';
  try {
    return cmp.be32(CMP.OP) === CMP.NOT_EQUAL ? match(selector, '!=', name) : match(selector, name);
  } catch {
    return undefined; // no name that a rule could have been given
  }
}

function target(expression: UnknownExpression): Expression | undefined {
  const attributes = attributesOf(expression);
  const to = rangeOf(attributes.bytes(TARGET.INFO));
  if (to === undefined) return undefined;
  const { port } = to;
  switch (attributes.text(TARGET.NAME)) {
    case 'MASQUERADE':
      return { kind: 'masquerade', ...(port === undefined ? {} : { port }) };
    case 'REDIRECT':
      return { kind: 'redirect', ...(port === undefined ? {} : { port }) };
    case 'DNAT':
      return { kind: 'dnat', to };
    case 'SNAT':
      return { kind: 'snat', to };
    default:
      return undefined;
  }
}

/** struct nf_nat_range2, nf_nat_range or nf_nat_ipv4_multi_range_compat. */
function rangeOf(info: Buffer | undefined): NatTarget | undefined {
  if (info === undefined || info.length < 20) return undefined;
  const isLarge = info.length >= LARGE_RANGE;
  const flags = info.readUInt32LE(isLarge ? 0 : 4);
  const addresses = isLarge ? 4 : 8;
  const room = isLarge ? 16 : 4;
  const ports = addresses + 2 * room;
  const address = (at: number): string => {
    const isV4 = !isLarge || info.subarray(at + 4, at + 16).every((byte) => byte === 0);
    return ipText(info.subarray(at, at + (isV4 ? 4 : 16)));
  };
  const span = (first: string | number, last: string | number) =>
    first === last ? first : `${first}-${last}`;
  return {
    ...(flags & RANGE.ADDRESSES
      ? { address: String(span(address(addresses), address(addresses + room))) }
      : {}),
    ...(flags & RANGE.PORTS ? { port: span(info.readUInt16BE(ports), info.readUInt16BE(ports + 2)) } : {}),
  };
}
