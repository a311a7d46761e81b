/** A link as port of a bridge: IFLA_BRPORT_* of linux/if_link.h. */
import { bool, type Fields, index, type Named, named, u8, u16, u32, u64 } from '../fields.js';
import { bridgeId } from './bridge-id.js';

const PORT_STATES = { disabled: 0, listening: 1, learning: 2, forwarding: 3, blocking: 4 } as const;
/** BR_STATE_* of linux/if_bridge.h. */
export type BridgePortState = Named<typeof PORT_STATES>;

/** What a bridge does with one of its ports; see bridge(8), "bridge link set". */
export interface BridgePortOptions {
  /** Of the spanning tree; can be set only while the kernel does not run one. */
  readonly state: BridgePortState;
  readonly priority: number;
  readonly cost: number;
  /** Whether a frame may leave by the port that it came from. Default false. */
  readonly hairpin: boolean;
  /** Whether a spanning tree message disables the port. Default false. */
  readonly guard: boolean;
  /** Whether the port may not lead to the root of the spanning tree. Default false. */
  readonly rootBlock: boolean;
  readonly fastLeave: boolean;
  /** Whether addresses are learned from what comes in. Default true. */
  readonly learning: boolean;
  /** Whether what is for an address that nobody knows goes out here. Default true. */
  readonly flood: boolean;
  readonly proxyArp: boolean;
  readonly proxyArpWifi: boolean;
  /** 0 never, 1 when it hears queries, 2 always, 3 always for a while. */
  readonly multicastRouter: number;
  readonly mcastFlood: boolean;
  readonly mcastToUnicast: boolean;
  readonly vlanTunnel: boolean;
  readonly bcastFlood: boolean;
  readonly groupForwardMask: number;
  readonly neighSuppress: boolean;
  /** Whether it exchanges frames only with ports that are not isolated. Default false. */
  readonly isolated: boolean;
  /** Another port, by its interface index, that takes over when this one loses its carrier. */
  readonly backupPort: number;
  /** Whether only frames from addresses that the bridge knows come in. Since Linux 5.18. Default false. */
  readonly locked: boolean;
}

/** What the kernel says of a port beside its options. Timers are in hundredths of a second. */
export interface BridgePortInfo {
  /** Within its bridge: priority and number. */
  readonly id: number;
  readonly number: number;
  readonly rootId: string;
  readonly bridgeId: string;
  readonly designatedPort: number;
  readonly designatedCost: number;
  readonly topologyChangeAck: boolean;
  readonly configPending: boolean;
  readonly messageAgeTimer: number;
  readonly forwardDelayTimer: number;
  readonly holdTimer: number;
  readonly mcastEhtHostsLimit: number;
  readonly mcastEhtHostsCount: number;
}

export const BRIDGE_PORT: Fields<BridgePortOptions> = {
  state: named('u8', 1, PORT_STATES),
  priority: u16(2),
  cost: u32(3),
  hairpin: bool(4),
  guard: bool(5),
  rootBlock: bool(6),
  fastLeave: bool(7),
  learning: bool(8),
  flood: bool(9),
  proxyArp: bool(10),
  proxyArpWifi: bool(12),
  multicastRouter: u8(25),
  mcastFlood: bool(27),
  mcastToUnicast: bool(28),
  vlanTunnel: bool(29),
  bcastFlood: bool(30),
  groupForwardMask: u16(31),
  neighSuppress: bool(32),
  isolated: bool(33),
  backupPort: index(34),
  locked: bool(39),
};

export const BRIDGE_PORT_INFO: Fields<BridgePortInfo> = {
  id: u16(17),
  number: u16(18),
  rootId: bridgeId(13),
  bridgeId: bridgeId(14),
  designatedPort: u16(15),
  designatedCost: u16(16),
  topologyChangeAck: bool(19),
  configPending: bool(20),
  messageAgeTimer: u64(21),
  forwardDelayTimer: u64(22),
  holdTimer: u64(23),
  mcastEhtHostsLimit: u32(37),
  mcastEhtHostsCount: u32(38),
};
