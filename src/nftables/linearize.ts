/** From the words of nft(8) to what the kernel runs: which register holds what, and what must be matched first. */
import { SpecError } from '../foundation/errors.js';
import { NF_NAT_RANGE, NFT_CMP, NFT_CT, NFT_META, NFT_NAT } from './constants.js';
import { dataType, encodeValue } from './data-types.js';
import { type Element, type ElementTypes, hasIntervals } from './element.js';
import {
  type Counter,
  type Expression,
  LIMIT_UNITS,
  LOG_LEVELS,
  type Log,
  type Match,
  NAT_FLAGS,
  type Nat,
  type NatFlag,
  type NatMap,
  type NatTarget,
  type NatToSelf,
  REJECT_REASONS,
  type Reject,
  type RejectReason,
} from './expression.js';
import { type Family, NFPROTO } from './family.js';
import { Headers } from './headers.js';
import type { KernelExpression } from './kernel-expression.js';
import { isSingle, type Operand, parseOperand, prefixMask, swapped } from './operand.js';
import { registerAt, slotsOf, VERDICT_REGISTER } from './registers.js';
import { type Header, loadOf, type Selector, selectorOf } from './selectors.js';

/** A set or map that only one rule has, which is made together with it. */
export interface AnonymousSet extends ElementTypes {
  readonly id: number;
  readonly elements: readonly Element[];
}

export interface LinearRule {
  readonly expressions: readonly KernelExpression[];
  readonly sets: readonly AnonymousSet[];
}

export const ANONYMOUS_SET = '__set%d';
export const ANONYMOUS_MAP = '__map%d';

/**
 * The kernel's expressions for those of a rule, and its anonymous sets, numbered by `nextId`. Throws SpecError for what a rule
 * of this family cannot have.
 */
export function linearize(family: Family, rule: readonly Expression[], nextId: () => number): LinearRule {
  const linearizer = new Linearizer(family, nextId);
  for (const expression of rule) linearizer.add(expression);
  return { expressions: linearizer.expressions, sets: linearizer.sets };
}

class Linearizer {
  readonly expressions: KernelExpression[] = [];
  readonly sets: AnonymousSet[] = [];
  readonly #family: Family;
  readonly #headers: Headers;
  readonly #nextId: () => number;

  constructor(family: Family, nextId: () => number) {
    this.#family = family;
    this.#headers = new Headers(family);
    this.#nextId = nextId;
  }

