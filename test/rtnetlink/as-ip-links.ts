/** Our objects as `ip -json -details -statistics link` prints them. */
import type { Link } from '../../src/index.js';

export type Json = { [name: string]: unknown };
/** Names of links by their index. */
export type LinkNames = ReadonlyMap<number, string>;

/** Without what is undefined. */
export const without = (json: Json): Json =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));

const FLAG_ORDER =
  'LOOPBACK BROADCAST POINTOPOINT MULTICAST NOARP ALLMULTI PROMISC MASTER SLAVE DEBUG DYNAMIC AUTOMEDIA PORTSEL NOTRAILERS UP LOWER_UP DORMANT ECHO';

function flagsOf(link: Link): string[] {
  const noCarrier = link.up && !link.flags.includes('RUNNING');
  return [
    ...(noCarrier ? ['NO-CARRIER'] : []),
    ...FLAG_ORDER.split(' ').filter((flag) => (link.flags as readonly string[]).includes(flag)),
  ];
}

const digit = (value: boolean | undefined): number | undefined =>
  value === undefined ? undefined : Number(value);
const upper = (value: string | number | undefined): unknown =>
  typeof value === 'string' ? value.toUpperCase() : value;
/** As a timer is printed; that it goes on is none of the test's business. */
const timer = (value: number | undefined): number | undefined => (value === undefined ? undefined : 0);
const bridgeId = (value: string | undefined): string | undefined =>
  value?.replace(/\.(.*)/, (_, mac: string) => `.${mac.replaceAll(/(^|:)0/g, '$1')}`);
const hex = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `0x${value.toString(16)}`;
const hexWord = (value: number | undefined): string | undefined => value?.toString(16);

export function asIpLink(link: Link, names: LinkNames): Json {
  const same = link.linkNetnsId === undefined;
  return without({
    ifindex: link.index,
    link: same && link.link !== undefined ? (names.get(link.link) ?? undefined) : undefined,
    link_index: same ? undefined : link.link,
    ifname: link.name,
    flags: flagsOf(link),
    mtu: link.mtu,
    qdisc: link.qdisc,
    master: link.master === undefined ? undefined : names.get(link.master),
    operstate: upper(link.operState),
    linkmode: upper(link.linkMode),
    group: link.group === 0 ? 'default' : String(link.group),
    txqlen: link.txQueueLength,
    link_type: link.linkType,
    address: link.address,
    broadcast: link.broadcast,
    permaddr: link.permanentAddress,
    link_netnsid: link.linkNetnsId,
    promiscuity: link.promiscuity,
    allmulti: link.allMulti,
    min_mtu: link.minMtu,
    max_mtu: link.maxMtu,
    linkinfo: infoOf(link, names),
    inet6_addr_gen_mode: link.addrGenMode,
    num_tx_queues: link.txQueues,
    num_rx_queues: link.rxQueues,
    gso_max_size: link.gsoMaxSize,
    gso_max_segs: link.gsoMaxSegments,
    tso_max_size: link.tsoMaxSize,
    tso_max_segs: link.tsoMaxSegments,
    gro_max_size: link.groMaxSize,
    phys_port_name: link.physicalPortName,
    parentbus: link.parentBus,
    parentdev: link.parentDevice,
    ifalias: link.alias,
    stats64: statisticsOf(link),
    altnames: link.altNames.length === 0 ? undefined : link.altNames,
  });
}

function statisticsOf({ statistics: s = {}, carrierChanges }: Link): Json {
  return {
    rx: {
      ...{ bytes: s.rxBytes, packets: s.rxPackets, errors: s.rxErrors, dropped: s.rxDropped },
      ...{ over_errors: s.rxOverErrors, multicast: s.multicast, length_errors: s.rxLengthErrors },
      ...{ crc_errors: s.rxCrcErrors, frame_errors: s.rxFrameErrors, fifo_errors: s.rxFifoErrors },
      missed_errors: s.rxMissedErrors,
      ...(s.rxNohandler ? { nohandler: s.rxNohandler } : {}),
    },
    tx: {
      ...{ bytes: s.txBytes, packets: s.txPackets, errors: s.txErrors, dropped: s.txDropped },
      ...{ carrier_errors: s.txCarrierErrors, collisions: s.collisions, aborted_errors: s.txAbortedErrors },
      ...{ fifo_errors: s.txFifoErrors, window_errors: s.txWindowErrors },
      ...{ heartbeat_errors: s.txHeartbeatErrors, carrier_changes: carrierChanges },
    },
  };
}

