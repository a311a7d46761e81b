import type { Named } from './fields.js';

/** rt_scope_t of linux/rtnetlink.h: how far something is; named as ip-address(8) names them. */
export const SCOPES = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
/** How far away what an address or a route leads to is, as ip-address(8) names it. */
export type Scope = Named<typeof SCOPES>;

/** RTPROT_* of linux/rtnetlink.h: who has made a route. */
export const ROUTE_PROTOCOLS = {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  gated: 8,
  ra: 9,
  mrt: 10,
  zebra: 11,
  bird: 12,
  dnrouted: 13,
  xorp: 14,
  ntk: 15,
  dhcp: 16,
  mrouted: 17,
  keepalived: 18,
  babel: 42,
  openr: 99,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192,
} as const;
/** Who has made a route, as ip-route(8) names them. */
export type RouteProtocol = Named<typeof ROUTE_PROTOCOLS>;

/** The tables that have a name in every kernel. */
export const TABLES = { default: 253, main: 254, local: 255 } as const;
/** A number up to 4,294,967,295, or `main`, `local`, `default`. */
export type RouteTable = Named<typeof TABLES>;
