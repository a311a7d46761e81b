/**
 * Makers of what rules are made of, in the words of nft(8). Each gives plain data in the form in which a list of the kernel's
 * rules gives it back, and throws SpecError for what cannot be.
 */
import { SpecError } from '../foundation/errors.js';
import { dataType, type Value } from './data-types.js';
import { checkTime, type Element, hasIntervals, type Key, sortElements } from './element.js';
import {
  type Counter,
  LIMIT_UNITS,
  type Limit,
  LOG_LEVELS,
  type Log,
  type Lookup,
  type Match,
  NAT_FLAGS,
  type Nat,
  type NatFlag,
  type NatMap,
  type NatTarget,
  type NatToSelf,
  type Operator,
  REJECT_REASONS,
  type Reject,
  type RejectReason,
  type SetMark,
  type UpdateSet,
  type VerdictExpression,
  type VerdictMap,
} from './expression.js';
import { checkComment, checkName } from './names.js';
import { isSingle, operandValue, parseOperand } from './operand.js';
import { isSelector, type Selector, selectorOf } from './selectors.js';
import { checkVerdict, type Verdict } from './verdict.js';

/** One selector, or several that are looked up together. */
export type Selectors = Selector | readonly Selector[];

const OPERATORS: readonly string[] = ['!=', '<', '<=', '>', '>='];

/**
 * Compares what a packet has with a value: `match('ip saddr', '10.0.0.0/8')`, `match('tcp dport', '!=', '1000-2000')`,
 * `match('ct state', 'established,related')`, `match('iifname', 'veth*')`. The name of an interface that ends with a star of
 * its own is written with `\*` there.
 */
export function match(selector: Selector, value: Value): Match;
export function match(selector: Selector, op: Operator, value: Value): Match;
export function match(selector: Selector, ...rest: [Value] | [Operator, Value]): Match {
  const [op, value] = rest.length === 1 ? [undefined, rest[0]] : rest;
  checkSelector(selector);
  if (op !== undefined && !OPERATORS.includes(op))
    throw new SpecError('op', `must be ${OPERATORS.join(', ')}`);
  return {
    kind: 'match',
    selector,
    ...(op === undefined ? {} : { op }),
    value: compared(selector, op, value),
  };
}

function checkSelector(selector: string): asserts selector is Selector {
  if (!isSelector(selector)) throw new SpecError('selector', `there is no ${JSON.stringify(selector)}`);
}

function compared(selector: Selector, op: Operator | undefined, value: Value): Value {
  const { type } = selectorOf(selector);
  if (dataType(type).basis === 'name') return interfacePattern(selector, op, value);
  const operand = parseOperand(type, value, selector);
  if (operand.prefix === 0) throw new SpecError(selector, `${value} is every address: leave it away`);
  const single = isSingle(operand);
  if (op === undefined && dataType(type).bits && operand.from.every((byte) => byte === 0))
    throw new SpecError(selector, 'must be at least one bit');
  if (!single && (dataType(type).bits || type === 'iface_index'))
    throw new SpecError(selector, 'has no ranges');
  if (op !== undefined && op !== '!=' && (!single || dataType(type).bits || type === 'iface_index'))
    throw new SpecError(selector, `${op} takes a single number, not ${value}`);
  return operandValue(type, operand, false);
}

function interfacePattern(selector: Selector, op: Operator | undefined, value: Value): string {
  if (op !== undefined && op !== '!=') throw new SpecError(selector, 'a name is compared by nothing or !=');
  const text = String(value);
  const name = /^(.*)\\\*$/s.test(text) ? `${text.slice(0, -2)}*` : text.replace(/\*$/, '');
  parseOperand(selectorOf(selector).type, name, selector);
  return text;
}

function list(selectors: Selectors): readonly Selector[] {
  const all = typeof selectors === 'string' ? [selectors] : [...selectors];
  if (all.length === 0) throw new SpecError('selectors', 'must be at least one');
  for (const selector of all) {
    checkSelector(selector);
    if (dataType(selectorOf(selector).type).id === 0)
      throw new SpecError('selectors', `${selector} can be compared, and not looked up`);
  }
  const slots = all.reduce(
    (sum, selector) => sum + Math.ceil(dataType(selectorOf(selector).type).size / 4),
    0,
  );
  if (slots > 16) throw new SpecError('selectors', 'are more than 64 bytes together');
  return all;
}

const typesOf = (selectors: readonly Selector[]) => selectors.map((selector) => selectorOf(selector).type);

/** Looks up in a set: by its name, or in keys that only this rule has. With `invert` what is not in there matches. */
export function lookup(
  selectors: Selectors,
  set: string | readonly Key[],
  options: { readonly invert?: boolean } = {},
): Lookup {
  const all = list(selectors);
  const keys = typeof set === 'string' ? checkName(set, 'set') : anonymousKeys(all, set);
  return { kind: 'lookup', selectors: all, set: keys, ...(options.invert ? { invert: true } : {}) };
}

