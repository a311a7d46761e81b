import { NF_NAT_RANGE, NFT_NAT } from './constants.js';
import { type DataTypeName, dataType } from './data-types.js';
import type { Reading, Words } from './delinearize.js';
import { type Expression, NAT_FLAGS, type NatFlag, type NatMap, type NatTarget } from './expression.js';
import { type Family, NFPROTO } from './family.js';
import type { KernelExpression, KernelExpressionOf } from './kernel-expression.js';
import { operandValue } from './operand.js';
import { markWritten, readLoads } from './read-load.js';
import { setOf } from './read-with-set.js';
import { slotOf, slotsOf } from './registers.js';

/** What addresses and ports, or a mark, are rewritten to: numbers of the rule itself, or from a map. */
export function readNat(expressions: readonly KernelExpression[], reading: Reading): Words | undefined {
  return readNatMap(expressions, reading) ?? readNatNumbers(expressions, reading.family);
}

/** Everything from registers of 16 bytes, in their order, each of which is used. */
function readNatNumbers(expressions: readonly KernelExpression[], family: Family): Words | undefined {
  const numbers: Buffer[] = [];
  for (const expression of expressions) {
    if (expression.name !== 'immediate' || !Buffer.isBuffer(expression.data)) break;
    if (slotOf(expression.dreg ?? 0) !== 4 * numbers.length) return undefined;
    numbers.push(expression.data);
  }
  const made = readLast(expressions[numbers.length], numbers, family);
  return made && { used: numbers.length + 1, expressions: [made], selectors: [] };
}

function readLast(
  last: KernelExpression | undefined,
  numbers: readonly Buffer[],
  family: Family,
): Expression | undefined {
  const taken = new NumbersTaken(numbers);
  const made = expressionOf(last, taken, family);
  return made !== undefined && taken.allRight ? made : undefined;
}

function expressionOf(
  last: KernelExpression | undefined,
  taken: NumbersTaken,
  family: Family,
): Expression | undefined {
  const mark = markWritten(last);
  if (mark !== undefined) {
    const [value] = taken.all();
    return value?.length === 4 ? { kind: 'set mark', mark, value: value.readUInt32LE() } : undefined;
  }
  if (last?.name === 'masq' || last?.name === 'redir') {
    const port = taken.range('inet_service', last.portMin, last.portMax);
    const flags = flagsOf(last.flags);
    const kind = last.name === 'masq' ? 'masquerade' : 'redirect';
    return flags && { kind, ...(port === undefined ? {} : { port }), ...flags };
  }
  return last?.name === 'nat' ? natOf(last, taken, family) : undefined;
}

function natOf(nat: KernelExpressionOf<'nat'>, taken: NumbersTaken, family: Family): Expression | undefined {
  const type = addressType(nat);
  const address = type && taken.range(type, nat.addressMin, nat.addressMax);
  const port = taken.range('inet_service', nat.portMin, nat.portMax);
  if (address === undefined ? nat.family !== NFPROTO[family] : !fitsFamily(nat, family)) return undefined;
  if ((address === undefined) !== (nat.addressMin === undefined)) return undefined;
  if (address === undefined && port === undefined) return undefined;
  const to: NatTarget = {
    ...(address === undefined ? {} : { address: String(address) }),
    ...(port === undefined ? {} : { port }),
  };
  return natExpression(nat, to);
}

function natExpression(nat: KernelExpressionOf<'nat'>, to: NatTarget | NatMap): Expression | undefined {
  const flags = flagsOf(nat.flags);
  if (flags === undefined || (nat.type !== NFT_NAT.SNAT && nat.type !== NFT_NAT.DNAT)) return undefined;
  return { kind: nat.type === NFT_NAT.SNAT ? 'snat' : 'dnat', to, ...flags };
}

