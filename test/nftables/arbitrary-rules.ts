/** Random rules, sets and elements that the kernel takes, in the form in which lists give them back. */
import fc from 'fast-check';
import {
  DATA_TYPES,
  type DataType,
  type DataTypeName,
  dataType,
  type Value,
} from '../../src/nftables/data-types.js';
import { type Element, type ElementTypes, type Key, sortElements } from '../../src/nftables/element.js';
import type { Expression } from '../../src/nftables/expression.js';
import {
  counter,
  dnat,
  goto,
  jump,
  limit,
  log,
  lookup,
  masquerade,
  match,
  redirect,
  reject,
  setMark,
  snat,
  updateSet,
  verdict,
  vmap,
} from '../../src/nftables/expressions.js';
import type { Family } from '../../src/nftables/family.js';
import { isSingle, parseOperand, successor } from '../../src/nftables/operand.js';
import {
  type Header,
  isSelector,
  SELECTORS,
  type Selector,
  selectorOf,
} from '../../src/nftables/selectors.js';

const byte = fc.integer({ min: 0, max: 255 });
const ipv4 = fc.tuple(byte, byte, byte, byte).map((parts) => parts.join('.'));
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.map((group) => group.toString(16)).join(':'));
const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789_-.'];
const interfaceName = fc
  .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 15 })
  .map((all) => all.join(''))
  .filter((name) => !/^\.+$/.test(name));
const ether = fc
  .array(byte, { minLength: 6, maxLength: 6 })
  .map((all) => all.map((one) => one.toString(16).padStart(2, '0')).join(':'));

/** Of whatever type. */
export function value(name: DataTypeName): fc.Arbitrary<string | number> {
  const type = dataType(name);
  if (name === 'iface_index') return fc.constant(1); // nft(8) wants one that is there
  switch (type.basis) {
    case 'ipv4':
      return ipv4;
    case 'ipv6':
      return ipv6;
    case 'ether':
      return ether;
    case 'name':
      return interfaceName;
    default:
      return numberOf(type);
  }
}

function numberOf({ words = {}, bits, size }: DataType): fc.Arbitrary<string | number> {
  const names = Object.entries(words)
    .filter(([, number]) => !bits || number !== 0)
    .map(([name]) => name);
  if (bits) return fc.subarray(names, { minLength: 1 }).map((some) => some.join(','));
  const number = fc.integer({ min: 0, max: 2 ** (8 * size) - 1 });
  return names.length > 0 ? fc.oneof(fc.constantFrom(...names), number) : number;
}

/** In a concatenation nft(8) 1.0.6 dies on several bits at once. */
function part(name: DataTypeName): fc.Arbitrary<string | number> {
  const { bits, words = {} } = dataType(name);
  return bits ? fc.constantFrom(...Object.keys(words)) : value(name);
}

/** Single values, prefixes and ranges. */
export function interval(name: DataTypeName): fc.Arbitrary<string | number> {
  const { basis, size } = dataType(name);
  if (basis === 'ipv4' || basis === 'ipv6') {
    const prefix = fc.tuple(value(name), fc.integer({ min: 1, max: 8 * size - 1 }));
    return fc.oneof(
      value(name),
      prefix.map(([address, length]) => `${address}/${length}`),
    );
  }
  if ((basis !== 'network' && basis !== 'host') || name === 'iface_index') return value(name);
  const number = fc.integer({ min: 0, max: 2 ** (8 * size) - 1 });
  const range = fc.tuple(number, number).filter(([a, b]) => a !== b);
  return fc.oneof(
    value(name),
    range.map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
  );
}

/** Gives what a maker makes of a value, and leaves out what it refuses. */
export function made<From, To>(from: fc.Arbitrary<From>, make: (value: From) => To): fc.Arbitrary<To> {
  return from
    .map((one) => {
      try {
        return { to: make(one) };
      } catch (error) {
        if ((error as { code?: string }).code === 'ERR_SPEC') return undefined;
        throw error;
      }
    })
    .filter((found) => found !== undefined)
    .map((found) => (found as { to: To }).to);
}

/** What a rule of a family may look at with these headers in its packets. */
interface Packets {
  readonly family: Family;
  readonly network: 'ip' | 'ip6';
  readonly transport: Header | 'th';
}

const LEARNED = [
  'meta nfproto',
  'meta l4proto',
  'meta protocol',
  'ether type',
  'ip protocol',
  'ip6 nexthdr',
  'iiftype',
];
const all = (Object.keys(SELECTORS) as Selector[]).filter((name) => !LEARNED.includes(name));