function anonymousKeys(selectors: readonly Selector[], keys: readonly Key[]): readonly Key[] {
  if (keys.length === 0) throw new SpecError('set', 'must have an element');
  return anonymous(
    selectors,
    keys.map((key) => ({ key })),
  ).map(({ key }) => key);
}

function anonymous(
  selectors: readonly Selector[],
  elements: readonly Element[],
  data?: NatMap['gives'] | 'verdict',
): Element[] {
  const types = typesOf(selectors);
  const interval = hasIntervals(
    types,
    elements.map(({ key }) => key),
    'set',
  );
  const gives = data === 'verdict' || data === undefined ? data : data.filter((type) => type !== undefined);
  const odd = elements.find(({ timeout, expiration }) => timeout !== undefined || expiration !== undefined);
  if (odd) throw new SpecError('set', 'what only a rule has does not time out');
  return sortElements({ types, interval, ...(gives ? { data: gives } : {}) }, elements, 'set');
}

/** The verdict of a map: by its name, or pairs of keys and verdicts that only this rule has. */
export function vmap(
  selectors: Selectors,
  map: string | readonly (readonly [key: Key, verdict: Verdict])[],
): VerdictMap {
  const all = list(selectors);
  if (typeof map === 'string') return { kind: 'vmap', selectors: all, map: checkName(map, 'map') };
  if (map.length === 0) throw new SpecError('map', 'must have an element');
  const elements = anonymous(
    all,
    map.map(([key, data]) => ({ key, data })),
    'verdict',
  );
  return { kind: 'vmap', selectors: all, map: elements as VerdictMap['map'] & readonly Element[] };
}

/** Ends with a verdict: see {@link accept}, {@link drop}, {@link jump} and {@link goto} for the usual ones. */
export function verdict(what: Verdict): VerdictExpression {
  return { kind: 'verdict', verdict: checkVerdict(what, 'verdict') };
}

/** Lets the packet pass this base chain; others may still drop it. */
export const accept = (): VerdictExpression => verdict('accept');
/** Drops the packet for good. */
export const drop = (): VerdictExpression => verdict('drop');
/** Goes on in another chain, and comes back at its end. */
export const jump = (chain: string): VerdictExpression => verdict({ jump: chain });
/** Goes on in another chain for good. */
export const goto = (chain: string): VerdictExpression => verdict({ goto: chain });

/** Counts packets and bytes, from 0 or what is given. */
export const counter = (from: { packets?: bigint; bytes?: bigint } = {}): Counter => ({
  kind: 'counter',
  packets: from.packets ?? 0n,
  bytes: from.bytes ?? 0n,
});

/** Packets per unit of time; `burst` (default 5) of them at once. */
export function limit(of: Pick<Limit, 'rate' | 'per'> & { burst?: number; over?: boolean }): Limit {
  const { rate, per, burst = 5, over } = of;
  if (!Number.isInteger(rate) || rate < 1) throw new SpecError('rate', 'must be a whole number above 0');
  if (!Object.hasOwn(LIMIT_UNITS, per))
    throw new SpecError('per', `must be ${Object.keys(LIMIT_UNITS).join(', ')}`);
  if (!Number.isInteger(burst) || burst < 1 || burst > 0xffffffff)
    throw new SpecError('burst', 'must be a whole number above 0');
  return { kind: 'limit', rate, per, burst, ...(over ? { over: true } : {}) };
}

/** Writes a line on the packet to the kernel's log, or sends it to a group of nfnetlink_log. */
export function log(options: Omit<Log, 'kind'> = {}): Log {
  const { prefix, level, group } = options;
  checkComment(prefix, 'prefix');
  if (level !== undefined && group !== undefined) throw new SpecError('level', 'does not go with a group');
  if (level !== undefined && !LOG_LEVELS.includes(level))
    throw new SpecError('level', `must be ${LOG_LEVELS.join(', ')}`);
  if (group !== undefined && !(Number.isInteger(group) && group >= 0 && group <= 0xffff))
    throw new SpecError('group', 'must be a number from 0 to 65535');
  return {
    kind: 'log',
    ...(prefix ? { prefix } : {}),
    ...(level === undefined || level === 'warn' ? {} : { level }),
    ...(group === undefined ? {} : { group }),
  };
}

/** Drops the packet and tells its sender, by default that nothing listens on the port. */
export function reject(reason?: RejectReason): Reject {
  if (reason !== undefined && !Object.hasOwn(REJECT_REASONS, reason))
    throw new SpecError('with', `must be ${Object.keys(REJECT_REASONS).join(', ')}`);
  return { kind: 'reject', ...(reason === undefined ? {} : { with: reason }) };
}

