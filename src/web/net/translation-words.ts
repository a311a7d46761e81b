/** Address translation of nf_tables in words: published ports as `tcp 8080 → 10.0.0.2:80`, the rest as nft(8) has it. */
import { SpecError } from '../../foundation/errors.js';
import type { Element, Key } from '../../nftables/element.js';
import type { Expression, Nat, NatMap, NatTarget, NatToSelf } from '../../nftables/expression.js';
import type { TableName } from '../../nftables/family.js';
import type { ListedRule } from '../../nftables/read-ruleset.js';
import type { Selector } from '../../nftables/selectors.js';
import { ruleText } from '../../nftables/text.js';
import { asWords } from './xtables.js';

/** The elements of a map of a table by its name; undefined where they cannot be read. */
export type MapReader = (map: string) => readonly Element[] | undefined;

/** What a rule looks at before it translates: who, and the rest in nft's words. */
interface Condition {
  protocol?: string;
  address?: string;
  port?: string;
  readonly rest: string[];
}

const KINDS: readonly string[] = ['snat', 'dnat', 'masquerade', 'redirect'];

const translates = (expression: Expression): expression is Nat | NatToSelf => KINDS.includes(expression.kind);

/** The names of the maps that rules take their targets from. */
export function mapsOf(rules: readonly ListedRule[]): string[] {
  const targets = rules.flatMap(({ expressions }) => expressions.filter((one) => 'to' in one));
  return [
    ...new Set(targets.flatMap(({ to }) => ('map' in to && typeof to.map === 'string' ? [to.map] : []))),
  ];
}

/** A line for each translation, and for each port that a map publishes. */
export function translationWords(rules: readonly ListedRule[], elements: MapReader): string[] {
  return [...new Set(rules.flatMap((rule) => wordsOf(rule, elements)))];
}

function wordsOf({ table, expressions }: ListedRule, elements: MapReader): string[] {
  const known = asWords(expressions);
  const at = known.findIndex(translates);
  const translation = known[at];
  if (translation === undefined || !translates(translation)) return [];
  const before = known.slice(0, at);
  if (isForAnswers(before)) return [];
  const condition = conditionOf(before, table);
  if (isToSelf(translation)) return selfWords(translation, condition);
  const { kind, to } = translation;
  if ('map' in to) return mapWords(to, condition, elements);
  if (kind === 'dnat') return [arrow(condition, targetText(to))];
  return [`snat ${[...whole(condition), '→', targetText(to)].join(' ')}`];
}

const isToSelf = (one: Nat | NatToSelf): one is NatToSelf =>
  one.kind === 'masquerade' || one.kind === 'redirect';

function selfWords({ kind, port }: NatToSelf, condition: Condition): string[] {
  if (kind === 'masquerade') return [['masquerade', ...whole(condition)].join(' ')];
  return [arrow(condition, `this host${port === undefined ? '' : `:${port}`}`)];
}

/** Rules that only have the answers come back the same way, as those of a network of isol8 to its own ports. */
function isForAnswers(conditions: readonly Expression[]): boolean {
  return conditions.some(
    (one) =>
      one.kind === 'match' &&
      one.op === undefined &&
      (one.selector === 'ct status' || (one.selector === 'ip saddr' && one.value === '127.0.0.0/8')),
  );
}

/** What every published port is looked up with, and says nothing of this one. */
const USUAL: readonly string[] = ['meta nfproto', 'fib daddr type'];

function conditionOf(expressions: readonly Expression[], table: TableName): Condition {
  const condition: Condition = { rest: [] };
  for (const expression of expressions) {
    if (expression.kind === 'counter') continue;
    const value = expression.kind === 'match' && expression.op === undefined ? expression.value : undefined;
    const selector = expression.kind === 'match' ? expression.selector : undefined;
    if (selector !== undefined && USUAL.includes(selector)) continue;
    if (value === undefined || !take(condition, selector as Selector, value))
      condition.rest.push(nftWords(expression, table));
  }
  return condition;
}

/** Whether it was one of those that say which port is meant. */
function take(condition: Condition, selector: Selector, value: Key): boolean {
  const [, header, field] = /^(tcp|udp|sctp|th|ip|ip6) (dport|daddr)$/.exec(selector) ?? [];
  if (selector === 'meta l4proto') condition.protocol = String(value);
  else if (field === 'daddr') condition.address = String(value);
  else if (field === 'dport') {
    if (header !== 'th') condition.protocol = header as string;
    condition.port = String(value);
  } else return false;
  return true;
}

function nftWords(expression: Expression, table: TableName): string {
  try {
    return ruleText({ table, expressions: [expression] }).replaceAll('"', '');
  } catch (error) {
    if (error instanceof SpecError && expression.kind === 'unknown') return '…';
    throw error;
  }
}

/** `tcp 203.0.113.1:8080 (iifname != br0) → 10.0.0.2:80` */
function arrow(condition: Condition, target: string): string {
  const { rest } = condition;
  const when = rest.length > 0 ? [`(${rest.join(' ')})`] : [];
  const { protocol, address, port } = condition;
  const place = address === undefined ? (port ?? 'all') : withPort(address, port);
  return [...(protocol === undefined ? [] : [protocol]), place, ...when, '→', target].join(' ');
}

/** All of it as conditions. */
function whole({ protocol, address, port, rest }: Condition): string[] {
  const words = [...rest];
  if (address !== undefined) words.push('to', address);
  if (protocol !== undefined) words.push(protocol);
  if (port !== undefined) words.push(port);
  return words;
}

function mapWords(to: NatMap, condition: Condition, elements: MapReader): string[] {
  const { selectors, map } = to;
  const found = typeof map === 'string' ? elements(map) : map;
  if (found === undefined) return [arrow(condition, `map @${map}`)];
  return found.map(({ key, data }) => {
    const own: Condition = { ...condition, rest: [...condition.rest] };
    const values = listOf(key);
    for (const [i, selector] of selectors.entries()) {
      const value = values[i];
      if (value !== undefined && !take(own, selector, value)) own.rest.push(`${selector} ${value}`);
    }
    const [address, port] = listOf(data as Key).map(String);
    return arrow(own, targetText({ ...(address ? { address } : {}), ...(port ? { port } : {}) }));
  });
}

const listOf = (key: Key) => (Array.isArray(key) ? (key as readonly (string | number)[]) : [key]);

const targetText = ({ address, port }: NatTarget): string =>
  address === undefined ? `:${port}` : withPort(address, port);

/** An IPv6 address before a port stands in brackets. */
function withPort(address: string, port: string | number | undefined): string {
  if (port === undefined) return address;
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
