import { bool, type Fields, index, mac, type Named, named, text, u8, u32 } from '../fields.js';
import type { BridgeOptions, BridgeState } from './bridge.js';
import type { BridgePortInfo, BridgePortOptions } from './bridge-port.js';
import type { LinkFlag } from './flags.js';
import type { FamilyState } from './inet-conf.js';
import type { IpvlanOptions } from './ipvlan.js';
import type { MacvlanOptions, MacvlanState } from './macvlan.js';
import type { LinkStatistics } from './statistics.js';
import type { Tun } from './tun.js';
import type { VlanOptions } from './vlan.js';
import type { VxlanOptions } from './vxlan.js';

/** IF_OPER_* of linux/if.h, RFC 2863. */
const OPER_STATES = {
  unknown: 0,
  notpresent: 1,
  down: 2,
  lowerlayerdown: 3,
  testing: 4,
  dormant: 5,
  up: 6,
} as const;

/** ARPHRD_* of linux/if_arp.h, named as ip-link(8) names them. */
export const LINK_TYPES = {
  ether: 1,
  infiniband: 32,
  ppp: 512,
  rawip: 519,
  ipip: 768,
  tunnel6: 769,
  loopback: 772,
  sit: 776,
  gre: 778,
  'ieee802.11': 801,
  netlink: 824,
  void: 0xffff,
  none: 0xfffe,
} as const;

const LINK_MODES = { default: 0, dormant: 1 } as const;

/** What every link has in attributes of their own; a kernel leaves away what it does not know yet. */
export interface LinkFacts {
  /** Link-layer address. Links of some kinds have none. */
  readonly address: string;
  readonly broadcast: string;
  /** The one that the hardware has. */
  readonly permanentAddress: string;
  readonly minMtu: number;
  readonly maxMtu: number;
  /** The link below or, for veth, the other end, by interface index: of the namespace {@link linkNetnsId} where that is there. */
  readonly link: number;
  /** The other namespace that {@link link} is in, by the number it has here; see ip-netns(8), "list-id". */
  readonly linkNetnsId: number;
  /** The link, by interface index, that this one is a port of. */
  readonly master: number;
  /** The kind of queueing discipline at its root. */
  readonly qdisc: string;
  readonly operState: Named<typeof OPER_STATES>;
  readonly linkMode: Named<typeof LINK_MODES>;
  readonly group: number;
  /** Packets. */
  readonly txQueueLength: number;
  readonly txQueues: number;
  readonly rxQueues: number;
  readonly alias: string;
  /** How many have asked for all packets to be received. */
  readonly promiscuity: number;
  readonly allMulti: number;
  readonly carrier: boolean;
  readonly carrierChanges: number;
  readonly carrierUpCount: number;
  readonly carrierDownCount: number;
  readonly gsoMaxSize: number;
  readonly gsoMaxSegments: number;
  readonly tsoMaxSize: number;
  readonly tsoMaxSegments: number;
  readonly groMaxSize: number;
  readonly gsoIpv4MaxSize: number;
  readonly groIpv4MaxSize: number;
  readonly protoDown: boolean;
  readonly physicalPortName: string;
  readonly parentBus: string;
  readonly parentDevice: string;
}

export const LINK: Fields<LinkFacts> = {
  address: mac(1),
  broadcast: mac(2),
  permanentAddress: mac(54),
  minMtu: u32(50),
  maxMtu: u32(51),
  link: index(5),
  linkNetnsId: u32(37),
  master: index(10),
  qdisc: text(6, 15),
  operState: named('u8', 16, OPER_STATES),
  linkMode: named('u8', 17, LINK_MODES),
  group: u32(27),
  txQueueLength: u32(13),
  txQueues: u32(31),
  rxQueues: u32(32),
  alias: text(20, 255),
  promiscuity: u32(30),
  allMulti: u32(61),
  carrier: bool(33),
  carrierChanges: u32(35),
  carrierUpCount: u32(47),
  carrierDownCount: u32(48),
  gsoMaxSize: u32(41),
  gsoMaxSegments: u32(40),
  tsoMaxSize: u32(59),
  tsoMaxSegments: u32(60),
  groMaxSize: u32(58),
  gsoIpv4MaxSize: u32(63),
  groIpv4MaxSize: u32(64),
  protoDown: bool(39),
  physicalPortName: text(38, 15),
  parentBus: text(57, 255),
  parentDevice: text(56, 255),
};

/** What is only there for links of certain kinds, under the kind's name. */
export interface KindFacts {
  readonly bridge: Partial<BridgeOptions & BridgeState>;
  readonly vlan: Partial<VlanOptions>;
  readonly vxlan: Partial<VxlanOptions>;
  readonly macvlan: Partial<MacvlanOptions & MacvlanState>;
  readonly ipvlan: Partial<IpvlanOptions>;
  readonly tun: Partial<Tun>;
}

/** A link as the kernel has it: all that `ip -details -statistics link` shows. */
export interface Link extends Partial<LinkFacts>, Partial<KindFacts>, FamilyState {
  readonly index: number;
  readonly name: string;
  readonly altNames: readonly string[];
  /** What is on the wire: `ether`, `loopback`, `none`. */
  readonly linkType: Named<typeof LINK_TYPES>;
  readonly flags: readonly LinkFlag[];
  /** Whether it has been set up; if it can be used is {@link operState}. */
  readonly up: boolean;
  readonly mtu: number;
  /** `veth`, `bridge`, …; hardware and lo have none. */
  readonly kind?: string;
  /** The kind of what it is a port of: `bridge`. */
  readonly portKind?: string;
  readonly bridgePort?: Partial<BridgePortOptions & BridgePortInfo>;
  readonly statistics?: LinkStatistics;
  readonly xdp?: Xdp;
}

/** A program that sees what comes in before all others. */
export interface Xdp {
  readonly mode: Named<typeof XDP_MODES>;
  /** Its number, see bpftool-prog(8). */
  readonly program?: number;
}

/** XDP_ATTACHED_* of linux/if_link.h. */
export const XDP_MODES = { driver: 1, generic: 2, offload: 3, several: 4 } as const;

/** Attributes of IFLA_XDP. */
export const XDP = { mode: named('u8', 2, XDP_MODES), program: u32(4), any: u8(2) } as const;
