import type { Reading, SetContents, Words } from './delinearize.js';
import type { Expression, VerdictMap } from './expression.js';
import type { KernelExpression, KernelExpressionOf } from './kernel-expression.js';
import { readLoads } from './read-load.js';
import { slotOf, VERDICT_REGISTER } from './registers.js';
import type { Selector } from './selectors.js';

/** What is looked up in a set or a map of verdicts, or added to a set. */
export function readWithSet(expressions: readonly KernelExpression[], reading: Reading): Words | undefined {
  const selectors = readLoads(expressions, reading.headers).map(({ selector }) => selector);
  const last = expressions[selectors.length];
  if (selectors.length === 0 || last === undefined) return undefined;
  const expression = readLast(last, selectors, reading);
  return expression && { used: selectors.length + 1, expressions: [expression], selectors };
}

function readLast(last: KernelExpression, selectors: Selector[], reading: Reading): Expression | undefined {
  if (last.name === 'dynset') return readUpdate(last, selectors);
  if (last.name !== 'lookup' || slotOf(last.sreg ?? 0) !== 0) return undefined;
  const { dreg, flags = 0 } = last;
  const found = setOf(last, reading);
  if (found === undefined || flags > 1) return undefined;
  if (dreg === VERDICT_REGISTER) {
    if (flags !== 0 || (found.contents && found.contents.data !== 'verdict')) return undefined;
    return {
      kind: 'vmap',
      selectors,
      map: found.contents ? (found.contents.elements as VerdictMap['map']) : found.name,
    };
  }
  if (dreg !== undefined) return undefined;
  const set = found.contents ? found.contents.elements.map(({ key }) => key) : found.name;
  return { kind: 'lookup', selectors, set, ...(flags === 1 ? { invert: true } : {}) };
}

/** A set by its name, or with what is in it where it is anonymous; undefined when such a one cannot be found. */
export function setOf(
  { set: name }: KernelExpressionOf<'lookup'>,
  { findSet }: Reading,
): { name: string; contents?: SetContents } | undefined {
  if (name === undefined) return undefined;
  const contents = findSet(name);
  if (contents?.anonymous) return { name, contents };
  return name.startsWith('__') ? undefined : { name };
}

function readUpdate(last: KernelExpressionOf<'dynset'>, selectors: Selector[]): Expression | undefined {
  const { key, data, op, timeout = 0n, set, flags = 0 } = last;
  if (slotOf(key ?? 0) !== 0 || data !== undefined || flags !== 0 || set === undefined) return undefined;
  if (op !== 0 && op !== 1) return undefined;
  const time = timeout === 0n ? {} : { timeout: Number(timeout) };
  return { kind: op === 0 ? 'add' : 'update', selectors, set, ...time };
}
