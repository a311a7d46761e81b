/** The nf_tables rules of a network, in two tables of its own: pure functions of what it is. */
import { SpecError } from '../foundation/errors.js';
import { familyOf, isMulticast } from '../foundation/ip.js';
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  type BaseChain,
  type Change,
  deleteElements,
  deleteTable,
  type SetSpec,
} from '../nftables/change.js';
import type { Element } from '../nftables/element.js';
import type { Expression } from '../nftables/expression.js';
import { accept, dnat, drop, jump, lookup, masquerade, match } from '../nftables/expressions.js';
import type { TableName } from '../nftables/family.js';
import type { MemberRecord, NetworkRecord, ResolvedPort } from './records.js';
import { BRIDGE_LINKS, MEMBER_LINKS, TUNNEL_LINKS, VXLAN_PORT } from './wiring.js';

/** Bridges of all networks. */
export const BRIDGES = `${BRIDGE_LINKS}*`;
const LOOPBACK = '127.0.0.0/8';
const PRIORITY = { first: -300, dnat: -100, filter: 0, srcnat: 100 } as const;

/** Reports of multicast groups, and what only routers say (RFC 4890): every port of the bridge would hear each of them. */
const FORBIDDEN_ICMPV6 = ['mld-listener-query', 'mld-listener-report', 'mld-listener-done'].concat(
  ['nd-router-solicit', 'nd-router-advert', 'mld2-listener-report'], // 130 to 134 and 143
);

/**
 * What is behind a first VLAN tag, which the kernel has taken off by then. Tags of number 0 mean nothing: it takes off a second one,
 * too, when nobody looks any more, and has such a frame as if it had come without.
 */
const TAGGED = ['vlan', 0x88a8];

const tableOf = ({ bridge }: NetworkRecord): TableName => ({ family: 'inet', name: bridge.name });
const bridgeTableOf = ({ bridge }: NetworkRecord): TableName => ({ family: 'bridge', name: bridge.name });

export const tablesOf = (network: NetworkRecord): TableName[] => [
  tableOf(network),
  ...(network.linkLocal6 ? [bridgeTableOf(network)] : []),
];

/** Everything that a network has before any port is published. */
export function networkRules(network: NetworkRecord): Change[] {
  const table = tableOf(network);
  const chain = (name: string, base: BaseChain | undefined, rules: readonly Expression[][]): Change[] => [
    addChain({ table, name, ...base }),
    ...rules.map((expressions) => addRule({ table, chain: name, expressions })),
  ];
  const nat = (hook: BaseChain['hook'], priority: number): BaseChain => ({ type: 'nat', hook, priority });
  const filter = (hook: BaseChain['hook'], priority: number): BaseChain => ({
    type: 'filter',
    hook,
    priority,
  });
  return [
    ...removeNetworkRules(network), // what a crash may have left
    addTable(table),
    ...Object.values(portMaps(network)).map((map) => addSet(map)),
    ...chain('spoofed', filter('prerouting', PRIORITY.first), spoofedRules(network)),
    ...chain('ports', undefined, portRules()),
    ...chain('published', nat('prerouting', PRIORITY.dnat), ARRIVING),
    ...chain('published-here', nat('output', PRIORITY.dnat), [[jump('ports')]]),
    ...chain('forward', filter('forward', PRIORITY.filter), forwardRules(network)),
    ...chain('leaving', nat('postrouting', PRIORITY.srcnat), leavingRules(network)),
    ...(network.vxlan === undefined
      ? []
      : chain('tunnel', filter('input', PRIORITY.first), tunnelRules(network.vxlan))),
    ...(network.linkLocal6 ? bridgeRules(network) : []),
  ];
}

/** Works whether they are there or not, and before Linux 6.3 too. */
export function removeNetworkRules(network: NetworkRecord): Change[] {
  return tablesOf(network).flatMap((table) => [addTable(table), deleteTable(table)]);
}

