/** From what the kernel runs back to the words of nft(8). What makes no sense in them stays as it is: an unknown expression. */
import type { DataTypeName } from './data-types.js';
import type { Element } from './element.js';
import type { Expression, Match } from './expression.js';
import type { Family } from './family.js';
import { Headers } from './headers.js';
import { asUnknown, type KernelExpression } from './kernel-expression.js';
import { readMatch } from './read-match.js';
import { readNat } from './read-nat.js';
import { readSimple } from './read-simple.js';
import { readWithSet } from './read-with-set.js';
import { type Selector, selectorOf } from './selectors.js';

/** A set of a table, as far as rules that use it need it: what an anonymous one holds, and what a map gives. */
export interface SetContents {
  readonly anonymous: boolean;
  readonly data?: readonly DataTypeName[] | 'verdict';
  readonly elements: readonly Element[];
}

/** What a reader of one kind of words is given. */
export interface Reading {
  readonly family: Family;
  readonly headers: Headers;
  readonly findSet: (name: string) => SetContents | undefined;
}

/** What a reader has made of the first `used` of the expressions it was given. */
export interface Words {
  readonly used: number;
  readonly expressions: readonly Expression[];
  /** What was looked at, before which its header is matched. */
  readonly selectors: readonly Selector[];
}

const READERS = [readMatch, readWithSet, readNat, readSimple];

/** What a rule of this family says. Anything of the kernel's is either put into words or kept unknown. */
export function delinearize(
  family: Family,
  expressions: readonly KernelExpression[],
  findSet: Reading['findSet'],
): Expression[] {
  const rule = new Rule(family);
  for (let at = 0; at < expressions.length; ) {
    const rest = expressions.slice(at);
    const reading = { family, headers: rule.headers, findSet };
    const words = firstOf(READERS, (read) => read(rest, reading)) ?? keepFirst(rest);
    rule.add(words);
    at += words.used;
  }
  return rule.expressions;
}

function firstOf<Reader, Result>(readers: readonly Reader[], read: (reader: Reader) => Result | undefined) {
  for (const reader of readers) {
    const result = read(reader);
    if (result !== undefined) return result;
  }
  return undefined;
}

function keepFirst([first]: readonly KernelExpression[]): Words {
  const { kernelName, bytes } = asUnknown(first as KernelExpression);
  const unknown = { kind: 'unknown', name: kernelName, data: bytes.toString('hex') } as const;
  return { used: 1, expressions: [unknown], selectors: [] };
}

class Rule {
  readonly expressions: Expression[] = [];
  readonly headers: Headers;
  /** The matches at the end of the rule that taught something about headers, with what was known before each. */
  #teaching: { before: Headers; match: Match }[] = [];

  constructor(family: Family) {
    this.headers = new Headers(family);
  }

  add({ expressions, selectors }: Words): void {
    this.#leaveImplied(selectors);
    for (const expression of expressions) {
      this.expressions.push(expression);
      const before = this.headers.copy();
      const taught = this.headers.learn(expression);
      if (taught && expression.kind === 'match') this.#teaching.push({ before, match: expression });
      else this.#teaching = [];
    }
  }

  /** Takes back the matches at the end that a rule has before it looks at these, without saying so. */
  #leaveImplied(selectors: readonly Selector[]): void {
    for (const [i, { before }] of this.#teaching.entries()) {
      const implied = impliedBy(selectors, before.copy());
      const last = this.#teaching.slice(i).map(({ match }) => match);
      if (implied.length !== last.length || !implied.every((match, j) => isSame(match, last[j]))) continue;
      this.expressions.length -= last.length;
      this.#teaching.length = i;
      return;
    }
  }
}

function impliedBy(selectors: readonly Selector[], headers: Headers): Match[] {
  return selectors.flatMap((selector) => {
    const { needs } = selectorOf(selector);
    const matches = headers.before(needs) ?? [];
    for (const match of matches) headers.learn(match);
    return matches;
  });
}

const isSame = (a: Match, b: Match | undefined): boolean =>
  a.selector === b?.selector && a.op === b.op && a.value === b.value;
