export { NetlinkDecodeError, NetlinkError } from '../netlink/errors.js';
export type { NetlinkMessage, NetlinkRequest } from '../netlink/message.js';
export type { Addresses, AddressFilter } from './addresses/addresses.js';
export { type Address, decodeAddress } from './addresses/decode.js';
export {
  type AddressSpec,
  type AddressTarget,
  addAddress,
  removeAddress,
  replaceAddress,
} from './addresses/encode.js';
export type { Named, Names, Some } from './fields.js';
export type { BridgeOptions, BridgeState, VlanProtocol } from './links/bridge.js';
export type { BooleanOptions } from './links/bridge-boolean-options.js';
export type { BridgePortInfo, BridgePortOptions, BridgePortState } from './links/bridge-port.js';
export { decodeLink } from './links/decode.js';
export { addLink, changeLink, removeLink } from './links/encode.js';
export type { LinkFlag } from './links/flags.js';
export type { LinkFilter } from './links/get.js';
export type { AddrGenMode, InetConf } from './links/inet-conf.js';
export type { IpvlanFlag, IpvlanMode, IpvlanOptions } from './links/ipvlan.js';
export type { KindFacts, Link, LinkFacts, Xdp } from './links/link.js';
export type { Links } from './links/links.js';
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
export type { LinkStatistics } from './links/statistics.js';
export { changeSteps, type FullLinkSpec, linkSteps } from './links/steps.js';
export type { Tun } from './links/tun.js';
export { addTunTap, type TunTapSpec } from './links/tun-tap.js';
export type { QosMapping, VlanFlags, VlanOptions } from './links/vlan.js';
export type { PortRange, VxlanDf, VxlanOptions } from './links/vxlan.js';
export {
  type AddressEvent,
  type LinkEvent,
  type MonitorOptions,
  monitorAddresses,
  monitorFdb,
  monitorLinks,
  monitorNeighbors,
  monitorRoutes,
  type NeighborEvent,
  type NetworkEvent,
  type RouteEvent,
} from './monitors.js';
export { decodeNeighbor, type Neighbor } from './neighbors/decode.js';
export {
  addNeighbor,
  appendNeighbor,
  type NeighborOptions,
  type NeighborSpec,
  type NeighborState,
  removeNeighbor,
  replaceNeighbor,
} from './neighbors/encode.js';
export type { Fdb, FdbFilter, FdbSpec, NeighborFilter, Neighbors } from './neighbors/neighbors.js';
export { decodeQdisc, type Qdisc, type QdiscStatistics } from './qdiscs/decode.js';
export { addQdisc, removeQdisc, replaceQdisc } from './qdiscs/encode.js';
export type { LossGemodel, LossState, NetemOptions, Slot } from './qdiscs/netem.js';
export { type Psched, parsePsched } from './qdiscs/psched.js';
export type { Qdiscs } from './qdiscs/qdiscs.js';
export type { QdiscSpec, QdiscTarget } from './qdiscs/spec.js';
export type { Tbf, TbfOptions } from './qdiscs/tbf.js';
export { RouteSocket, type RouteSocketOptions } from './route-socket.js';
export { decodeRoute, type Nexthop, type Route, type WayState } from './routes/decode.js';
export { addRoute, appendRoute, removeRoute, replaceRoute } from './routes/encode.js';
export { getRoute, type RouteQuestion } from './routes/get.js';
export type { LockedMetric, RouteMetrics } from './routes/metrics.js';
export type { RouteFilter, Routes } from './routes/routes.js';
export type { NexthopSpec, RoutePreference, RouteSpec, RouteTarget, RouteType } from './routes/spec.js';
export { decodeRule, type Rule } from './rules/decode.js';
export {
  addRule,
  type NumberRange,
  type RuleAction,
  type RuleOptions,
  type RuleSpec,
  removeRule,
} from './rules/encode.js';
export type { Rules } from './rules/rules.js';
export type { RouteProtocol, RouteTable, Scope } from './scopes.js';