/** The bridge routes to loopback addresses, for published ports: nobody else may use that. */
function spoofedRules({ bridge }: NetworkRecord): Expression[][] {
  return [
    [match('iifname', bridge.name), match('ip daddr', LOOPBACK), drop()],
    [match('iifname', bridge.name), match('ip saddr', LOOPBACK), drop()],
  ];
}

/** To 127.0.0.0/8 only the host itself sends: what comes in with such an address is a neighbour's, who would reach what is published there alone. */
const ARRIVING: Expression[][] = [[match('ip daddr', LOOPBACK), accept()], [jump('ports')]];

/** The kernel routes nothing from ::1, so that a published port is refused there instead of left without an answer. */
function portRules(): Expression[][] {
  const to = (
    map: MapName,
    address: 'ipv4_addr' | 'ipv6_addr',
    at?: 'ip daddr' | 'ip6 daddr',
  ): Expression[] => [
    match('meta nfproto', address === 'ipv4_addr' ? 'ipv4' : 'ipv6'),
    dnat({
      selectors: ['meta l4proto', ...(at === undefined ? [] : [at]), 'th dport'],
      map,
      gives: [address, 'inet_service'],
    }),
  ];
  return [
    [match('fib daddr type', '!=', 'local'), accept()],
    [match('ip6 daddr', '::1'), accept()],
    to('ports4-at', 'ipv4_addr', 'ip daddr'),
    to('ports4', 'ipv4_addr'),
    to('ports6-at', 'ipv6_addr', 'ip6 daddr'),
    to('ports6', 'ipv6_addr'),
  ];
}

/** Nothing gets in but answers and what is published, unless members' own addresses are known outside. */
function forwardRules({ bridge, internal, isolated, masquerade: masked }: NetworkRecord): Expression[][] {
  const out = match('oifname', bridge.name);
  const from = match('iifname', bridge.name);
  return [
    ...(internal ? [[from, match('oifname', '!=', bridge.name), drop()]] : []),
    [out, match('ct state', 'established,related'), accept()],
    [out, match('ct status', 'dnat'), accept()],
    ...(isolated ? [] : [[out, from, accept()]]),
    ...(masked || internal ? [[out, drop()]] : [[out, match('iifname', BRIDGES), drop()]]),
  ];
}

function leavingRules({ bridge, subnet, subnet6, masquerade: masked }: NetworkRecord): Expression[][] {
  const out = match('oifname', bridge.name);
  const beyond = match('oifname', '!=', bridge.name);
  const sources = [
    ...(subnet === undefined ? [] : [match('ip saddr', subnet)]),
    ...(subnet6 === undefined ? [] : [match('ip6 saddr', subnet6)]),
  ];
  return [
    ...(masked ? sources.map((source) => [source, beyond, masquerade()]) : []),
    ...sources.map((source) => [source, out, match('ct status', 'dnat'), masquerade()]),
    [out, match('ip saddr', LOOPBACK), masquerade()],
  ];
}

/**
 * The kernel takes a VXLAN packet of the right number from whoever sends it, and would so let members of all networks, and all
 * who reach the host, into this one. Other numbers are other tunnels, and so is the same one by the other family.
 */
function tunnelRules({ id, remote, port = VXLAN_PORT }: NonNullable<NetworkRecord['vxlan']>): Expression[][] {
  const v4 = familyOf(remote) === 'inet';
  const ours = [
    match('meta nfproto', v4 ? 'ipv4' : 'ipv6'),
    match('udp dport', port),
    match('@th,96,24', id),
  ];
  return [
    [...ours, match('iifname', BRIDGES), drop()],
    ...(isMulticast(remote) ? [] : [[...ours, match(v4 ? 'ip saddr' : 'ip6 saddr', '!=', remote), drop()]]),
  ];
}

