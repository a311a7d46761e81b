/** Changes as the commands of nft(8) that a person would type for them: what `nft -f` takes. */
import { SpecError } from '../foundation/errors.js';
import type { Change } from './change.js';
import { type DataTypeName, dataType, encodeValue, type Value } from './data-types.js';
import type { Element, Key, MapData } from './element.js';
import type { Expression, Limit, Log, Nat, NatMap, NatTarget, NatToSelf } from './expression.js';
import type { TableName } from './family.js';
import type { BaseChain, ChainSpec, RuleSpec, SetSpec, TableSpec } from './ruleset.js';
import { type Selector, selectorOf } from './selectors.js';
import { type Verdict, verdictText } from './verdict.js';

/**
 * A command for each change, one a line. The same as {@link NftablesSocket.commit} makes, but for what nft(8) leaves out or
 * puts together by itself: it merges neighbouring intervals.
 *
 * @throws SpecError for an unknown expression, which has no words.
 */
export function rulesetText(changes: readonly Change[]): string {
  return changes.map((change) => `${commandOf(change)}\n`).join('');
}

function commandOf(change: Change): string {
  const { change: what } = change;
  if ('table' in change) return `${what} ${nameOf(change.table)}${flagsOf(change.table)}`;
  if ('chain' in change)
    return `${what} ${nameOf(change.chain.table)} ${change.chain.name}${baseOf(change.chain)}`;
  if ('rule' in change) {
    const { rule } = change;
    const place = `${what} ${nameOf(rule.table)} ${rule.chain}`;
    return 'handle' in rule
      ? `${place} handle ${rule.handle}`
      : `${place}${positionOf(rule)} ${ruleText(rule)}`;
  }
  const name = `${nameOf(change.set.table)} ${change.set.name}`;
  if ('elements' in change) {
    const { set, elements } = change;
    return `${what} ${name} { ${elements.map((element) => elementText(set, element)).join(', ')} }`;
  }
  const { set } = change;
  return 'type' in set
    ? `${what.replace('set', 'map' in set ? 'map' : 'set')} ${name} ${typesOf(set)}`
    : `${what} ${name}`;
}

const nameOf = ({ family, name }: TableName): string => `${family} ${name}`;

const flagsOf = ({ flags = [] }: TableSpec): string =>
  flags.length > 0 ? ` { flags ${flags.join(', ')} ; }` : '';

function baseOf(chain: ChainSpec): string {
  if (!('hook' in chain)) return '';
  const { type, hook, device, priority, policy = 'accept' }: BaseChain = chain;
  const place = device === undefined ? hook : `${hook} device "${device}"`;
  return ` { type ${type} hook ${place} priority ${priority} ; policy ${policy} ; }`;
}

const positionOf = ({ position }: RuleSpec): string =>
  position === undefined ? '' : ` position ${position}`;

/** The expressions of a rule, and its comment, as nft(8) writes them. Throws SpecError for an unknown one. */
export function ruleText(rule: Pick<RuleSpec, 'table' | 'expressions' | 'comment'>): string {
  const { family } = rule.table;
  const words = rule.expressions.map((expression) => expressionText(expression, family));
  if (rule.comment !== undefined) words.push(`comment "${rule.comment}"`);
  return words.join(' ');
}

function typesOf({ type, map, flags = [], timeout, size }: SetSpec): string {
  const list = (types: string | readonly string[]): string => [types].flat().join(' . ');
  const words = [`type ${list(type)}${map === undefined ? '' : ` : ${list(map)}`} ;`];
  if (flags.length > 0) words.push(`flags ${flags.join(',')} ;`);
  if (timeout !== undefined) words.push(`timeout ${timeText(timeout)} ;`);
  if (size !== undefined) words.push(`size ${size} ;`);
  return `{ ${words.join(' ')} }`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** `1h30m` */
function timeText(milliseconds: number): string {
  let rest = milliseconds;
  return UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? `${count}${unit}` : '';
  }).join('');
}

const listOf = <T extends string>(types: T | readonly T[]): readonly T[] =>
  typeof types === 'string' ? [types] : types;

function elementText({ type, map }: Pick<SetSpec, 'type' | 'map'>, element: Element): string {
  const { key, data, timeout, expiration, comment } = element;
  const words = [keyText(listOf(type), key)];
  if (timeout !== undefined) words.push(`timeout ${timeText(timeout)}`);
  if (expiration !== undefined) words.push(`expires ${timeText(expiration)}`);
  if (comment !== undefined) words.push(`comment "${comment}"`);
  if (data !== undefined && map !== undefined) words.push(':', dataText(map, data));
  return words.join(' ');
}

const dataText = (map: NonNullable<SetSpec['map']>, data: MapData): string =>
  map === 'verdict' ? verdictText(data as Verdict) : keyText(listOf(map), data as Key);

