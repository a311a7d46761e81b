/**
 * Routes as the kernel has them. A router has a million of them, so that this reads attributes one behind the other instead
 * of looking each up.
 */
import type { IpFamily } from '../../foundation/ip.js';
import { aligned } from '../../netlink/attribute-writer.js';
import { Attributes } from '../../netlink/attributes.js';
import { checkBody, trueFlags } from '../../netlink/body.js';
import { NetlinkDecodeError } from '../../netlink/errors.js';
import type { NetlinkMessage } from '../../netlink/message.js';
import { checkedLength, familyName } from '../addresses/decode.js';
import { RTM } from '../constants.js';
import { ipTextOf, type Names, nameOf, readFields } from '../fields.js';
import { ROUTE_PROTOCOLS, type RouteProtocol, SCOPES, type Scope } from '../scopes.js';
import { RTA } from './encode.js';
import { LOCKS, type LockedMetric, METRICS, type RouteMetrics, RTAX_LOCK } from './metrics.js';
import { PREFERENCES, ROUTE_TYPES, type RoutePreference, type RouteType } from './spec.js';

/** What is known of a way: RTNH_F_*, by the name of their field. */
export interface WayState {
  /** It cannot be used: its link is down. */
  readonly dead?: true;
  readonly onlink?: true;
  readonly offload?: true;
  /** Its link has no carrier. */
  readonly linkdown?: true;
  readonly unresolved?: true;
  readonly trap?: true;
  /** LWTUNNEL_ENCAP_* of linux/lwtunnel.h, by number: packets are wrapped on this way. */
  readonly encap?: number;
}

/** One of several ways to the same destination. */
export interface Nexthop extends WayState {
  readonly gateway?: string;
  readonly link?: number;
  readonly weight: number;
}

/** A route as the kernel has it: all that `ip -details route` shows. */
export interface Route extends WayState, Partial<RouteMetrics> {
  readonly family: IpFamily;
  readonly type: RouteType;
  /** `0.0.0.0` or `::` with a length of 0 for the default route. */
  readonly destination: string;
  readonly prefixLength: number;
  readonly table: number;
  readonly protocol: RouteProtocol;
  readonly scope: Scope;
  readonly gateway?: string;
  /** The link, by interface index. */
  readonly link?: number;
  readonly nexthops?: readonly Nexthop[];
  readonly metric?: number;
  /** The address to send from. */
  readonly source?: string;
  readonly tos?: number;
  readonly from?: string;
  readonly fromLength?: number;
  readonly preference?: RoutePreference;
  readonly locked?: readonly LockedMetric[];
  /** Seconds until it is removed. */
  readonly expires?: number;
  /** The errno that is returned, by number, for routes that are none. */
  readonly error?: number;
  readonly realms?: number;
  /** Of an answer to {@link getRoute}. */
  readonly mark?: number;
  readonly uid?: number;
  readonly inputLink?: number;
  /** The nexthop object it uses, see ip-nexthop(8). */
  readonly nexthopId?: number;
  /** Found out by the kernel, not made by anyone. */
  readonly cloned?: true;
}

/** struct rtmsg. */
const HEADER = 12;
const ATTRIBUTE = 4;
/** Without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const TYPE_MASK = 0x3fff;
const RTM_F_CLONED = 0x200;
const WAY_FLAGS = { dead: 1, onlink: 4, offload: 8, linkdown: 16, unresolved: 32, trap: 64 } as const;
const UNSPECIFIED = { inet: '0.0.0.0', inet6: '::' } as const;
/** USER_HZ, in which the kernel counts for programs. */
const HZ = 100;

/** Names by number, for every number that can be. */
const byNumber = (names: Names): readonly (string | number)[] =>
  Array.from({ length: 256 }, (_, number) => nameOf(names, number));
const TYPES = byNumber(ROUTE_TYPES) as readonly RouteType[];
const PROTOCOLS = byNumber(ROUTE_PROTOCOLS) as readonly RouteProtocol[];
const SCOPE_NAMES = byNumber(SCOPES) as readonly Scope[];

type Writable<Of> = { -readonly [Name in keyof Of]: Of[Name] };

/** Reads RTM_NEWROUTE or RTM_DELROUTE. Throws NetlinkDecodeError. */
export function decodeRoute(message: NetlinkMessage): Route {
  checkBody(message, ROUTES, HEADER);
  const { body } = message;
  const family = familyName(body[0] as number);
  const route: Writable<Route> = {
    family,
    type: TYPES[body[7] as number] as RouteType,
    destination: UNSPECIFIED[family],
    prefixLength: checkedLength(body[1] as number, family),
    table: body[4] as number,
    protocol: PROTOCOLS[body[5] as number] as RouteProtocol,
    scope: SCOPE_NAMES[body[6] as number] as Scope,
  };
  if (body[3] !== 0) route.tos = body[3] as number;
  if (body[2] !== 0) route.fromLength = checkedLength(body[2] as number, family);
  const flags = body.readUInt32LE(8);
  if (flags & RTM_F_CLONED) route.cloned = true;
  if (flags & 0xff) Object.assign(route, trueFlags(flags, WAY_FLAGS));
  for (let at = HEADER; at < body.length; ) at = readAttribute(route, body, at);
  return route;
}

const ROUTES = [RTM.NEWROUTE, RTM.DELROUTE];