function infoOf(link: Link, names: LinkNames): Json | undefined {
  if (link.kind === undefined && link.portKind === undefined) return undefined;
  return without({
    info_kind: link.kind,
    info_data: dataOf(link, names),
    info_slave_kind: link.portKind,
    info_slave_data: portOf(link, names),
  });
}

function dataOf(link: Link, names: LinkNames): Json | undefined {
  if (link.bridge !== undefined) return bridgeOf(link.bridge);
  if (link.vxlan !== undefined) return vxlanOf(link.vxlan, names);
  if (link.macvlan !== undefined) return macvlanOf(link.macvlan);
  if (link.vlan !== undefined) return vlanOf(link.vlan);
  if (link.ipvlan !== undefined) return { mode: link.ipvlan.mode, mode_flag: link.ipvlan.flag };
  return link.tun === undefined ? undefined : tunOf(link.tun);
}

function bridgeOf(bridge: NonNullable<Link['bridge']>): Json {
  const options = bridge.booleanOptions;
  return without({
    forward_delay: bridge.forwardDelay,
    hello_time: bridge.helloTime,
    max_age: bridge.maxAge,
    ageing_time: bridge.ageingTime,
    stp_state: digit(bridge.stp),
    priority: bridge.priority,
    vlan_filtering: digit(bridge.vlanFiltering),
    vlan_protocol: bridge.vlanProtocol,
    bridge_id: bridgeId(bridge.bridgeId),
    root_id: bridgeId(bridge.rootId),
    root_port: bridge.rootPort,
    root_path_cost: bridge.rootPathCost,
    topology_change: digit(bridge.topologyChange),
    topology_change_detected: digit(bridge.topologyChangeDetected),
    hello_timer: timer(bridge.helloTimer),
    tcn_timer: timer(bridge.tcnTimer),
    topology_change_timer: timer(bridge.topologyChangeTimer),
    gc_timer: timer(bridge.gcTimer),
    vlan_default_pvid: bridge.vlanDefaultPvid,
    vlan_stats_enabled: digit(bridge.vlanStats),
    vlan_stats_per_port: digit(bridge.vlanStatsPerPort),
    group_fwd_mask: hexWord(bridge.groupForwardMask),
    group_addr: bridge.groupAddress,
    mcast_snooping: digit(bridge.multicastSnooping),
    no_linklocal_learn: digit(options?.noLinkLocalLearn),
    mcast_vlan_snooping: digit(options?.multicastVlanSnooping),
    mcast_router: bridge.multicastRouter,
    mcast_query_use_ifaddr: digit(bridge.multicastQueryUseInterfaceAddress),
    mcast_querier: digit(bridge.multicastQuerier),
    mcast_hash_elasticity: bridge.multicastHashElasticity,
    mcast_hash_max: bridge.multicastHashMax,
    mcast_last_member_cnt: bridge.multicastLastMemberCount,
    mcast_startup_query_cnt: bridge.multicastStartupQueryCount,
    mcast_last_member_intvl: bridge.multicastLastMemberInterval,
    mcast_membership_intvl: bridge.multicastMembershipInterval,
    mcast_querier_intvl: bridge.multicastQuerierInterval,
    mcast_query_intvl: bridge.multicastQueryInterval,
    mcast_query_response_intvl: bridge.multicastQueryResponseInterval,
    mcast_startup_query_intvl: bridge.multicastStartupQueryInterval,
    mcast_stats_enabled: digit(bridge.multicastStats),
    mcast_igmp_version: bridge.multicastIgmpVersion,
    mcast_mld_version: bridge.multicastMldVersion,
    nf_call_iptables: digit(bridge.nfCallIptables),
    nf_call_ip6tables: digit(bridge.nfCallIp6tables),
    nf_call_arptables: digit(bridge.nfCallArptables),
  });
}

