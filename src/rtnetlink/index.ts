export type { NetlinkRequest } from '../netlink/message.js';
export {
  type AddressSpec,
  type AddressTarget,
  addAddress,
  removeAddress,
  replaceAddress,
} from './addresses.js';
export type { Named, Some } from './fields.js';
export type { BridgeOptions, BridgeState, VlanProtocol } from './links/bridge.js';
export type { BooleanOptions } from './links/bridge-boolean-options.js';
export type { BridgePortInfo, BridgePortOptions, BridgePortState } from './links/bridge-port.js';
export { addLink, changeLink, removeLink } from './links/encode.js';
export type { AddrGenMode, InetConf } from './links/inet-conf.js';
export type { IpvlanFlag, IpvlanMode, IpvlanOptions } from './links/ipvlan.js';
export type { MacvlanMode, MacvlanOptions, MacvlanState } from './links/macvlan.js';
export type {
  LinkChanges,
  LinkSettings,
  LinkSpec,
  LinkTarget,
  LowerLink,
  NetnsChoice,
  VethOptions,
  VethPeer,
} from './links/spec.js';
export type { QosMapping, VlanFlags, VlanOptions } from './links/vlan.js';
export type { PortRange, VxlanDf, VxlanOptions } from './links/vxlan.js';
export {
  addNeighbor,
  appendNeighbor,
  type NeighborOptions,
  type NeighborSpec,
  type NeighborState,
  removeNeighbor,
  replaceNeighbor,
} from './neighbors.js';
export { addQdisc, removeQdisc, replaceQdisc } from './qdiscs/encode.js';
export type { LossGemodel, LossState, NetemOptions, Slot } from './qdiscs/netem.js';
export { type Psched, parsePsched } from './qdiscs/psched.js';
export type { QdiscSpec, QdiscTarget } from './qdiscs/spec.js';
export type { TbfOptions } from './qdiscs/tbf.js';
export { addRoute, appendRoute, removeRoute, replaceRoute } from './routes/encode.js';
export { getRoute, type RouteQuestion } from './routes/get.js';
export type { LockedMetric, RouteMetrics } from './routes/metrics.js';
export type { NexthopSpec, RoutePreference, RouteSpec, RouteTarget, RouteType } from './routes/spec.js';
export {
  addRule,
  type NumberRange,
  type RuleAction,
  type RuleOptions,
  type RuleSpec,
  removeRule,
} from './rules.js';
export type { RouteProtocol, RouteTable, Scope } from './scopes.js';
