/** Translation of addresses: the kernel takes each address and port from a register of its own. */
import { SpecError } from '../foundation/errors.js';
import { NF_NAT_RANGE, NFT_NAT } from './constants.js';
import { dataType } from './data-types.js';
import {
  NAT_FLAGS,
  type Nat,
  type NatFlag,
  type NatMap,
  type NatTarget,
  type NatToSelf,
} from './expression.js';
import { NFPROTO } from './family.js';
import type { LinearRule } from './linear-rule.js';
import { isSingle, type Operand, parseOperand } from './operand.js';
import { registerAt, slotsOf } from './registers.js';

export function linearizeNat(rule: LinearRule, { kind, to, flags }: Nat): void {
  const type = kind === 'snat' ? NFT_NAT.SNAT : NFT_NAT.DNAT;
  const registers = 'map' in to ? natMap(rule, to) : natTarget(rule, to);
  rule.push({
    name: 'nat',
    type,
    ...registers,
    ...rangeFlags(flags, 'portMin' in registers && !('map' in to)),
  });
}

function natMap(
  rule: LinearRule,
  { selectors, map, gives }: NatMap,
): { family: number; addressMin: number; portMin?: number } {
  const [address, port] = gives;
  const data = port === undefined ? [address] : [address, port];
  rule.load(selectors);
  rule.push({
    name: 'lookup',
    sreg: registerAt(0),
    dreg: registerAt(0),
    ...rule.setOf(selectors, map, data),
  });
  const portMin = registerAt(slotsOf(dataType(address).size));
  const family = natFamily(rule, address === 'ipv4_addr' ? 'ip' : 'ip6');
  return { family, addressMin: registerAt(0), ...(port === undefined ? {} : { portMin }) };
}

function natFamily(rule: LinearRule, family: 'ip' | 'ip6'): number {
  if (rule.family !== 'inet' && rule.family !== family)
    throw new SpecError('expressions', `an ${family} address in a table of the family ${rule.family}`);
  return NFPROTO[family];
}

/** Each number in a register of 16 bytes. */
function natTarget(rule: LinearRule, { address, port }: NatTarget) {
  const type = address?.includes(':') ? 'ipv6_addr' : 'ipv4_addr';
  const family =
    address === undefined ? NFPROTO[rule.family] : natFamily(rule, type === 'ipv4_addr' ? 'ip' : 'ip6');
  const addresses = address === undefined ? undefined : parseOperand(type, address, 'address');
  const [addressMin, addressMax, used] = immediates(rule, addresses, 0);
  const [portMin, portMax] = ports(rule, port, used);
  return { family, addressMin, addressMax, ...(portMin === undefined ? {} : { portMin, portMax }) };
}

function ports(
  rule: LinearRule,
  port: number | string | undefined,
  used: number,
): [number | undefined, number | undefined, number] {
  return immediates(rule, port === undefined ? undefined : parseOperand('inet_service', port, 'port'), used);
}

function immediates(
  rule: LinearRule,
  operand: Operand | undefined,
  used: number,
): [number | undefined, number | undefined, number] {
  if (operand === undefined) return [undefined, undefined, used];
  const registers = (isSingle(operand) ? [operand.from] : [operand.from, operand.to]).map((data, i) => {
    const dreg = registerAt(4 * (used + i));
    rule.push({ name: 'immediate', dreg, data });
    return dreg;
  });
  return [registers[0], registers[1], used + registers.length];
}

export function linearizeNatToSelf(rule: LinearRule, { kind, port, flags }: NatToSelf): void {
  const [portMin, portMax] = ports(rule, port, 0);
  const name = kind === 'masquerade' ? 'masq' : 'redir';
  rule.push({ name, portMin, portMax, ...rangeFlags(flags, port !== undefined) });
}

function rangeFlags(flags: readonly NatFlag[] = [], ports: boolean): { flags?: number } {
  const sum = flags.reduce((bits, flag) => bits | NAT_FLAGS[flag], ports ? NF_NAT_RANGE.PROTO_SPECIFIED : 0);
  return sum === 0 ? {} : { flags: sum };
}