export function selectorsOf({ network, transport }: Packets): Selector[] {
  return all.filter((name) => {
    const { needs } = selectorOf(name);
    if (name.startsWith('th ')) return transport === 'th';
    if (name.startsWith('meta ibr') || name.startsWith('meta obr')) return false;
    return needs === undefined || needs === 'ether' || needs === network || needs === transport;
  });
}

const packets = (family: Family): fc.Arbitrary<Packets> =>
  fc
    .record({
      family: fc.constant(family),
      network: family === 'ip' || family === 'ip6' ? fc.constant(family) : fc.constantFrom('ip', 'ip6'),
      transport: fc.constantFrom('tcp', 'udp', 'sctp', 'th', 'icmp', 'icmpv6'),
    })
    .filter(
      ({ network, transport }) => transport !== (network === 'ip' ? 'icmpv6' : 'icmp'),
    ) as fc.Arbitrary<Packets>;

const OPERATORS = [undefined, '!=', '<', '<=', '>', '>='] as const;

function matchOf(selectors: readonly Selector[]): fc.Arbitrary<Expression> {
  const chosen = fc.constantFrom(...selectors).chain((selector) => {
    const { type } = selectorOf(selector);
    const star = interfaceName.map((name) => `${name.slice(0, 14)}*`);
    const operand = dataType(type).basis === 'name' ? fc.oneof(interval(type), star) : interval(type);
    // Of addresses that are compared by size nft(8) 1.0.6 makes ranges with what follows, and dies.
    const operators = dataType(type).basis.startsWith('ipv') ? OPERATORS.slice(0, 2) : OPERATORS;
    return fc.tuple(fc.constant(selector), fc.constantFrom(...operators), operand);
  });
  return made(chosen, ([selector, op, operand]) =>
    op === undefined ? match(selector, operand) : match(selector, op, operand),
  );
}

/** Selectors of a concatenation, and keys for it. */
function keysOf(selectors: readonly Selector[], maxLength: number) {
  const able = selectors.filter((selector) => dataType(selectorOf(selector).type).id !== 0);
  return fc.subarray(able, { minLength: 1, maxLength: 3 }).chain((chosen) => {
    const types = chosen.map((selector) => selectorOf(selector).type);
    const ranges = types.every((type) => ['ipv4', 'ipv6', 'network'].includes(dataType(type).basis));
    const field = ranges && types.length === 1 ? interval : value;
    const key =
      types.length === 1
        ? field(types[0] as DataTypeName)
        : fc.tuple(...types.map((type) => (field === interval ? interval(type) : part(type))));
    return fc.record({
      selectors: fc.constant(chosen),
      keys: fc.array(key as fc.Arbitrary<Key>, { minLength: 2, maxLength }),
    });
  });
}

/** In the set of a rule nft(8) makes one interval of those that touch: it has no such keys. */
function apart(selectors: readonly Selector[], keys: readonly Key[]): boolean {
  const [first, ...rest] = selectors;
  if (first === undefined || rest.length > 0) return true;
  const { type } = selectorOf(first);
  const operands = keys.map((key) => parseOperand(type, key as Value, 'key'));
  if (operands.every(isSingle)) return true;
  return !operands.some(({ to }) => operands.some(({ from }) => successor(to)?.equals(from)));
}

const action = fc.constantFrom('accept', 'drop', 'return', 'continue', { jump: 'other' }, {
  goto: 'other',
} as const);

function setOf(selectors: readonly Selector[]): fc.Arbitrary<Expression> {
  const keys = keysOf(selectors, 4);
  return fc.oneof(
    made(
      fc.tuple(
        keys.filter((some) => apart(some.selectors, some.keys)),
        fc.boolean(),
      ),
      ([{ selectors: chosen, keys: some }, invert]) => lookup(chosen, some, { invert }),
    ),
    made(
      fc.tuple(keys, fc.array(action, { minLength: 4, maxLength: 4 })),
      ([{ selectors: chosen, keys: some }, actions]) =>
        vmap(
          chosen,
          some.map((key, i) => [key, actions[i] as 'accept'] as const),
        ),
    ),
  );
}

const port = fc.integer({ min: 1, max: 65_535 });
const portRange = fc.tuple(port, port).map(([a, b]) => (a === b ? a : `${Math.min(a, b)}-${Math.max(a, b)}`));
const ports = fc.oneof(port, portRange);
const natFlags = fc.subarray(['random', 'persistent', 'fully-random'] as const);
const address = (network: 'ip' | 'ip6'): fc.Arbitrary<string> => (network === 'ip' ? ipv4 : ipv6);
const addressType = { ip: 'ipv4_addr', ip6: 'ipv6_addr' } as const;