  add(expression: Expression): void {
    switch (expression.kind) {
      case 'match':
        this.#match(expression);
        break;
      case 'lookup': {
        const { selectors, set, invert } = expression;
        const elements = typeof set === 'string' ? set : set.map((key) => ({ key }));
        this.#load(selectors);
        const flags = invert ? { flags: 1 } : {};
        this.#push({ name: 'lookup', sreg: registerAt(0), ...this.#setOf(selectors, elements), ...flags });
        break;
      }
      case 'vmap': {
        const { selectors, map } = expression;
        this.#load(selectors);
        const set = this.#setOf(selectors, map, 'verdict');
        this.#push({ name: 'lookup', sreg: registerAt(0), dreg: VERDICT_REGISTER, ...set });
        break;
      }
      case 'snat':
      case 'dnat':
        this.#nat(expression);
        break;
      case 'masquerade':
      case 'redirect':
        this.#natToSelf(expression);
        break;
      case 'add':
      case 'update': {
        this.#load(expression.selectors);
        const { set, timeout, kind } = expression;
        const time = timeout === undefined ? {} : { timeout: BigInt(timeout) };
        this.#push({ name: 'dynset', key: registerAt(0), op: kind === 'add' ? 0 : 1, ...time, set });
        break;
      }
      case 'set mark': {
        this.#push({
          name: 'immediate',
          dreg: registerAt(0),
          data: encodeValue('mark', expression.value, 'value'),
        });
        const sreg = registerAt(0);
        if (expression.mark === 'meta mark') this.#push({ name: 'meta', key: NFT_META.MARK, sreg });
        else this.#push({ name: 'ct', key: NFT_CT.MARK, sreg });
        break;
      }
      case 'reject':
        this.#reject(expression);
        break;
      default:
        this.#push(simple(expression));
    }
  }

  #push(first: KernelExpression, ...more: KernelExpression[]): void {
    this.expressions.push(first);
    for (const one of more) this.expressions.push(one);
  }

  #need(header: Header | undefined): void {
    const before = this.#headers.before(header);
    if (before === undefined)
      throw new SpecError('expressions', `there is no ${header} header in these packets`);
    for (const match of before) this.#match(match);
  }

  /** Everything from the first register on. What must be matched before goes first: it uses that register too. */
  #load(selectors: readonly Selector[]): void {
    for (const selector of selectors) this.#need(selectorOf(selector).needs);
    let slot = 0;
    for (const selector of selectors) {
      this.#push(loadOf(selector, registerAt(slot)));
      slot += slotsOf(dataType(selectorOf(selector).type).size);
    }
  }

  #match(match: Match): void {
    const { selector, op, value } = match;
    const { type, needs } = selectorOf(selector);
    this.#need(needs);
    if (dataType(type).basis === 'name') this.#compareName(selector, op, String(value));
    else this.#compare(match, parseOperand(type, value, selector));
    this.#headers.learn(match);
  }

  /** The NUL behind a name is compared with; a pattern goes without it. */
  #compareName(selector: Selector, op: Match['op'], value: string): void {
    const starred = value.endsWith('*');
    const literal = starred && value.endsWith('\\*');
    const name = literal ? `${value.slice(0, -2)}*` : value;
    const data =
      starred && !literal ? Buffer.from(value.slice(0, -1)) : parseOperand('ifname', name, selector).from;
    this.#push(loadOf(selector, registerAt(0)), cmp(op, data));
  }

  #compare({ selector, op }: Match, operand: Operand): void {
    const { type } = selectorOf(selector);
    const { bits, size, basis } = dataType(type);
    if (operand.prefix !== undefined) {
      this.#comparePrefix(selector, op, operand, operand.prefix);
      return;
    }
    this.#push(loadOf(selector, registerAt(0)));
    if (bits && op === undefined) {
      this.#push(bitwise(operand.from), cmp('!=', Buffer.alloc(size)));
      return;
    }
    const ordered = !isSingle(operand) || (op !== undefined && op !== '!=');
    const turned = ordered && basis === 'host';
    if (turned) this.#push(TO_NETWORK(size));
    const [from, to] = turned ? [swapped(operand.from), swapped(operand.to)] : [operand.from, operand.to];
    if (isSingle(operand)) this.#push(cmp(op, from));
    else if (op === '!=') this.#push({ name: 'range', sreg: registerAt(0), op: 1, from, to });
    else this.#push(cmp('>=', from), cmp('<=', to));
  }

  #comparePrefix(selector: Selector, op: Match['op'], { from }: Operand, prefix: number): void {
    if (prefix % 8 === 0) {
      const whole = prefix / 8;
      this.#push(loadOf(selector, registerAt(0), whole), cmp(op, from.subarray(0, whole)));
    } else {
      this.#push(loadOf(selector, registerAt(0)), bitwise(prefixMask(from.length, prefix)), cmp(op, from));
    }
  }

  #setOf(
    selectors: readonly Selector[],
    set: string | readonly Element[],
    data?: ElementTypes['data'],
  ): { set: string; setId?: number } {
    if (typeof set === 'string') return { set };
    const types = selectors.map((selector) => selectorOf(selector).type);
    const id = this.#nextId();
    const interval = hasIntervals(
      types,
      set.map(({ key }) => key),
      'set',
    );
    this.sets.push({ id, types, interval, elements: set, ...(data ? { data } : {}) });
    return { set: data ? ANONYMOUS_MAP : ANONYMOUS_SET, setId: id };
  }

  #nat({ kind, to, flags }: Nat): void {
    const type = kind === 'snat' ? NFT_NAT.SNAT : NFT_NAT.DNAT;
    const registers = 'map' in to ? this.#natMap(to) : this.#natTarget(to);
    this.#push({
      name: 'nat',
      type,
      ...registers,
      ...rangeFlags(flags, 'portMin' in registers && !('map' in to)),
    });
  }

  #natMap({ selectors, map, gives }: NatMap): { family: number; addressMin: number; portMin?: number } {
    const [address, port] = gives;
    const data = port === undefined ? [address] : [address, port];
    this.#load(selectors);
    this.#push({
      name: 'lookup',
      sreg: registerAt(0),
      dreg: registerAt(0),
      ...this.#setOf(selectors, map, data),
    });
    const portMin = registerAt(slotsOf(dataType(address).size));
    const family = this.#natFamily(address === 'ipv4_addr' ? 'ip' : 'ip6');
    return { family, addressMin: registerAt(0), ...(port === undefined ? {} : { portMin }) };
  }

  #natFamily(family: 'ip' | 'ip6'): number {
    if (this.#family !== 'inet' && this.#family !== family)
      throw new SpecError('expressions', `an ${family} address in a table of the family ${this.#family}`);
    return NFPROTO[family];
  }

  /** Each number in a register of 16 bytes. */
  #natTarget({ address, port }: NatTarget) {
    const type = address?.includes(':') ? 'ipv6_addr' : 'ipv4_addr';
    const family =
      address === undefined ? NFPROTO[this.#family] : this.#natFamily(type === 'ipv4_addr' ? 'ip' : 'ip6');
    const addresses = address === undefined ? undefined : parseOperand(type, address, 'address');
    const [addressMin, addressMax, used] = this.#immediates(addresses, 0);
    const [portMin, portMax] = this.#ports(port, used);
    return { family, addressMin, addressMax, ...(portMin === undefined ? {} : { portMin, portMax }) };
  }

  #ports(port: number | string | undefined, used: number): [number | undefined, number | undefined, number] {
    return this.#immediates(
      port === undefined ? undefined : parseOperand('inet_service', port, 'port'),
      used,
    );
  }

  #immediates(operand: Operand | undefined, used: number): [number | undefined, number | undefined, number] {
    if (operand === undefined) return [undefined, undefined, used];
    const registers = (isSingle(operand) ? [operand.from] : [operand.from, operand.to]).map((data, i) => {
      const dreg = registerAt(4 * (used + i));
      this.#push({ name: 'immediate', dreg, data });
      return dreg;
    });
    return [registers[0], registers[1], used + registers.length];
  }

  #natToSelf({ kind, port, flags }: NatToSelf): void {
    const [portMin, portMax] = this.#ports(port, 0);
    const name = kind === 'masquerade' ? 'masq' : 'redir';
    this.#push({ name, portMin, portMax, ...rangeFlags(flags, port !== undefined) });
  }

  #reject({ with: reason }: Reject): void {
    const found = reason ?? defaultReason(this.#headers);
    const [word] = found.split(' ');
    if (word === 'tcp') this.#need('tcp');
    if (reason !== undefined && word === 'icmp') this.#need('ip');
    if (reason !== undefined && word === 'icmpv6') this.#need('ip6');
    this.#push({ name: 'reject', ...REJECT_REASONS[found] });
  }
}