function keyText(types: readonly DataTypeName[], key: Key): string {
  const values = Array.isArray(key) ? (key as readonly Value[]) : [key as Value];
  return values.map((value, i) => keyValueText(types[i] as DataTypeName, value)).join(' . ');
}

/** Several bits are one number: a comma goes on to the next key. */
const keyValueText = (type: DataTypeName, value: Value): string =>
  dataType(type).bits && String(value).includes(',')
    ? String(encodeValue(type, value, 'key').readUInt32LE())
    : valueText(type, value);

const valueText = (type: DataTypeName, value: Value): string =>
  dataType(type).basis === 'name' ? `"${value}"` : String(value);

const typesOfAll = (selectors: readonly Selector[]): DataTypeName[] =>
  selectors.map((name) => selectorOf(name).type);

function expressionText(expression: Expression, family: TableName['family']): string {
  switch (expression.kind) {
    case 'match': {
      const { selector, op, value } = expression;
      return [selector, ...(op ? [op] : []), valueText(selectorOf(selector).type, value)].join(' ');
    }
    case 'lookup': {
      const { selectors, set, invert } = expression;
      const keys = typeof set === 'string' ? set : set.map((key) => ({ key }));
      return `${selectors.join(' . ')} ${invert ? '!= ' : ''}${setText(selectors, keys)}`;
    }
    case 'vmap':
      return `${expression.selectors.join(' . ')} vmap ${setText(expression.selectors, expression.map, 'verdict')}`;
    case 'verdict':
      return verdictText(expression.verdict);
    case 'counter': {
      const { packets, bytes } = expression;
      return packets === 0n && bytes === 0n ? 'counter' : `counter packets ${packets} bytes ${bytes}`;
    }
    case 'limit':
      return limitText(expression);
    case 'log':
      return logText(expression);
    case 'reject':
      return expression.with === undefined ? 'reject' : `reject with ${rejectText(expression.with)}`;
    case 'snat':
    case 'dnat':
      return natText(expression, family);
    case 'masquerade':
    case 'redirect':
      return natToSelfText(expression);
    case 'set mark':
      return `${expression.mark} set ${expression.value}`;
    case 'add':
    case 'update': {
      const { kind, set, selectors, timeout } = expression;
      return `${kind} @${set} { ${selectors.join(' . ')}${timeout === undefined ? '' : ` timeout ${timeText(timeout)}`} }`;
    }
    case 'unknown':
      throw new SpecError(
        'expressions',
        `there are no words for the kernel's expression ${expression.name} here`,
      );
  }
}

function setText(
  selectors: readonly Selector[],
  set: string | readonly Element[],
  map?: NonNullable<SetSpec['map']>,
): string {
  if (typeof set === 'string') return `@${set}`;
  const types = { type: typesOfAll(selectors), ...(map ? { map } : {}) };
  return `{ ${set.map((element) => elementText(types, element)).join(', ')} }`;
}

function limitText({ rate, per, burst, over }: Limit): string {
  return `limit rate ${over ? 'over ' : ''}${rate}/${per} burst ${burst} packets`;
}

function logText({ prefix, level, group }: Log): string {
  const words = ['log'];
  if (prefix !== undefined) words.push(`prefix "${prefix}"`);
  if (level !== undefined) words.push(`level ${level}`);
  if (group !== undefined) words.push(`group ${group}`);
  return words.join(' ');
}

/** `icmp type host-unreachable`, but `tcp reset`. */
const rejectText = (reason: string): string =>
  reason === 'tcp reset' ? reason : reason.replace(' ', ' type ');

const flagText = (flags: readonly string[] = []): string => (flags.length > 0 ? ` ${flags.join(',')}` : '');

/** Where a table has both families, the address is said to be of one. */
function natText({ kind, to, flags }: Nat, family: TableName['family']): string {
  const six = 'map' in to ? to.gives[0] === 'ipv6_addr' : to.address?.includes(':');
  const named = 'map' in to || to.address !== undefined;
  const word = family === 'inet' && named ? `${six ? 'ip6' : 'ip'} ` : '';
  return `${kind} ${word}to ${'map' in to ? natMapText(to) : targetText(to)}${flagText(flags)}`;
}

function natMapText({ selectors, map, gives }: NatMap): string {
  const types = gives.filter((type) => type !== undefined);
  return `${selectors.join(' . ')} map ${setText(selectors, map, types)}`;
}

/** An IPv6 address before a port stands in brackets. */
function targetText({ address, port }: NatTarget): string {
  if (port === undefined) return `${address}`;
  if (address === undefined) return `:${port}`;
  const bracketed = address.includes(':')
    ? address
        .split('-')
        .map((one) => `[${one}]`)
        .join('-')
    : address;
  return `${bracketed}:${port}`;
}

const natToSelfText = ({ kind, port, flags }: NatToSelf): string =>
  `${kind}${port === undefined ? '' : ` to :${port}`}${flagText(flags)}`;