function natTarget(network: 'ip' | 'ip6') {
  const range = fc.tuple(address(network), address(network)).map(([a, b]) => `${a}-${b}`);
  return fc.record({
    address: fc.oneof(address(network), range),
    port: fc.option(ports, { nil: undefined }),
    flags: natFlags,
  });
}

/** Ports take packets that have some. */
function nat(chain: 'prerouting' | 'postrouting', { network, transport }: Packets): fc.Arbitrary<Expression> {
  const withPorts = transport === 'tcp' || transport === 'udp';
  const make = chain === 'prerouting' ? dnat : snat;
  const toSelf = chain === 'prerouting' ? redirect : masquerade;
  const without = (some: object) => (withPorts ? some : { ...some, port: undefined });
  const target = made(natTarget(network), (to) => make(without(to) as Parameters<typeof make>[0]));
  const self = made(fc.record({ port: ports, flags: natFlags }), (to) =>
    toSelf(without(to) as Parameters<typeof toSelf>[0]),
  );
  if (!withPorts) return fc.oneof(target, self);
  const pair = fc.tuple(port, address(network), port);
  const map = made(fc.tuple(fc.array(pair, { minLength: 2, maxLength: 4 }), natFlags), ([pairs, flags]) =>
    make({
      selectors: `${transport} dport` as Selector,
      map: pairs.map(([key, to, toPort]) => ({ key, data: [to, toPort] })),
      gives: [addressType[network], 'inet_service'],
      flags,
    }),
  );
  return fc.oneof(target, self, map);
}

function natRule(chain: 'prerouting' | 'postrouting', family: Family): fc.Arbitrary<Expression[]> {
  return packets(family).chain((some) => {
    const all = selectorsOf(some).filter((name) => !(chain === 'postrouting' && name.startsWith('iif')));
    const usable = all.filter(
      (name) => !(chain === 'prerouting' && name.startsWith('oif')) && !name.startsWith('ether'),
    );
    const { transport } = some;
    const first =
      transport === 'tcp' || transport === 'udp'
        ? made(value('inet_service'), (number) => match(`${transport} sport` as Selector, number))
        : undefined;
    const matches = fc.array(matchOf(usable), { maxLength: 2 });
    return fc
      .tuple(first ?? fc.constant(undefined), matches, nat(chain, some))
      .map(([before, between, last]) => [...(before ? [before] : []), ...between, last]);
  });
}

const statement: fc.Arbitrary<Expression> = fc.oneof(
  fc.constant(counter()),
  fc
    .record({
      rate: fc.integer({ min: 1, max: 1000 }),
      per: fc.constantFrom('second', 'minute', 'hour', 'day', 'week'),
      burst: fc.integer({ min: 1, max: 500 }),
      over: fc.boolean(),
    })
    .map((of) => limit(of as Parameters<typeof limit>[0])),
  fc.constantFrom(
    log(),
    log({ prefix: 'a b: ', level: 'info' }),
    log({ group: 3 }),
    log({ prefix: 'x', group: 0 }),
  ),
  fc
    .tuple(fc.constantFrom('meta mark', 'ct mark'), fc.integer({ min: 0, max: 0xffffffff }))
    .map(([mark, number]) => setMark(mark as 'meta mark', number)),
);

const reason = ({ family, network, transport }: Packets): fc.Arbitrary<Expression> => {
  const both = family === 'inet' ? (['icmpx no-route', 'icmpx admin-prohibited'] as const) : [];
  const own =
    network === 'ip'
      ? (['icmp host-unreachable', 'icmp admin-prohibited'] as const)
      : (['icmpv6 no-route'] as const);
  return fc.constantFrom(
    reject(),
    ...[...both, ...own, ...(transport === 'tcp' ? (['tcp reset'] as const) : [])].map(reject),
  );
};

