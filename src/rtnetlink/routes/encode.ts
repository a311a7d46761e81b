/** Requests that make and remove routes. */
import { SpecError } from '../../foundation/errors.js';
import { type AttributeWriter, AttributeWriter as Writer } from '../../netlink/attribute-writer.js';
import { NLM_F } from '../../netlink/constants.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { AF, RTM } from '../constants.js';
import {
  checkBoolean,
  checkedIpBytes,
  checkIndex,
  checkInteger,
  checkNames,
  join,
  numberOf,
  writeFields,
} from '../fields.js';
import { ROUTE_PROTOCOLS, SCOPES, TABLES } from '../scopes.js';
import { LOCKS, METRIC_NAMES, METRICS, RTAX_LOCK } from './metrics.js';
import { type NexthopSpec, PREFERENCES, ROUTE_TYPES, type RouteSpec, type RouteTarget } from './spec.js';

export const RTA = {
  DST: 1,
  SRC: 2,
  IIF: 3,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  METRICS: 8,
  MULTIPATH: 9,
  FLOW: 11,
  CACHEINFO: 12,
  TABLE: 15,
  MARK: 16,
  VIA: 18,
  PREF: 20,
  ENCAP_TYPE: 21,
  EXPIRES: 23,
  UID: 25,
  NH_ID: 30,
} as const;

export const RTNH_F_ONLINK = 4;

const WAY = ['gateway', 'link', 'weight', 'onlink'];
const SPEC = [
  ...[
    'destination',
    'prefixLength',
    'family',
    'type',
    'gateway',
    'link',
    'onlink',
    'nexthops',
    'table',
    'metric',
  ],
  ...['protocol', 'scope', 'source', 'tos', 'from', 'fromLength', 'expires', 'preference', 'locked'],
  'nexthopId',
  ...METRIC_NAMES,
];
/** What a listed route says beside. */
const STATE = ['dead', 'offload', 'linkdown', 'unresolved', 'trap'];
const SAID = [...STATE, 'error', 'realms', 'mark', 'uid', 'inputLink', 'cloned', 'encap'];
const REMEDIES = {
  EEXIST: 'There is such a route already',
  ENETUNREACH: 'No address of a link says how the gateway is reached: give the link, and onlink',
  ENETDOWN: 'The link must be up',
  ESRCH: 'There is no such route',
  ENODEV: 'There is no such link',
};

/** Makes a route: `ip route add`. Throws SpecError. */
export function addRoute(spec: RouteSpec): NetlinkRequest {
  return makeRoute(spec, NLM_F.CREATE | NLM_F.EXCL, 'add');
}

/** Makes a route in the place of one with the same destination, metric and table: `ip route replace`. Throws SpecError. */
export function replaceRoute(spec: RouteSpec): NetlinkRequest {
  return makeRoute(spec, NLM_F.CREATE | NLM_F.REPLACE, 'replace');
}

/** Makes a further route beside those to the same destination: `ip route append`. Throws SpecError. */
export function appendRoute(spec: RouteSpec): NetlinkRequest {
  return makeRoute(spec, NLM_F.CREATE | NLM_F.APPEND, 'append');
}

/** Removes the first route that has all that is said: `ip route delete`. Throws SpecError. */
export function removeRoute(target: RouteTarget): NetlinkRequest {
  const unspecified = { type: 0, scope: familyOf(target) === 4 ? SCOPES.nowhere : 0, protocol: 0 };
  return {
    type: RTM.DELROUTE,
    flags: 0,
    body: routeBody(target, unspecified, [...SPEC, ...SAID]),
    what: `remove ${textOf(target)}`,
    remedies: REMEDIES,
  };
}

/** A nexthop object says the way, and the kernel takes none beside it; a listed route has both. */
function withOneWay(spec: RouteSpec): RouteSpec {
  if (spec.nexthopId === undefined) return spec;
  const { gateway: _, link: __, onlink: ___, nexthops: ____, ...rest } = spec;
  return { family: familyOf(spec) === 4 ? 'inet' : 'inet6', ...rest };
}

function makeRoute(spec: RouteSpec, flags: number, verb: string): NetlinkRequest {
  const type = numberOf(ROUTE_TYPES, spec.type ?? 'unicast', 0xff, 'type');
  const defaults = { type, scope: scopeOf(spec, type), protocol: ROUTE_PROTOCOLS.boot };
  const body = routeBody(spec, defaults);
  return { type: RTM.NEWROUTE, flags, body, what: `${verb} ${textOf(spec)}`, remedies: REMEDIES };
}

