/** Our objects as the commands of iproute2 print them with `-json -details`. */
import type { Address, Neighbor, Qdisc, Route, Rule } from '../../src/index.js';
import { type Json, type LinkNames, without } from './as-ip-links.js';

const FOREVER = 4294967295;
const TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' };
const table = (number: number): string => TABLES[number] ?? String(number);
const hexByte = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;
const flag = (value: true | boolean | undefined): null | undefined => (value ? null : undefined);

export function asIpAddress(address: Address): Json {
  return without({
    family: address.family,
    local: address.address,
    address: address.peer,
    prefixlen: address.prefixLength,
    metric: address.metric,
    broadcast: address.broadcast,
    anycast: address.anycast,
    scope: String(address.scope),
    dynamic: address.permanent ? undefined : true,
    ...{ secondary: address.secondary, temporary: address.temporary, tentative: address.tentative },
    ...{ deprecated: address.deprecated, dadfailed: address.dadFailed, nodad: address.noDad },
    ...{ optimistic: address.optimistic, home: address.homeAddress, mngtmpaddr: address.manageTemporary },
    ...{ noprefixroute: address.noPrefixRoute, autojoin: address.autoJoin },
    'stable-privacy': address.stablePrivacy,
    label: address.label,
    valid_life_time: address.validLifetime ?? FOREVER,
    preferred_life_time: address.preferredLifetime ?? FOREVER,
  });
}

const WAY = ['dead', 'onlink', 'offload', 'linkdown', 'unresolved', 'trap'] as const;

function prefix(address: string, length: number): string {
  if (length === 0) return 'default';
  return length === (address.includes(':') ? 128 : 32) ? address : `${address}/${length}`;
}

function gateway(address: string | undefined, family: Route['family']): Json {
  if (address === undefined) return {};
  const own = address.includes(':') ? 'inet6' : 'inet';
  return own === family ? { gateway: address } : { via: { family: own, host: address } };
}

const realms = (value: number): Json => ({
  ...(value >>> 16 === 0 ? {} : { from: String(value >>> 16) }),
  to: String(value & 0xffff),
});

export function asIpRoute(route: Route, names: LinkNames): Json {
  const hops = route.nexthops?.map((hop) => ({
    ...gateway(hop.gateway, route.family),
    dev: names.get(hop.link ?? 0),
    weight: hop.weight,
    flags: WAY.filter((name) => hop[name]),
  }));
  return without({
    type: route.type,
    dst: prefix(route.destination, route.prefixLength),
    from: route.from === undefined ? undefined : prefix(route.from, route.fromLength ?? 0),
    tos: route.tos === undefined ? undefined : hexByte(route.tos),
    ...gateway(route.gateway, route.family),
    dev: route.link === undefined ? undefined : names.get(route.link),
    table: table(route.table),
    protocol: String(route.protocol),
    scope: String(route.scope),
    prefsrc: route.source,
    metric: route.metric,
    flags: WAY.filter((name) => route[name]),
    flow: route.realms === undefined ? undefined : realms(route.realms),
    metrics: metricsOf(route),
    expires: route.expires,
    pref: route.preference,
    nexthops: hops,
  });
}

function metricsOf(route: Route): Json[] | undefined {
  const metrics = without({
    mtu: route.mtu,
    window: route.window,
    rtt: route.rtt === undefined ? undefined : route.rtt / 8,
    rttvar: route.rttvar === undefined ? undefined : route.rttvar / 4,
    ssthresh: route.ssthresh,
    cwnd: route.cwnd,
    advmss: route.advmss,
    reordering: route.reordering,
    hoplimit: route.hoplimit,
    initcwnd: route.initcwnd,
    ecn: (route.features ?? 0) & 1 ? null : undefined,
    rto_min: route.rtoMin,
    initrwnd: route.initrwnd,
    quickack: route.quickack === undefined ? undefined : Number(route.quickack),
    congestion: route.congctl,
  });
  return Object.keys(metrics).length === 0 ? undefined : [metrics];
}

const PROTOCOLS: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp' };

