import type { IpFamily } from '../../foundation/ip.js';
import type { Named, Some } from '../fields.js';
import type { RouteProtocol, RouteTable, Scope } from '../scopes.js';
import type { LockedMetric, RouteMetrics } from './metrics.js';

/** RTN_* of linux/rtnetlink.h. */
export const ROUTE_TYPES = {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
  nat: 10,
} as const;
/** RTN_* of linux/rtnetlink.h, as ip-route(8) names them. */
export type RouteType = Named<typeof ROUTE_TYPES>;

/** ICMPV6_ROUTER_PREF_*. */
export const PREFERENCES = { medium: 0, high: 1, low: 3 } as const;
/** How much a router is preferred, RFC 4191: `pref` of ip-route(8). */
export type RoutePreference = Named<typeof PREFERENCES>;

/** One of several ways to the same destination. */
export interface NexthopSpec {
  readonly gateway?: string | undefined;
  /** The link, by interface index. */
  readonly link?: number | undefined;
  /** Its share among the others. 1 to 256, default 1. */
  readonly weight?: number | undefined;
  /** The gateway is reached by this link even if no address of the link says so. */
  readonly onlink?: boolean | undefined;
}

/** A route; see ip-route(8). Without a destination it is the default route. */
export interface RouteSpec extends Some<RouteMetrics> {
  readonly destination?: string | undefined;
  /** Default all bits of the destination; 0 without a destination. */
  readonly prefixLength?: number | undefined;
  /** Needed where no address says it. Default inet. */
  readonly family?: IpFamily | undefined;
  /** Default unicast. */
  readonly type?: RouteType | undefined;
  /** An address of the other family needs Linux 5.2. */
  readonly gateway?: string | undefined;
  /** The link, by interface index. */
  readonly link?: number | undefined;
  readonly onlink?: boolean | undefined;
  /** Several ways instead of `gateway` and `link`. */
  readonly nexthops?: readonly NexthopSpec[] | undefined;
  /** A nexthop object, see ip-nexthop(8), which says the way instead: then the fields before this one say nothing. Since Linux 5.3. */
  readonly nexthopId?: number | undefined;
  /** Default main; local for the types local, broadcast, nat and anycast. */
  readonly table?: RouteTable | undefined;
  /** Of several to one destination the smallest counts. Default 0, for IPv6 1024. */
  readonly metric?: number | undefined;
  /** Who has made it. Default boot, as that of ip-route(8). */
  readonly protocol?: RouteProtocol | undefined;
  /** Default what ip-route(8) takes: link without a gateway, else global; host for local. */
  readonly scope?: Scope | undefined;
  /** The address to send from: `src` of ip-route(8). */
  readonly source?: string | undefined;
  readonly tos?: number | undefined;
  /** For IPv6: only for what comes from there, `from` of ip-route(8). */
  readonly from?: string | undefined;
  readonly fromLength?: number | undefined;
  /** For IPv6, seconds. */
  readonly expires?: number | undefined;
  /** For IPv6. */
  readonly preference?: RoutePreference | undefined;
  /** Metrics that what the kernel finds out does not change. */
  readonly locked?: readonly LockedMetric[] | undefined;
}

/** What names a route that is to be removed: what is not said matches any. */
export type RouteTarget = RouteSpec;
