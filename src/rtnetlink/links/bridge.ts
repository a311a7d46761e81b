/** The options of a bridge: IFLA_BR_* of linux/if_link.h. Times are in hundredths of a second, as the kernel has them. */
import { bool, type Fields, mac, type Named, named, type Some, u8, u16, u32, u64 } from '../fields.js';
import { type BooleanOptions, booleanOptions } from './bridge-boolean-options.js';
import { bridgeId } from './bridge-id.js';

/** EtherTypes of VLAN tags. */
export const VLAN_PROTOCOLS = { '802.1Q': 0x8100, '802.1ad': 0x88a8 } as const;
/** The Ethernet protocol of VLAN tags, ETH_P_8021Q or ETH_P_8021AD. */
export type VlanProtocol = Named<typeof VLAN_PROTOCOLS>;

/**
 * What a bridge does; see ip-link(8), "BRIDGE Type Support". Times are in hundredths of a second.
 */
export interface BridgeOptions {
  /** Time in listening and in learning each, with STP. */
  readonly forwardDelay: number;
  readonly helloTime: number;
  readonly maxAge: number;
  /** After which a learned address is forgotten; 0 forgets at once, so that the bridge floods as a hub does. */
  readonly ageingTime: number;
  /** Spanning tree, by the kernel. Default false. */
  readonly stp: boolean;
  /** Of this bridge among those of its spanning tree: the smaller wins. */
  readonly priority: number;
  /** Needs a kernel with CONFIG_BRIDGE_VLAN_FILTERING. */
  readonly vlanFiltering: boolean;
  readonly vlanProtocol: VlanProtocol;
  /** Which link-local group addresses 01:80:C2:00:00:0X are forwarded; bits 0 to 2 may not be set. */
  readonly groupForwardMask: number;
  /** The address that spanning tree messages go to. */
  readonly groupAddress: string;
  /** 0 never, 1 when it hears queries, 2 always. */
  readonly multicastRouter: number;
  /** Needs a kernel with CONFIG_BRIDGE_IGMP_SNOOPING. */
  readonly multicastSnooping: boolean;
  readonly multicastQueryUseInterfaceAddress: boolean;
  readonly multicastQuerier: boolean;
  readonly multicastHashElasticity: number;
  readonly multicastHashMax: number;
  readonly multicastLastMemberCount: number;
  readonly multicastStartupQueryCount: number;
  readonly multicastLastMemberInterval: number;
  readonly multicastMembershipInterval: number;
  readonly multicastQuerierInterval: number;
  readonly multicastQueryInterval: number;
  readonly multicastQueryResponseInterval: number;
  readonly multicastStartupQueryInterval: number;
  /** Whether iptables sees what is bridged; needs br_netfilter. */
  readonly nfCallIptables: boolean;
  readonly nfCallIp6tables: boolean;
  readonly nfCallArptables: boolean;
  readonly vlanDefaultPvid: number;
  readonly vlanStats: boolean;
  readonly vlanStatsPerPort: boolean;
  readonly multicastStats: boolean;
  readonly multicastIgmpVersion: number;
  readonly multicastMldVersion: number;
  readonly booleanOptions: Some<BooleanOptions>;
  /** How many addresses the bridge may learn, 0 without limit. Since Linux 6.7; older ones ignore it. */
  readonly fdbMaxLearned: number;
}

/** What the kernel says of a bridge beside its options. Timers are in hundredths of a second. */
export interface BridgeState {
  /** Priority in hexadecimal and address: `8000.02:00:00:00:00:01`. */
  readonly rootId: string;
  readonly bridgeId: string;
  readonly rootPort: number;
  readonly rootPathCost: number;
  readonly topologyChange: boolean;
  readonly topologyChangeDetected: boolean;
  readonly helloTimer: number;
  readonly tcnTimer: number;
  readonly topologyChangeTimer: number;
  readonly gcTimer: number;
  /** Addresses learned at present; since Linux 6.7. */
  readonly fdbLearned: number;
}

export const BRIDGE: Fields<BridgeOptions> = {
  forwardDelay: u32(1),
  helloTime: u32(2),
  maxAge: u32(3),
  ageingTime: u32(4),
  stp: bool(5, 'u32'),
  priority: u16(6),
  vlanFiltering: bool(7),
  vlanProtocol: named('be16', 8, VLAN_PROTOCOLS),
  groupForwardMask: u16(9),
  groupAddress: mac(20),
  multicastSnooping: bool(23),
  multicastRouter: u8(22),
  multicastQueryUseInterfaceAddress: bool(24),
  multicastQuerier: bool(25),
  multicastHashElasticity: u32(26),
  multicastHashMax: u32(27),
  multicastLastMemberCount: u32(28),
  multicastStartupQueryCount: u32(29),
  multicastLastMemberInterval: u64(30),
  multicastMembershipInterval: u64(31),
  multicastQuerierInterval: u64(32),
  multicastQueryInterval: u64(33),
  multicastQueryResponseInterval: u64(34),
  multicastStartupQueryInterval: u64(35),
  nfCallIptables: bool(36),
  nfCallIp6tables: bool(37),
  nfCallArptables: bool(38),
  vlanDefaultPvid: u16(39),
  vlanStats: bool(41),
  vlanStatsPerPort: bool(45),
  multicastStats: bool(42),
  multicastIgmpVersion: u8(43),
  multicastMldVersion: u8(44),
  booleanOptions: booleanOptions(46),
  fdbMaxLearned: u32(49),
};

export const BRIDGE_STATE: Fields<BridgeState> = {
  rootId: bridgeId(10),
  bridgeId: bridgeId(11),
  rootPort: u16(12),
  rootPathCost: u32(13),
  topologyChange: bool(14),
  topologyChangeDetected: bool(15),
  helloTimer: u64(16),
  tcnTimer: u64(17),
  topologyChangeTimer: u64(18),
  gcTimer: u64(19),
  fdbLearned: u32(48),
};