/** What ip-route(8) chooses. */
function scopeOf(spec: RouteSpec, type: number): number {
  if (familyOf(spec) === 16) return SCOPES.global;
  if (type === ROUTE_TYPES.local || type === ROUTE_TYPES.nat) return SCOPES.host;
  const onLink: readonly number[] = [ROUTE_TYPES.broadcast, ROUTE_TYPES.multicast, ROUTE_TYPES.anycast];
  if (onLink.includes(type)) return SCOPES.link;
  const ways = [spec.gateway, spec.nexthops, spec.nexthopId];
  const direct = ways.every((way) => way === undefined);
  return direct && (type === ROUTE_TYPES.unicast || type === ROUTE_TYPES.unspec)
    ? SCOPES.link
    : SCOPES.global;
}

const LOCAL_TYPES: readonly number[] = [
  ROUTE_TYPES.local,
  ROUTE_TYPES.broadcast,
  ROUTE_TYPES.nat,
  ROUTE_TYPES.anycast,
];

interface Defaults {
  readonly type: number;
  readonly scope: number;
  readonly protocol: number;
}

function routeBody(given: RouteSpec, defaults: Defaults, names: readonly string[] = SPEC): Uint8Array {
  checkNames(given, names, '');
  const spec = withOneWay(given);
  const size = familyOf(spec);
  const type = spec.type === undefined ? defaults.type : numberOf(ROUTE_TYPES, spec.type, 0xff, 'type');
  const table = numberOf(TABLES, spec.table ?? tableOf(size, type), 0xffffffff, 'table');
  const writer = new Writer().raw(routeHeader(spec, { ...defaults, type, table, size }));
  writeAddresses(writer, spec, size);
  if (spec.metric !== undefined) writer.u32(RTA.PRIORITY, checkInteger(spec.metric, 0xffffffff, 'metric'));
  if (table > 0xff) writer.u32(RTA.TABLE, table);
  if (spec.preference !== undefined)
    writer.u8(RTA.PREF, numberOf(PREFERENCES, spec.preference, 3, 'preference'));
  if (spec.expires !== undefined) writer.u32(RTA.EXPIRES, checkInteger(spec.expires, 0xffffffff, 'expires'));
  if (spec.link !== undefined) writer.u32(RTA.OIF, checkIndex(spec.link, 'link'));
  writeMetrics(writer, spec);
  if (spec.nexthops !== undefined) writeNexthops(writer, spec.nexthops, size);
  if (spec.nexthopId !== undefined)
    writer.u32(RTA.NH_ID, checkInteger(spec.nexthopId, 0xffffffff, 'nexthopId', 1));
  return writer.bytes;
}

const tableOf = (size: number, type: number): number =>
  size === 4 && LOCAL_TYPES.includes(type) ? TABLES.local : TABLES.main;

/** struct rtmsg. */
function routeHeader(spec: RouteSpec, chosen: Defaults & { table: number; size: number }): Buffer {
  const { type, table, size } = chosen;
  const { scope = chosen.scope, protocol = chosen.protocol, onlink = false } = spec;
  const header = Buffer.alloc(12);
  header.writeUInt8(size === 4 ? AF.INET : AF.INET6, 0);
  header.writeUInt8(lengthOf(spec.destination, spec.prefixLength, size, 'prefixLength'), 1);
  header.writeUInt8(lengthOf(spec.from, spec.fromLength, size, 'fromLength'), 2);
  header.writeUInt8(checkInteger(spec.tos ?? 0, 0xff, 'tos'), 3);
  header.writeUInt8(table > 0xff ? 0 : table, 4);
  header.writeUInt8(numberOf(ROUTE_PROTOCOLS, protocol, 0xff, 'protocol'), 5);
  header.writeUInt8(numberOf(SCOPES, scope, 0xff, 'scope'), 6);
  header.writeUInt8(type, 7);
  header.writeUInt32LE(checkBoolean(onlink, 'onlink') ? RTNH_F_ONLINK : 0, 8);
  return header;
}

function lengthOf(
  address: string | undefined,
  length: number | undefined,
  size: number,
  name: string,
): number {
  if (address === undefined && (length ?? 0) !== 0) throw new SpecError(name, 'is there without an address');
  return checkInteger(length ?? (address === undefined ? 0 : 8 * size), 8 * size, name);
}

