import type { Attributes } from '../../netlink/attributes.js';
import { attributesOf, needed } from '../../netlink/body.js';
import { NetlinkDecodeError } from '../../netlink/errors.js';
import type { NetlinkMessage } from '../../netlink/message.js';
import { RTM } from '../constants.js';
import { TCA } from './encode.js';
import { handleText } from './handles.js';
import type { NetemOptions } from './netem.js';
import { readNetem } from './netem-read.js';
import { PSCHED, type Psched } from './psched.js';
import { readTbf, type Tbf } from './tbf.js';

/** struct tcmsg. */
const HEADER = 20;
const TCA_STATS2 = 7;
const STATS = { BASIC: 1, QUEUE: 3, PKT64: 8 } as const;
const FIFOS: readonly string[] = ['pfifo', 'bfifo', 'pfifo_head_drop'];

/** A queueing discipline as the kernel has it. */
export interface Qdisc {
  /** The link, by interface index. */
  readonly link: number;
  readonly kind: string;
  /** Its own number: `10:`. */
  readonly handle: string;
  /** `root`, or what it is attached to: `1:10`, `ffff:fff1` for clsact and ingress. */
  readonly parent: string;
  readonly references: number;
  readonly tbf?: Tbf;
  readonly netem?: Partial<NetemOptions>;
  /** For pfifo and bfifo: how many packets or bytes may wait. */
  readonly fifo?: { readonly limit: number };
  readonly statistics?: QdiscStatistics;
}

/** What went through a queueing discipline; see tc(8), option `-s`. */
export interface QdiscStatistics {
  readonly bytes: number;
  readonly packets: number;
  readonly drops: number;
  readonly overlimits: number;
  readonly requeues: number;
  /** Bytes that wait. */
  readonly backlog: number;
  /** Packets that wait. */
  readonly queueLength: number;
}

/** Reads RTM_NEWQDISC or RTM_DELQDISC. Throws NetlinkDecodeError. */
export function decodeQdisc(message: NetlinkMessage, psched: Psched = PSCHED): Qdisc {
  const attributes = attributesOf(message, [RTM.NEWQDISC, RTM.DELQDISC], HEADER);
  const { body } = message;
  const kind = needed(attributes.text(TCA.KIND), 'the kind of a qdisc');
  const statistics = readStatistics(attributes.nest(TCA_STATS2));
  return {
    link: body.readInt32LE(4),
    kind,
    handle: handleText(body.readUInt32LE(8)),
    parent: handleText(body.readUInt32LE(12)),
    references: body.readUInt32LE(16),
    ...readOptions(attributes, kind, psched),
    ...(statistics === undefined ? {} : { statistics }),
  };
}

function readOptions(
  attributes: Attributes,
  kind: string,
  psched: Psched,
): Pick<Qdisc, 'tbf' | 'netem' | 'fifo'> {
  const bytes = attributes.bytes(TCA.OPTIONS);
  if (bytes === undefined) return {};
  if (kind === 'netem') return { netem: readNetem(bytes, psched) };
  if (FIFOS.includes(kind)) {
    if (bytes.length < 4) throw new NetlinkDecodeError(`options of a fifo of ${bytes.length} bytes`);
    return { fifo: { limit: bytes.readUInt32LE(0) } };
  }
  const options = kind === 'tbf' ? attributes.nest(TCA.OPTIONS) : undefined;
  const tbf = options && readTbf(options, psched);
  return tbf === undefined ? {} : { tbf };
}

/** struct gnet_stats_basic and struct gnet_stats_queue. */
function readStatistics(attributes: Attributes | undefined): QdiscStatistics | undefined {
  const basic = attributes?.bytes(STATS.BASIC);
  const queue = attributes?.bytes(STATS.QUEUE);
  if (basic === undefined || queue === undefined) return undefined;
  if (basic.length < 12 || queue.length < 20)
    throw new NetlinkDecodeError('statistics of a qdisc that are too short');
  const packets = attributes?.u64(STATS.PKT64);
  return {
    bytes: Number(basic.readBigUInt64LE(0)),
    packets: packets === undefined ? basic.readUInt32LE(8) : Number(packets),
    drops: queue.readUInt32LE(8),
    overlimits: queue.readUInt32LE(16),
    requeues: queue.readUInt32LE(12),
    backlog: queue.readUInt32LE(4),
    queueLength: queue.readUInt32LE(0),
  };
}