function filterRule(family: Family): fc.Arbitrary<Expression[]> {
  return packets(family).chain((some) => {
    const usable = selectorsOf(some).filter((name) => !name.startsWith('ether')); // see learnedRule
    const ends = fc.oneof(
      action.map((what) => verdict(what as 'accept')),
      fc.constantFrom(jump('other'), goto('other')),
      updateOf(some),
      statement,
    );
    const between = fc.array(fc.oneof({ weight: 3, arbitrary: matchOf(usable) }, setOf(usable), statement), {
      maxLength: 4,
    });
    const plain = fc.tuple(between, ends).map(([before, end]) => [...before, end]);
    const rejected = fc
      .tuple(headersOf(some), between, reason(some))
      .map(([headers, before, end]) => [...headers, ...before, end]);
    return fc.oneof({ weight: 4, arbitrary: plain }, rejected);
  });
}

/** Matches that say which headers there are: nft(8) would put what a reject needs before everything else. */
const headersOf = ({ network, transport }: Packets): fc.Arbitrary<Expression[]> =>
  fc
    .tuple(value(addressType[network]), value('inet_service'))
    .map(([from, number]) => [
      match(`${network} saddr`, from),
      ...(transport === 'tcp' ? [match('tcp sport', number)] : []),
    ]);

/** To the sets `seen4` and `seen6`, whose types they say. */
const updateOf = ({ network }: Packets): fc.Arbitrary<Expression> =>
  fc
    .record({ kind: fc.constantFrom('add', 'update'), timeout: fc.constantFrom(undefined, 5000, 60_000) })
    .map(({ kind, timeout }) =>
      updateSet(
        kind as 'add',
        network === 'ip' ? 'seen4' : 'seen6',
        `${network} saddr`,
        timeout ? { timeout } : {},
      ),
    );

/** A rule that tells which header there is, or looks at what nft(8) tells it by in a way of its own. */
const learnedRule = (family: Family): fc.Arbitrary<Expression[]> => {
  const usable = [...LEARNED, 'ether saddr', 'ether daddr'].filter(isSelector).filter((name) => {
    const { needs } = selectorOf(name);
    // nft(8) takes the one only there, and leaves the other away elsewhere.
    if ((name === 'meta nfproto' || name === 'meta protocol') && family !== 'inet') return false;
    return needs === undefined || needs === family || needs === 'ether';
  });
  return made(
    fc.constantFrom(...usable).chain((name) => fc.tuple(fc.constant(name), value(selectorOf(name).type))),
    ([name, number]) => [match(name, number), counter()],
  );
};

export type ChainKind = 'filter' | 'prerouting' | 'postrouting';

export function rule(family: Family, chain: ChainKind): fc.Arbitrary<Expression[]> {
  if (chain !== 'filter') return natRule(chain, family);
  return fc.oneof({ weight: 8, arbitrary: filterRule(family) }, learnedRule(family));
}

const TYPES = Object.keys(DATA_TYPES) as DataTypeName[];
const KEY_TYPES = TYPES.filter((name) => dataType(name).size <= 16 && dataType(name).id !== 0);

/** A set or map with elements that are in their order. */
export const elements: fc.Arbitrary<{ types: ElementTypes; elements: Element[] }> = fc
  .record({
    types: fc.array(fc.constantFrom(...KEY_TYPES), { minLength: 1, maxLength: 3 }),
    wantsInterval: fc.boolean(),
    data: fc.option(fc.oneof(fc.constant('verdict' as const), fc.tuple(fc.constantFrom(...KEY_TYPES))), {
      nil: undefined,
    }),
  })
  .chain(({ types, wantsInterval, data }) => {
    const able = types.every((type) => ['ipv4', 'ipv6', 'network'].includes(dataType(type).basis));
    const set = { types, interval: wantsInterval && able, ...(data ? { data } : {}) } as ElementTypes;
    const field = set.interval ? interval : value;
    const key =
      types.length === 1
        ? field(types[0] as DataTypeName)
        : fc.tuple(...types.map((type) => (field === interval ? interval(type) : part(type))));
    const given = data === 'verdict' ? action : data ? value(data[0]) : fc.constant(undefined);
    const element = fc
      .record({
        key,
        given,
        timeout: fc.constantFrom(undefined, 1000, 60_000),
        comment: fc.constantFrom(undefined, 'a b'),
      })
      .map(({ key: one, given: what, timeout, comment }) => ({
        key: one,
        ...(what === undefined ? {} : { data: what }),
        ...(timeout === undefined ? {} : { timeout }),
        ...(comment === undefined ? {} : { comment }),
      }));
    // Where several fields are ranges, the kernel refuses any overlap.
    const maxLength = set.interval && types.length > 1 ? 1 : 5;
    return made(fc.array(element, { maxLength }), (some) => ({
      types: set,
      elements: sortElements(set, some as Element[], 'elements'),
    }));
  });
