/** What a rule is made of, in the words of nft(8). */
import type { Value } from './data-types.js';
import type { Element, Key } from './element.js';
import type { Selector } from './selectors.js';
import type { Verdict } from './verdict.js';

/** How {@link match} compares; equal when none is given. */
export type Operator = '!=' | '<' | '<=' | '>' | '>=';

/** `ip saddr 10.0.0.0/8`, `tcp dport != 80`, `ct state established,related`. */
export interface Match {
  readonly kind: 'match';
  readonly selector: Selector;
  readonly op?: Operator;
  readonly value: Value;
}

/** `ip saddr @members`, `tcp dport { 80, 443 }`, `ip daddr . tcp dport @published`. */
export interface Lookup {
  readonly kind: 'lookup';
  readonly selectors: readonly Selector[];
  /** The name of a set of the table, or the keys of one that only this rule has. */
  readonly set: string | readonly Key[];
  /** Matches what is not in it. */
  readonly invert?: true;
}

/** `iifname vmap @chains`: the verdict that a map has for what is looked at. */
export interface VerdictMap {
  readonly kind: 'vmap';
  readonly selectors: readonly Selector[];
  readonly map: string | readonly (Element & { readonly data: Verdict })[];
}

/** `accept`, `jump other`: what becomes of the packet. */
export interface VerdictExpression {
  readonly kind: 'verdict';
  readonly verdict: Verdict;
}

/** Counts the packets that come by. */
export interface Counter {
  readonly kind: 'counter';
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** What a {@link Limit} is per. */
export type LimitUnit = 'second' | 'minute' | 'hour' | 'day' | 'week';

/** `limit rate 5/second burst 5 packets`: matches as long as there are not more, or with `over` once there are. */
export interface Limit {
  readonly kind: 'limit';
  readonly rate: number;
  readonly per: LimitUnit;
  readonly burst: number;
  readonly over?: true;
}

/** How grave it is, as syslog(3) has it. */
export type LogLevel = 'emerg' | 'alert' | 'crit' | 'err' | 'warn' | 'notice' | 'info' | 'debug';

/** To the kernel's log at a level, or to a group of nfnetlink_log. */
export interface Log {
  readonly kind: 'log';
  readonly prefix?: string;
  /** Default warn. */
  readonly level?: LogLevel;
  readonly group?: number;
}

/** `icmpx` is for tables of the families inet and bridge. */
export type RejectReason =
  | 'tcp reset'
  | `icmp ${'net' | 'host' | 'prot' | 'port'}-unreachable`
  | `icmp ${'net' | 'host' | 'admin'}-prohibited`
  | `icmpv6 ${'no-route' | 'admin-prohibited' | 'addr-unreachable' | 'port-unreachable'}`
  | `icmpx ${'no-route' | 'port-unreachable' | 'host-unreachable' | 'admin-prohibited'}`;

/** Drops the packet and tells its sender. */
export interface Reject {
  readonly kind: 'reject';
  /** Default port-unreachable: of the family, or of the one that is matched before. */
  readonly with?: RejectReason;
}

/** How ports are chosen, and whether a client keeps its address. */
export type NatFlag = 'random' | 'persistent' | 'fully-random';

/** Where to, as text or a number: `10.0.0.2`, `10.0.0.2-10.0.0.9`, 8080, `1000-2000`. */
export interface NatTarget {
  readonly address?: string;
  readonly port?: number | string;
}

/** Where to, from a map of the table or one that only this rule has. */
export interface NatMap {
  readonly selectors: readonly Selector[];
  readonly map: string | readonly Element[];
  /** What the map gives: an address, or an address and a port. */
  readonly gives: readonly ['ipv4_addr' | 'ipv6_addr', 'inet_service'?];
}

/** `dnat to 10.0.0.2:8080`: another destination, or for snat another source. */
export interface Nat {
  readonly kind: 'snat' | 'dnat';
  readonly to: NatTarget | NatMap;
  readonly flags?: readonly NatFlag[];
}

/** Masquerade: the address of the interface the packet leaves by. Redirect: this host. */
export interface NatToSelf {
  readonly kind: 'masquerade' | 'redirect';
  readonly port?: number | string;
  readonly flags?: readonly NatFlag[];
}

/** `meta mark set 5` */
export interface SetMark {
  readonly kind: 'set mark';
  readonly mark: 'meta mark' | 'ct mark';
  readonly value: number;
}

/** `update @seen { ip saddr timeout 60s }`: adds what is looked at; `update` also begins its timeout anew. */
export interface UpdateSet {
  readonly kind: 'add' | 'update';
  readonly selectors: readonly Selector[];
  readonly set: string;
  /** In milliseconds; default the set's. */
  readonly timeout?: number;
}

/** One of the kernel's expressions that isol8 has no word for, or in a place where it has none: only from lists. */
export interface UnknownExpression {
  readonly kind: 'unknown';
  readonly name: string;
  /** Its attributes, in hexadecimal. */
  readonly data: string;
}

/** A part of a rule. */
export type Expression =
  | Match
  | Lookup
  | VerdictMap
  | VerdictExpression
  | Counter
  | Limit
  | Log
  | Reject
  | Nat
  | NatToSelf
  | SetMark
  | UpdateSet
  | UnknownExpression;

export const LIMIT_UNITS: Readonly<Record<LimitUnit, bigint>> = {
  second: 1n,
  minute: 60n,
  hour: 3600n,
  day: 86_400n,
  week: 604_800n,
};

/** syslog(3) */
export const LOG_LEVELS: readonly LogLevel[] = [
  'emerg',
  'alert',
  'crit',
  'err',
  'warn',
  'notice',
  'info',
  'debug',
];

const ICMP = { 'net-unreachable': 0, 'host-unreachable': 1, 'prot-unreachable': 2, 'port-unreachable': 3 };
const PROHIBITED = { 'net-prohibited': 9, 'host-prohibited': 10, 'admin-prohibited': 13 };
const ICMPV6 = { 'no-route': 0, 'admin-prohibited': 1, 'addr-unreachable': 3, 'port-unreachable': 4 };
const ICMPX = { 'no-route': 0, 'port-unreachable': 1, 'host-unreachable': 2, 'admin-prohibited': 3 };

const coded = (word: string, type: number, codes: Record<string, number>) =>
  Object.entries(codes).map(([name, code]) => [`${word} ${name}`, { type, code }] as const);

/** NFT_REJECT_* and the code of the message. */
export const REJECT_REASONS: Readonly<Record<string, { type: number; code: number }>> = Object.fromEntries([
  ['tcp reset', { type: 1, code: 0 }],
  ...coded('icmp', 0, { ...ICMP, ...PROHIBITED }),
  ...coded('icmpv6', 0, ICMPV6),
  ...coded('icmpx', 2, ICMPX),
]);

export const NAT_FLAGS: Readonly<Record<NatFlag, number>> = { random: 4, 'fully-random': 16, persistent: 8 };