/** How {@link snat} and {@link dnat} choose where to. */
export interface NatOptions {
  readonly flags?: readonly NatFlag[];
}

/** Rewrites where a packet comes from; in a chain of type nat at postrouting or input. */
export const snat = (to: (NatTarget | NatMapOptions) & NatOptions): Nat => nat('snat', to);
/** Rewrites where a packet goes to; in a chain of type nat at prerouting or output. */
export const dnat = (to: (NatTarget | NatMapOptions) & NatOptions): Nat => nat('dnat', to);

/** A {@link NatMap}, which one selector may stand for a list in. */
export type NatMapOptions = Omit<NatMap, 'selectors'> & { readonly selectors: Selectors };

function nat(kind: Nat['kind'], options: (NatTarget | NatMapOptions) & NatOptions): Nat {
  const to = 'map' in options ? natMap(options) : natTarget(options);
  return { kind, to, ...natFlags(options.flags) };
}

function natMap({ selectors, map, gives }: NatMapOptions): NatMap {
  const all = list(selectors);
  const [address, port] = gives;
  if ((address !== 'ipv4_addr' && address !== 'ipv6_addr') || (port !== undefined && port !== 'inet_service'))
    throw new SpecError('gives', 'must be an address, or an address and inet_service');
  const types: NatMap['gives'] = port === undefined ? [address] : [address, port];
  if (typeof map === 'string') return { selectors: all, map: checkName(map, 'map'), gives: types };
  if (map.length === 0) throw new SpecError('map', 'must have an element');
  return { selectors: all, map: anonymous(all, map, types), gives: types };
}

function natTarget({ address, port }: NatTarget): NatTarget {
  if (address === undefined && port === undefined) throw new SpecError('address', 'must be given, or a port');
  return { ...(address === undefined ? {} : { address: addressOf(address) }), ...portOf(port) };
}

function addressOf(address: string): string {
  const type = address.includes(':') ? 'ipv6_addr' : 'ipv4_addr';
  const operand = parseOperand(type, address, 'address');
  if (operand.prefix !== undefined)
    throw new SpecError('address', `${address}: write a range, as 10.0.0.2-10.0.0.9`);
  return String(operandValue(type, operand, false));
}

function portOf(port: number | string | undefined): { port?: number | string } {
  if (port === undefined) return {};
  const operand = parseOperand('inet_service', port, 'port');
  if (operand.from.every((byte) => byte === 0)) throw new SpecError('port', 'must be 1 to 65535');
  return { port: operandValue('inet_service', operand, false) };
}

function natFlags(flags: readonly NatFlag[] = []): NatOptions {
  const wrong = flags.find((flag) => !Object.hasOwn(NAT_FLAGS, flag));
  if (wrong !== undefined)
    throw new SpecError('flags', `must be ${Object.keys(NAT_FLAGS).join(', ')}, not ${wrong}`);
  const ordered = (Object.keys(NAT_FLAGS) as NatFlag[]).filter((flag) => flags.includes(flag));
  return ordered.length > 0 ? { flags: ordered } : {};
}

/** Rewrites the source to the address of the interface that the packet leaves by; at postrouting. */
export const masquerade = (options: Omit<NatToSelf, 'kind'> = {}): NatToSelf => toSelf('masquerade', options);
/** Rewrites the destination to this host; at prerouting or output. */
export const redirect = (options: Omit<NatToSelf, 'kind'> = {}): NatToSelf => toSelf('redirect', options);

const toSelf = (kind: NatToSelf['kind'], { port, flags }: Omit<NatToSelf, 'kind'>): NatToSelf => ({
  kind,
  ...portOf(port),
  ...natFlags(flags),
});

/** Marks the packet, or all packets of its connection. */
export function setMark(mark: SetMark['mark'], value: number): SetMark {
  if (mark !== 'meta mark' && mark !== 'ct mark') throw new SpecError('mark', 'must be meta mark or ct mark');
  parseOperand('mark', value, 'value');
  return { kind: 'set mark', mark, value };
}

/** Adds what is looked at to a set with the flag dynamic; `update` also begins the timeout of what is in there anew. */
export function updateSet(
  kind: UpdateSet['kind'],
  set: string,
  selectors: Selectors,
  options: { readonly timeout?: number } = {},
): UpdateSet {
  const { timeout } = options;
  if (timeout !== undefined) checkTime(timeout, 'timeout');
  if (kind !== 'add' && kind !== 'update') throw new SpecError('kind', 'must be add or update');
  const name = checkName(set, 'set');
  return { kind, selectors: list(selectors), set: name, ...(timeout === undefined ? {} : { timeout }) };
}