export function asIpRule(rule: Rule): Json {
  const bits = rule.family === 'inet' ? 32 : 128;
  const length = (value: number | undefined): number | undefined => (value === bits ? undefined : value);
  const action = { table: undefined, goto: undefined, nop: undefined }[rule.action as string] ?? rule.action;
  const simple = ['table', 'goto', 'nop'].includes(String(rule.action));
  return without({
    priority: rule.priority,
    not: flag(rule.not),
    src: rule.from ?? 'all',
    srclen: length(rule.fromLength),
    dst: rule.to,
    dstlen: length(rule.toLength),
    tos: rule.tos === undefined ? undefined : hexByte(rule.tos),
    fwmark: rule.fwmark === undefined ? undefined : `0x${rule.fwmark.toString(16)}`,
    fwmask: rule.fwmask === undefined ? undefined : `0x${rule.fwmask.toString(16)}`,
    iif: rule.inputLink,
    iif_detached: flag(rule.inputDetached),
    oif: rule.outputLink,
    oif_detached: flag(rule.outputDetached),
    l3mdev: flag(rule.l3mdev),
    uid_start: rule.uids?.first,
    uid_end: rule.uids?.last,
    ipproto: rule.ipProtocol === undefined ? undefined : PROTOCOLS[rule.ipProtocol],
    ...ports('sport', rule.sourcePorts),
    ...ports('dport', rule.destinationPorts),
    tun_id: rule.tunnelId === undefined ? undefined : Number(rule.tunnelId),
    table: rule.table === undefined ? undefined : table(rule.table),
    suppress_prefixlen: rule.suppressPrefixLength,
    suppress_ifgroup: rule.suppressGroup === undefined ? undefined : String(rule.suppressGroup),
    goto: rule.target,
    unresolved: flag(rule.unresolved),
    nop: rule.action === 'nop' ? null : undefined,
    action: simple ? undefined : action,
    protocol: String(rule.protocol),
  });
}

function ports(name: string, range: Rule['sourcePorts']): Json {
  if (range === undefined) return {};
  if (range.first === range.last) return { [name]: range.first };
  return { [`${name}_start`]: range.first, [`${name}_end`]: range.last };
}

/** How long ago something was goes on and is left out: whole seconds in the one, hundredths in the other. */
export function asIpNeighbor(neighbor: Neighbor, names: LinkNames): Json {
  const ages = neighbor.used !== undefined;
  return without({
    dst: neighbor.address,
    dev: names.get(neighbor.link),
    lladdr: neighbor.lladdr,
    router: flag(neighbor.router),
    proxy: flag(neighbor.proxy),
    managed: flag(neighbor.managed),
    extern_learn: flag(neighbor.externLearn),
    offload: flag(neighbor.offloaded),
    refcnt: neighbor.references || undefined,
    ...(ages ? { used: 0, confirmed: 0, updated: 0 } : {}),
    probes: neighbor.probes,
    state: neighbor.proxy ? undefined : [String(neighbor.state).toUpperCase()],
    protocol: neighbor.protocol,
  });
}

const FDB_STATES: Readonly<Record<string, string>> = {
  permanent: 'permanent',
  noarp: 'static',
  reachable: '',
};

export function asIpFdb(entry: Neighbor, names: LinkNames): Json {
  const ages = entry.used !== undefined;
  const flags = {
    self: entry.self,
    extern_learn: entry.externLearn,
    offload: entry.offloaded,
    sticky: entry.sticky,
  };
  return without({
    mac: entry.lladdr,
    ifname: names.get(entry.link),
    dst: entry.address,
    vlan: entry.vlan,
    port: entry.port,
    vni: entry.vni,
    src_vni: entry.sourceVni,
    viaIf: entry.via === undefined ? undefined : names.get(entry.via),
    ...(ages ? { used: 0, updated: 0 } : {}),
    flags: Object.entries(flags).flatMap(([name, set]) => (set ? [name] : [])),
    master: entry.bridge === undefined ? undefined : names.get(entry.bridge),
    state: FDB_STATES[entry.state],
  });
}

export function asIpQdisc(qdisc: Qdisc, names: LinkNames): Json {
  const s = qdisc.statistics;
  return without({
    kind: qdisc.kind,
    handle: qdisc.handle,
    dev: names.get(qdisc.link),
    root: qdisc.parent === 'root' ? true : undefined,
    parent: qdisc.parent === 'root' ? undefined : qdisc.parent,
    refcnt: qdisc.references === 1 ? undefined : qdisc.references,
    options: optionsOf(qdisc),
    ...(s && {
      ...{ bytes: s.bytes, packets: s.packets, drops: s.drops, overlimits: s.overlimits },
      ...{ requeues: s.requeues, backlog: s.backlog, qlen: s.queueLength },
    }),
  });
}

function optionsOf({ tbf, fifo }: Qdisc): Json {
  if (fifo !== undefined) return { limit: fifo.limit };
  if (tbf === undefined) return {};
  return without({
    rate: tbf.rate,
    burst: tbf.burst,
    minburst: tbf.mtu,
    lat: tbf.latency,
    limit: tbf.latency === undefined ? tbf.limit : undefined,
    overhead: tbf.overhead || undefined,
  });
}