/** What the family, or a match before, says about the packets. */
export function defaultReason(headers: Headers): RejectReason {
  if (headers.has('ip')) return 'icmp port-unreachable';
  return headers.has('ip6') ? 'icmpv6 port-unreachable' : 'icmpx port-unreachable';
}

function rangeFlags(flags: readonly NatFlag[] = [], ports: boolean): { flags?: number } {
  const sum = flags.reduce((bits, flag) => bits | NAT_FLAGS[flag], ports ? NF_NAT_RANGE.PROTO_SPECIFIED : 0);
  return sum === 0 ? {} : { flags: sum };
}

const COMPARISONS = {
  '!=': NFT_CMP.NEQ,
  '<': NFT_CMP.LT,
  '<=': NFT_CMP.LTE,
  '>': NFT_CMP.GT,
  '>=': NFT_CMP.GTE,
};

function cmp(op: Match['op'], data: Buffer): KernelExpression {
  return { name: 'cmp', sreg: registerAt(0), op: op === undefined ? NFT_CMP.EQ : COMPARISONS[op], data };
}

function bitwise(mask: Buffer): KernelExpression {
  const register = registerAt(0);
  const length = mask.length;
  return { name: 'bitwise', sreg: register, dreg: register, length, mask, xor: Buffer.alloc(length) };
}

const TO_NETWORK = (size: number): KernelExpression => {
  return { name: 'byteorder', sreg: registerAt(0), dreg: registerAt(0), op: 1, length: size, size };
};

/** What needs neither a register nor a header. */
function simple(
  expression: Extract<Expression, { kind: 'verdict' | 'counter' | 'limit' | 'log' | 'unknown' }>,
): KernelExpression {
  switch (expression.kind) {
    case 'verdict':
      return { name: 'immediate', dreg: VERDICT_REGISTER, data: { verdict: expression.verdict } };
    case 'counter':
      return linearizeCounter(expression);
    case 'limit': {
      const { rate, per, burst, over } = expression;
      return {
        name: 'limit',
        rate: BigInt(rate),
        unit: LIMIT_UNITS[per],
        burst,
        type: 0,
        flags: over ? 1 : 0,
      };
    }
    case 'log':
      return linearizeLog(expression);
    case 'unknown':
      return { name: 'unknown', kernelName: expression.name, bytes: Buffer.from(expression.data, 'hex') };
  }
}

function linearizeCounter({ packets, bytes }: Counter): KernelExpression {
  return packets === 0n && bytes === 0n ? { name: 'counter' } : { name: 'counter', packets, bytes };
}

function linearizeLog({ prefix, level, group }: Log): KernelExpression {
  const text = prefix === undefined ? {} : { prefix };
  if (group !== undefined) return { name: 'log', ...text, group };
  return { name: 'log', ...text, ...(level === undefined ? {} : { level: LOG_LEVELS.indexOf(level) }) };
}
