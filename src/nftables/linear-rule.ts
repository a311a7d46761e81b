import { SpecError } from '../foundation/errors.js';
import { NFT_CMP } from './constants.js';
import { dataType } from './data-types.js';
import { type Element, type ElementTypes, hasIntervals } from './element.js';
import type { Match } from './expression.js';
import type { Family } from './family.js';
import { Headers } from './headers.js';
import type { KernelExpression } from './kernel-expression.js';
import { isSingle, type Operand, parseOperand, prefixMask, swapped } from './operand.js';
import { registerAt, slotsOf } from './registers.js';
import { type Header, loadOf, type Selector, selectorOf } from './selectors.js';

/** A set or map that only one rule has, which is made together with it. */
export interface AnonymousSet extends ElementTypes {
  readonly id: number;
  readonly elements: readonly Element[];
}

export const ANONYMOUS_SET = '__set%d';
export const ANONYMOUS_MAP = '__map%d';

/** A rule as it grows: what the kernel runs so far, the sets that only it has, and which headers are known to be there. */
export class LinearRule {
  readonly expressions: KernelExpression[] = [];
  readonly sets: AnonymousSet[] = [];
  readonly family: Family;
  readonly headers: Headers;
  readonly #nextId: () => number;

  constructor(family: Family, nextId: () => number) {
    this.family = family;
    this.headers = new Headers(family);
    this.#nextId = nextId;
  }

  push(first: KernelExpression, ...more: KernelExpression[]): void {
    this.expressions.push(first);
    for (const one of more) this.expressions.push(one);
  }

  /** Matches what has to be known before a field of this header is looked at. Throws SpecError where it cannot be there. */
  need(header: Header | undefined): void {
    const before = this.headers.before(header);
    if (before === undefined)
      throw new SpecError('expressions', `there is no ${header} header in these packets`);
    for (const match of before) this.match(match);
  }

  /** Everything from the first register on. What must be matched before goes first: it uses that register too. */
  load(selectors: readonly Selector[]): void {
    for (const selector of selectors) this.need(selectorOf(selector).needs);
    let slot = 0;
    for (const selector of selectors) {
      this.push(loadOf(selector, registerAt(slot)));
      slot += slotsOf(dataType(selectorOf(selector).type).size);
    }
  }

  /** Compares what a packet has, and learns from it which headers are there. */
  match(match: Match): void {
    const { selector, op, value } = match;
    const { type, needs } = selectorOf(selector);
    this.need(needs);
    if (dataType(type).basis === 'name') this.#compareName(selector, op, String(value));
    else this.#compare(match, parseOperand(type, value, selector));
    this.headers.learn(match);
  }

  /** The NUL behind a name is compared with; a pattern goes without it. */
  #compareName(selector: Selector, op: Match['op'], value: string): void {
    const starred = value.endsWith('*');
    const literal = starred && value.endsWith('\\*');
    const name = literal ? `${value.slice(0, -2)}*` : value;
    const data =
      starred && !literal ? Buffer.from(value.slice(0, -1)) : parseOperand('ifname', name, selector).from;
    this.push(loadOf(selector, registerAt(0)), cmp(op, data));
  }

  #compare({ selector, op }: Match, operand: Operand): void {
    const { type } = selectorOf(selector);
    const { bits, size, basis } = dataType(type);
    if (operand.prefix !== undefined) {
      this.#comparePrefix(selector, op, operand, operand.prefix);
      return;
    }
    this.push(loadOf(selector, registerAt(0)));
    if (bits && op === undefined) {
      this.push(bitwise(operand.from), cmp('!=', Buffer.alloc(size)));
      return;
    }
    const ordered = !isSingle(operand) || (op !== undefined && op !== '!=');
    const turned = ordered && basis === 'host';
    if (turned) this.push(TO_NETWORK(size));
    const [from, to] = turned ? [swapped(operand.from), swapped(operand.to)] : [operand.from, operand.to];
    if (isSingle(operand)) this.push(cmp(op, from));
    else if (op === '!=') this.push({ name: 'range', sreg: registerAt(0), op: 1, from, to });
    else this.push(cmp('>=', from), cmp('<=', to));
  }

  #comparePrefix(selector: Selector, op: Match['op'], { from }: Operand, prefix: number): void {
    if (prefix % 8 === 0) {
      const whole = prefix / 8;
      this.push(loadOf(selector, registerAt(0), whole), cmp(op, from.subarray(0, whole)));
    } else {
      this.push(loadOf(selector, registerAt(0)), bitwise(prefixMask(from.length, prefix)), cmp(op, from));
    }
  }

  /** A set by its name, or one that only this rule has, for a lookup by what was loaded. */
  setOf(
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