/** Also without a subnet of IPv6: the host and members take the word of who says that he is their router all the same. */
function bridgeRules(network: NetworkRecord): Change[] {
  const table = bridgeTableOf(network);
  // of any network, which all want the same
  const ports = [MEMBER_LINKS, ...(network.vxlan === undefined ? [] : [TUNNEL_LINKS])];
  const rules = (...expressions: Expression[]): Change[] =>
    ports.map((port) =>
      addRule({
        ...{ table, chain: 'members' },
        expressions: [match('iifname', `${port}*`), ...expressions, drop()],
      }),
    );
  return [
    addTable(table),
    addChain({ table, name: 'members', type: 'filter', hook: 'prerouting', priority: PRIORITY.first }),
    ...rules(lookup('meta protocol', TAGGED)),
    ...rules(lookup('icmpv6 type', FORBIDDEN_ICMPV6)),
    ...rules(match('ip6 saddr', '::'), match('icmpv6 type', 'nd-neighbor-solicit')), // duplicate address detection
  ];
}

type MapName = 'ports4' | 'ports4-at' | 'ports6' | 'ports6-at';

/** Published ports: on all addresses, and on one. */
function portMaps(network: NetworkRecord): Record<MapName, SetSpec> {
  const table = tableOf(network);
  const map = (name: MapName, address: 'ipv4_addr' | 'ipv6_addr'): SetSpec => ({
    ...{ table, name, map: [address, 'inet_service'] },
    type: name.endsWith('-at') ? ['inet_proto', address, 'inet_service'] : ['inet_proto', 'inet_service'],
  });
  return {
    ports4: map('ports4', 'ipv4_addr'),
    'ports4-at': map('ports4-at', 'ipv4_addr'),
    ports6: map('ports6', 'ipv6_addr'),
    'ports6-at': map('ports6-at', 'ipv6_addr'),
  };
}

export function publishedRules(network: NetworkRecord, member: MemberRecord): Change[] {
  return portElements(network, member).map(({ map, elements }) => addElements(map, elements));
}

/** Works whether they are there or not: what is added first can be deleted. */
export function unpublishedRules(network: NetworkRecord, member: MemberRecord): Change[] {
  return portElements(network, member).flatMap(({ map, elements }) => [
    addElements(map, elements),
    deleteElements(map, elements),
  ]);
}

function portElements(network: NetworkRecord, member: MemberRecord): { map: SetSpec; elements: Element[] }[] {
  const maps = portMaps(network);
  return (Object.keys(maps) as MapName[])
    .map((name) => ({
      map: maps[name],
      elements: member.ports.flatMap((port) => elementOf(name, port, member)),
    }))
    .filter(({ elements }) => elements.length > 0);
}

function elementOf(name: MapName, port: ResolvedPort, member: MemberRecord): Element[] {
  const address = name.startsWith('ports4') ? member.address : member.address6;
  if (address === undefined || !mapNames(port).includes(name)) return [];
  const { protocol, hostAddress, hostPort } = port;
  const key = name.endsWith('-at') ? [protocol, hostAddress as string, hostPort] : [protocol, hostPort];
  return [{ key, data: [address, port.port] }];
}

function mapNames({ hostAddress }: ResolvedPort): MapName[] {
  if (hostAddress === undefined) return ['ports4', 'ports6'];
  if (hostAddress === '0.0.0.0') return ['ports4'];
  if (hostAddress === '::') return ['ports6'];
  return [familyOf(hostAddress) === 'inet' ? 'ports4-at' : 'ports6-at'];
}

/** A port of an IPv4 address cannot lead to a member that has none. Throws SpecError. */
export function checkPortFamilies(member: Pick<MemberRecord, 'address' | 'address6' | 'ports'>): void {
  for (const { hostAddress, hostPort } of member.ports) {
    if (hostAddress === undefined) continue;
    const v4 = familyOf(hostAddress) === 'inet';
    if ((v4 ? member.address : member.address6) === undefined)
      throw new SpecError(
        'publish',
        `${hostAddress} port ${hostPort}: the network has no ${v4 ? 'IPv4' : 'IPv6'}`,
      );
  }
}