/** 4 or 16: the bytes of an address. Throws SpecError. */
function familyOf(spec: RouteSpec): 4 | 16 {
  if (spec.family !== undefined && spec.family !== 'inet' && spec.family !== 'inet6')
    throw new SpecError('family', `${JSON.stringify(spec.family)} is neither inet nor inet6`);
  if (spec.family !== undefined) return spec.family === 'inet' ? 4 : 16;
  for (const name of ['destination', 'from', 'source', 'gateway'] as const)
    if (spec[name] !== undefined) return checkedIpBytes(spec[name], name).length as 4 | 16;
  const gateway = spec.nexthops?.find((hop) => hop.gateway !== undefined)?.gateway;
  return gateway === undefined ? 4 : (checkedIpBytes(gateway, 'nexthops').length as 4 | 16);
}

function writeAddresses(writer: AttributeWriter, spec: RouteSpec, size: number): void {
  const { destination, from, gateway, source } = spec;
  if (destination !== undefined) writer.bytesOf(RTA.DST, ofFamily(destination, size, 'destination'));
  if (from !== undefined) writer.bytesOf(RTA.SRC, ofFamily(from, size, 'from'));
  if (gateway !== undefined) writeGateway(writer, gateway, size, 'gateway');
  if (source !== undefined) writer.bytesOf(RTA.PREFSRC, ofFamily(source, size, 'source'));
}

/** A gateway of the other family is struct rtvia. */
function writeGateway(writer: AttributeWriter, gateway: string, size: number, name: string): void {
  const bytes = checkedIpBytes(gateway, name);
  if (bytes.length === size) writer.bytesOf(RTA.GATEWAY, bytes);
  else
    writer.bytesOf(
      RTA.VIA,
      Buffer.concat([Uint8Array.of(bytes.length === 4 ? AF.INET : AF.INET6, 0), bytes]),
    );
}

export function ofFamily(address: string, size: number, name: string): Uint8Array {
  const bytes = checkedIpBytes(address, name);
  if (bytes.length === size) return bytes;
  throw new SpecError(name, `${address} is not of the family of the route, ${size === 4 ? 'inet' : 'inet6'}`);
}

function writeMetrics(writer: AttributeWriter, spec: RouteSpec): void {
  const there = METRIC_NAMES.filter((name) => spec[name] !== undefined);
  if (there.length === 0 && spec.locked === undefined) return;
  const metrics = Object.fromEntries(there.map((name) => [name, spec[name]]));
  writer.nest(RTA.METRICS, (inner) => {
    writeFields(inner, METRICS, metrics, '');
    if (spec.locked === undefined) return;
    const bits = spec.locked.map((name, i) => 1 << numberOf(LOCKS, name, 31, `locked[${i}]`));
    inner.u32(
      RTAX_LOCK,
      bits.reduce((sum, bit) => sum | bit, 0),
    );
  });
}

/** Each is struct rtnexthop with attributes behind it; its length stands in it as that of an attribute would. */
function writeNexthops(writer: AttributeWriter, nexthops: readonly NexthopSpec[], size: number): void {
  if (!Array.isArray(nexthops)) throw new SpecError('nexthops', 'must be an array');
  writer.nest(RTA.MULTIPATH, (list) => {
    for (const [i, hop] of nexthops.entries()) {
      const path = `nexthops[${i}]`;
      checkNames(hop, [...WAY, ...STATE], path);
      const flags = checkBoolean(hop.onlink ?? false, join(path, 'onlink')) ? RTNH_F_ONLINK : 0;
      const others = checkInteger(hop.weight ?? 1, 256, join(path, 'weight'), 1) - 1;
      list.nest(flags | (others << 8), (inner) => {
        const index = hop.link === undefined ? 0 : checkIndex(hop.link, join(path, 'link'));
        inner.raw(new Uint8Array(new Uint32Array([index]).buffer));
        if (hop.gateway !== undefined) writeGateway(inner, hop.gateway, size, join(path, 'gateway'));
      });
    }
  });
}

function textOf({ destination, prefixLength, gateway, type }: RouteSpec): string {
  const place = destination === undefined ? 'default' : destination;
  const words = ['route', type, prefixLength === undefined ? place : `${place}/${prefixLength}`];
  return [...words, gateway && `via ${gateway}`]
    .filter((word) => word !== undefined && word !== '')
    .join(' ');
}
