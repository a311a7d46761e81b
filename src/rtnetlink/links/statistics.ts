import { NetlinkDecodeError } from '../../netlink/errors.js';

/** struct rtnl_link_stats64, in its order. */
const NAMES = [
  ...([
    'rxPackets',
    'txPackets',
    'rxBytes',
    'txBytes',
    'rxErrors',
    'txErrors',
    'rxDropped',
    'txDropped',
  ] as const),
  ...(['multicast', 'collisions', 'rxLengthErrors', 'rxOverErrors', 'rxCrcErrors', 'rxFrameErrors'] as const),
  ...(['rxFifoErrors', 'rxMissedErrors', 'txAbortedErrors', 'txCarrierErrors', 'txFifoErrors'] as const),
  ...(['txHeartbeatErrors', 'txWindowErrors', 'rxCompressed', 'txCompressed', 'rxNohandler'] as const),
  'rxOtherhostDropped',
] as const;

/**
 * What a link has sent and received since it was made, as linux/if_link.h explains it. Numbers, so that they can be written
 * as JSON: exact up to 2^53 (nine petabytes), beyond that the nearest there is.
 */
export type LinkStatistics = { readonly [Name in (typeof NAMES)[number]]?: number };

/** A kernel has as many of them as it knows. */
export function readStatistics(bytes: Buffer | undefined): LinkStatistics | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.length % 8 !== 0) throw new NetlinkDecodeError(`statistics of ${bytes.length} bytes`);
  const found: { [name: string]: number } = {};
  for (let i = 0; i < NAMES.length && 8 * (i + 1) <= bytes.length; i++)
    found[NAMES[i] as string] = bytes.readUInt32LE(8 * i) + 2 ** 32 * bytes.readUInt32LE(8 * i + 4);
  return found;
}