function addressType({ family }: KernelExpressionOf<'nat'>): 'ipv4_addr' | 'ipv6_addr' | undefined {
  if (family === NFPROTO.ip) return 'ipv4_addr';
  return family === NFPROTO.ip6 ? 'ipv6_addr' : undefined;
}

const fitsFamily = (nat: KernelExpressionOf<'nat'>, family: Family): boolean =>
  family === 'inet' || nat.family === NFPROTO[family];

/** Without the flags that only say what there is. */
function flagsOf(flags = 0): { flags?: NatFlag[] } | undefined {
  const names = (Object.keys(NAT_FLAGS) as NatFlag[]).filter((name) => (flags & NAT_FLAGS[name]) !== 0);
  const known = names.reduce(
    (sum, name) => sum | NAT_FLAGS[name],
    NF_NAT_RANGE.MAP_IPS | NF_NAT_RANGE.PROTO_SPECIFIED,
  );
  if ((flags & ~known) !== 0) return undefined;
  return names.length > 0 ? { flags: names } : {};
}

/** The numbers in registers, which something behind them takes in their order. */
class NumbersTaken {
  readonly #numbers: readonly Buffer[];
  #next = 0;
  #wrong = false;

  constructor(numbers: readonly Buffer[]) {
    this.#numbers = numbers;
  }

  get allRight(): boolean {
    return !this.#wrong && this.#next === this.#numbers.length;
  }

  all(): readonly Buffer[] {
    this.#next = this.#numbers.length;
    this.#wrong ||= this.#next !== 1;
    return this.#numbers;
  }

  range(type: DataTypeName, min: number | undefined, max: number | undefined): string | number | undefined {
    if (min === undefined) {
      this.#wrong ||= max !== undefined;
      return undefined;
    }
    const from = this.#take(type, min);
    // The kernel gives the first again as the last where there is only one.
    const to = max === undefined || max === min ? from : this.#take(type, max);
    if (from === undefined || to === undefined) return undefined;
    this.#wrong ||= to !== from && Buffer.compare(from, to) >= 0;
    return operandValue(type, { from, to }, false);
  }

  #take(type: DataTypeName, register: number): Buffer | undefined {
    const number = slotOf(register) === 4 * this.#next ? this.#numbers[this.#next] : undefined;
    this.#next++;
    if (number?.length === dataType(type).size) return number;
    this.#wrong = true;
    return undefined;
  }
}

/** `dnat to tcp dport map @published` */
function readNatMap(expressions: readonly KernelExpression[], reading: Reading): Words | undefined {
  const selectors = readLoads(expressions, reading.headers).map(({ selector }) => selector);
  const [lookup, nat] = expressions.slice(selectors.length);
  if (selectors.length === 0 || lookup?.name !== 'lookup' || nat?.name !== 'nat') return undefined;
  const { sreg, dreg, flags = 0 } = lookup;
  const found = setOf(lookup, reading);
  const gives = givenBy(nat, reading.family);
  const plain = slotOf(sreg ?? 0) === 0 && slotOf(dreg ?? 0) === 0 && flags === 0;
  if (!plain || found === undefined || gives === undefined) return undefined;
  const { contents } = found;
  if (contents && contents.data?.toString() !== gives.toString()) return undefined;
  const made = natExpression(nat, { selectors, map: contents ? contents.elements : found.name, gives });
  return made && { used: selectors.length + 2, expressions: [made], selectors };
}

/** The address is in the first register, the port behind it. */
function givenBy(nat: KernelExpressionOf<'nat'>, family: Family): NatMap['gives'] | undefined {
  const { addressMin, addressMax = addressMin, portMin, portMax = portMin } = nat;
  const type = addressType(nat);
  if (type === undefined || !fitsFamily(nat, family)) return undefined;
  if (slotOf(addressMin ?? 0) !== 0 || addressMax !== addressMin || portMax !== portMin) return undefined;
  if (portMin === undefined) return [type];
  return slotOf(portMin) === slotsOf(dataType(type).size) ? [type, 'inet_service'] : undefined;
}
