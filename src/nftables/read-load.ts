/** Reads what is loaded into registers, at the beginning of a part of a rule. */
import { NFT_META } from './constants.js';
import { dataType } from './data-types.js';
import type { Headers } from './headers.js';
import type { KernelExpression } from './kernel-expression.js';
import { slotOf, slotsOf } from './registers.js';
import { type Selector, selectorOf, selectorsOf } from './selectors.js';

/** What one expression loads, where it loads a selector, or the first bytes of one. */
export interface Loaded {
  readonly selector: Selector;
  readonly slot: number;
  /** In bytes. */
  readonly size: number;
}

/** Undefined for what is no load, or of something without a word, or of a header that may not be there. */
export function readLoad(expression: KernelExpression | undefined, headers: Headers): Loaded | undefined {
  if (expression === undefined || !('dreg' in expression) || 'sreg' in expression) return undefined;
  const slot = slotOf(expression.dreg ?? 0);
  if (slot === undefined) return undefined;
  const selector = choose(selectorsOf(expression), headers);
  if (selector === undefined) return undefined;
  const whole = dataType(selectorOf(selector).type).size;
  return { selector, slot, size: expression.name === 'payload' ? (expression.length ?? 0) : whole };
}

/** The one whose header is known to be there, else the one that takes any. */
function choose(selectors: readonly Selector[], headers: Headers): Selector | undefined {
  const there = selectors.filter((selector) => headers.has(selectorOf(selector).needs));
  return there.find((selector) => selectorOf(selector).needs !== undefined) ?? there[0];
}

/** Whole selectors from the first register on, without a gap: all loads at the beginning. */
export function readLoads(expressions: readonly KernelExpression[], headers: Headers): Loaded[] {
  const all: Loaded[] = [];
  let next = 0;
  for (const expression of expressions) {
    const loaded = readLoad(expression, headers);
    if (loaded === undefined || loaded.slot !== next || !isWhole(loaded)) return all;
    all.push(loaded);
    next += slotsOf(loaded.size);
  }
  return all;
}

export const isWhole = ({ selector, size }: Loaded): boolean =>
  size === dataType(selectorOf(selector).type).size;

/** The mark that an expression writes from the first register. */
export function markWritten(expression: KernelExpression | undefined): 'meta mark' | 'ct mark' | undefined {
  if (expression?.name !== 'meta' && expression?.name !== 'ct') return undefined;
  if (slotOf(expression.sreg ?? 0) !== 0 || expression.dreg !== undefined) return undefined;
  if (expression.key !== NFT_META.MARK) return undefined; // the same number in both
  return expression.name === 'meta' ? 'meta mark' : 'ct mark';
}