function portOf({ bridgePort: port }: Link, names: LinkNames): Json | undefined {
  if (port === undefined) return undefined;
  return without({
    state: port.state,
    priority: port.priority,
    cost: port.cost,
    hairpin: port.hairpin,
    guard: port.guard,
    root_block: port.rootBlock,
    fastleave: port.fastLeave,
    learning: port.learning,
    flood: port.flood,
    id: hex(port.id),
    no: hex(port.number),
    designated_port: port.designatedPort,
    designated_cost: port.designatedCost,
    bridge_id: bridgeId(port.bridgeId),
    root_id: bridgeId(port.rootId),
    hold_timer: timer(port.holdTimer),
    message_age_timer: timer(port.messageAgeTimer),
    forward_delay_timer: timer(port.forwardDelayTimer),
    topology_change_ack: digit(port.topologyChangeAck),
    config_pending: digit(port.configPending),
    proxy_arp: port.proxyArp,
    proxy_arp_wifi: port.proxyArpWifi,
    multicast_router: port.multicastRouter,
    mcast_flood: port.mcastFlood,
    bcast_flood: port.bcastFlood,
    mcast_to_unicast: port.mcastToUnicast,
    neigh_suppress: port.neighSuppress,
    group_fwd_mask: hexWord(port.groupForwardMask),
    group_fwd_mask_str: hex(port.groupForwardMask),
    vlan_tunnel: port.vlanTunnel,
    isolated: port.isolated,
    locked: port.locked,
    backup_port: port.backupPort === undefined ? undefined : names.get(port.backupPort),
  });
}

/** What is false of these is not printed. */
const printed = (value: boolean | undefined): true | undefined => value || undefined;

function vxlanOf(vxlan: NonNullable<Link['vxlan']>, names: LinkNames): Json {
  const six = vxlan.remote?.includes(':') || vxlan.local?.includes(':') ? '6' : '';
  const group = /^(ff|2[23]\d\.)/.test(vxlan.remote ?? '');
  return without({
    external: printed(vxlan.collectMetadata),
    id: vxlan.id,
    [`${group ? 'group' : 'remote'}${six}`]: vxlan.remote,
    [`local${six}`]: vxlan.local,
    link: vxlan.link === undefined ? undefined : names.get(vxlan.link),
    port_range: vxlan.sourcePorts && { low: vxlan.sourcePorts.first, high: vxlan.sourcePorts.last },
    port: vxlan.port,
    learning: vxlan.learning,
    proxy: printed(vxlan.proxy),
    rsc: printed(vxlan.rsc),
    l2miss: printed(vxlan.l2miss),
    l3miss: printed(vxlan.l3miss),
    tos: vxlan.tos ? hex(vxlan.tos) : undefined,
    ttl: vxlan.ttl,
    df: vxlan.df,
    label: vxlan.flowLabel ? hex(vxlan.flowLabel) : undefined,
    ageing: vxlan.ageing,
    limit: vxlan.limit || undefined,
    udp_csum: vxlan.udpChecksum,
    udp_zero_csum6_tx: vxlan.udpZeroChecksum6Tx,
    udp_zero_csum6_rx: vxlan.udpZeroChecksum6Rx,
    remcsum_tx: printed(vxlan.remoteChecksumTx),
    remcsum_rx: printed(vxlan.remoteChecksumRx),
    gbp: printed(vxlan.gbp),
    gpe: printed(vxlan.gpe),
    vnifilter: printed(vxlan.vniFilter),
  });
}

function macvlanOf(macvlan: NonNullable<Link['macvlan']>): Json {
  return without({
    mode: macvlan.mode,
    nopromisc: macvlan.flags && macvlan.flags & 1 ? true : undefined,
    nodst: macvlan.flags && macvlan.flags & 2 ? true : undefined,
    bcqueuelen: macvlan.broadcastQueueLength,
    usedbcqueuelen: macvlan.broadcastQueueLengthUsed,
    macaddr_count: macvlan.sources?.length,
    macaddr_data: macvlan.sources,
  });
}

function vlanOf(vlan: NonNullable<Link['vlan']>): Json {
  const flags = {
    ...{ REORDER_HDR: vlan.flags?.reorderHeader, GVRP: vlan.flags?.gvrp, MVRP: vlan.flags?.mvrp },
    ...{ LOOSE_BINDING: vlan.flags?.looseBinding, BRIDGE_BINDING: vlan.flags?.bridgeBinding },
  };
  return without({
    protocol: vlan.protocol,
    id: vlan.id,
    flags: Object.entries(flags).flatMap(([name, set]) => (set ? [name] : [])),
    ingress_qos: vlan.ingressQos,
    egress_qos: vlan.egressQos,
  });
}

function tunOf(tun: NonNullable<Link['tun']>): Json {
  return without({
    type: tun.type,
    pi: tun.pi,
    vnet_hdr: tun.vnetHeader,
    multi_queue: tun.multiQueue,
    numqueues: tun.queues,
    numdisabled: tun.disabledQueues,
    persist: tun.persist,
    user: tun.owner === undefined ? undefined : tun.owner === 0 ? 'root' : String(tun.owner),
    group: tun.group === undefined ? undefined : String(tun.group),
  });
}
