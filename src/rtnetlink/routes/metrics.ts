/** RTAX_* of linux/rtnetlink.h: what TCP and fragmentation go by on a route. */
import { bareText, bool, type Fields, u32 } from '../fields.js';

/** Named as in ip-route(8); what it does not say the kernel finds out or takes from its defaults. */
export interface RouteMetrics {
  /** Bytes. */
  readonly mtu: number;
  /** Bytes. */
  readonly window: number;
  /** In eighths of a millisecond. */
  readonly rtt: number;
  /** In quarters of a millisecond. */
  readonly rttvar: number;
  readonly ssthresh: number;
  readonly cwnd: number;
  readonly advmss: number;
  readonly reordering: number;
  readonly hoplimit: number;
  readonly initcwnd: number;
  /** RTAX_FEATURE_*: 1 explicit congestion notification, 2 selective acknowledgements, 4 timestamps, 8 tcp_usec_ts. */
  readonly features: number;
  /** Milliseconds. */
  readonly rtoMin: number;
  readonly initrwnd: number;
  readonly quickack: boolean;
  /** Congestion control: `cubic`. */
  readonly congctl: string;
  readonly fastopenNoCookie: boolean;
}

export const METRICS: Fields<RouteMetrics> = {
  mtu: u32(2),
  window: u32(3),
  rtt: u32(4),
  rttvar: u32(5),
  ssthresh: u32(6),
  cwnd: u32(7),
  advmss: u32(8),
  reordering: u32(9),
  hoplimit: u32(10),
  initcwnd: u32(11),
  features: u32(12),
  rtoMin: u32(13),
  initrwnd: u32(14),
  quickack: bool(15, 'u32'),
  congctl: bareText(16, 15),
  fastopenNoCookie: bool(17, 'u32'),
};

export const METRIC_NAMES = Object.keys(METRICS) as (keyof RouteMetrics)[];

/** The numbers of RTAX_* by bit, for those that can be locked: what the kernel may not change by what it finds out. */
export const LOCKS = {
  mtu: 2,
  window: 3,
  rtt: 4,
  rttvar: 5,
  ssthresh: 6,
  cwnd: 7,
  advmss: 8,
  reordering: 9,
  hoplimit: 10,
  rtoMin: 13,
} as const;
/** Metrics that the kernel may be kept from changing: `lock` of ip-route(8). */
export type LockedMetric = keyof typeof LOCKS;

export const RTAX_LOCK = 1;