/** Where the next one begins. Throws NetlinkDecodeError. */
function readAttribute(route: Writable<Route>, body: Buffer, at: number): number {
  const size = at + ATTRIBUTE <= body.length ? body.readUInt16LE(at) : 0;
  if (size < ATTRIBUTE || at + size > body.length)
    throw new NetlinkDecodeError(`an attribute of ${size} bytes at ${at} of ${body.length}`);
  const [start, end] = [at + ATTRIBUTE, at + size];
  const type = body.readUInt16LE(at + 2) & TYPE_MASK;
  const number = NUMBERS[type];
  if (number !== undefined) {
    if (size !== 8) throw new NetlinkDecodeError(`${number} of a route has ${size - ATTRIBUTE} bytes`);
    route[number] = body.readUInt32LE(start);
  } else {
    READERS[type]?.(route, body, start, end);
  }
  return aligned(end);
}

/** Attributes that are a number of 32 bits. */
const NUMBERS: readonly (NumberName | undefined)[] = sparse<NumberName>({
  [RTA.OIF]: 'link',
  [RTA.TABLE]: 'table',
  [RTA.PRIORITY]: 'metric',
  [RTA.IIF]: 'inputLink',
  [RTA.FLOW]: 'realms',
  [RTA.MARK]: 'mark',
  [RTA.UID]: 'uid',
  [RTA.NH_ID]: 'nexthopId',
});
type NumberName = 'link' | 'table' | 'metric' | 'inputLink' | 'realms' | 'mark' | 'uid' | 'nexthopId';

type Reader = (route: Writable<Route>, body: Buffer, start: number, end: number) => void;

const READERS: readonly (Reader | undefined)[] = sparse<Reader>({
  [RTA.DST]: (route, body, start, end) => {
    route.destination = addressText(route.family, body, start, end);
  },
  [RTA.SRC]: (route, body, start, end) => {
    route.from = addressText(route.family, body, start, end);
  },
  [RTA.GATEWAY]: (route, body, start, end) => {
    route.gateway = addressText(route.family, body, start, end);
  },
  [RTA.VIA]: (route, body, start, end) => {
    route.gateway = viaText(body, start, end);
  },
  [RTA.PREFSRC]: (route, body, start, end) => {
    route.source = addressText(route.family, body, start, end);
  },
  [RTA.ENCAP_TYPE]: (route, body, start, end) => {
    if (end - start !== 2) throw new NetlinkDecodeError(`a kind of encapsulation of ${end - start} bytes`);
    route.encap = body.readUInt16LE(start);
  },
  [RTA.PREF]: (route, body, start, end) => {
    if (end - start !== 1) throw new NetlinkDecodeError(`a preference of ${end - start} bytes`);
    route.preference = nameOf(PREFERENCES, body[start] as number);
  },
  [RTA.METRICS]: (route, body, start, end) => readMetrics(route, new Attributes(body, start, end)),
  [RTA.MULTIPATH]: (route, body, start, end) => {
    route.nexthops = readNexthops(route.family, body, start, end);
  },
  [RTA.CACHEINFO]: readCacheInfo,
});

function sparse<Value>(values: Readonly<Record<number, Value>>): readonly (Value | undefined)[] {
  const list: (Value | undefined)[] = new Array(32).fill(undefined);
  for (const [index, value] of Object.entries(values)) list[Number(index)] = value;
  return list;
}

function addressText(family: IpFamily, body: Buffer, start: number, end: number): string {
  if (end - start === 4 && family === 'inet')
    return `${body[start]}.${body[start + 1]}.${body[start + 2]}.${body[start + 3]}`;
  return ipTextOf(body.subarray(start, end), family);
}

/** struct rtvia. */
function viaText(body: Buffer, start: number, end: number): string {
  if (end - start < 2) throw new NetlinkDecodeError(`a gateway of ${end - start} bytes`);
  return ipTextOf(body.subarray(start + 2, end), familyName(body.readUInt16LE(start)));
}

function readMetrics(route: Writable<Route>, attributes: Attributes): void {
  Object.assign(route, readFields(attributes, METRICS));
  const bits = attributes.u32(RTAX_LOCK);
  if (!bits) return;
  const names = Object.keys(LOCKS) as LockedMetric[];
  route.locked = names.filter((name) => bits & (1 << LOCKS[name]));
}

/** struct rtnexthop: length, flags, hops, interface index, and attributes. */
function readNexthops(family: IpFamily, body: Buffer, start: number, end: number): Nexthop[] {
  const found: Nexthop[] = [];
  for (let at = start; at < end; ) {
    const size = at + 8 <= end ? body.readUInt16LE(at) : 0;
    if (size < 8 || at + size > end) throw new NetlinkDecodeError(`a nexthop of ${size} bytes`);
    const attributes = new Attributes(body, at + 8, at + size);
    const bytes = attributes.bytes(RTA.GATEWAY);
    const via = attributes.bytes(RTA.VIA);
    const link = body.readInt32LE(at + 4);
    const encap = attributes.u16(RTA.ENCAP_TYPE);
    found.push({
      ...(bytes === undefined ? {} : { gateway: ipTextOf(bytes, family) }),
      ...(via === undefined ? {} : { gateway: viaText(via, 0, via.length) }),
      ...(link === 0 ? {} : { link }),
      weight: (body[at + 3] as number) + 1,
      ...trueFlags(body[at + 2] as number, WAY_FLAGS),
      ...(encap === undefined ? {} : { encap }),
    });
    at += aligned(size);
  }
  return found;
}

/** struct rta_cacheinfo. */
function readCacheInfo(route: Writable<Route>, body: Buffer, start: number, end: number): void {
  if (end - start < 16) throw new NetlinkDecodeError(`cache information of ${end - start} bytes`);
  const expires = body.readInt32LE(start + 8);
  const error = body.readInt32LE(start + 12);
  if (expires !== 0) route.expires = Math.trunc(expires / HZ);
  if (error !== 0) route.error = Math.abs(error);
}
