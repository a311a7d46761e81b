import type { IpFamily } from '../../foundation/ip.js';
import { attributesOf, trueFlags } from '../../netlink/body.js';
import { NetlinkDecodeError } from '../../netlink/errors.js';
import type { NetlinkMessage } from '../../netlink/message.js';
import { familyName } from '../addresses/decode.js';
import { AF, RTM } from '../constants.js';
import { ipTextOf, nameOf, readFields } from '../fields.js';
import { macText } from '../mac.js';
import {
  NDA,
  NEIGHBOR,
  NEIGHBOR_FLAGS,
  NEIGHBOR_STATES,
  type NeighborOptions,
  type NeighborState,
  NTF_EXT_MANAGED,
} from './encode.js';

/** struct ndmsg. */
const HEADER = 12;
const NDA_CACHEINFO = 3;
const NDA_PROBES = 4;
const NDA_MASTER = 9;

/** An entry as the kernel has it: who has an address, or for the family bridge where a link-layer address is. */
export interface Neighbor extends Partial<NeighborOptions> {
  readonly family: IpFamily | 'bridge';
  readonly link: number;
  readonly address?: string;
  readonly lladdr?: string;
  readonly state: NeighborState;
  /** For the family bridge: the bridge, by interface index, in whose fdb it is. */
  readonly bridge?: number;
  readonly use?: true;
  readonly self?: true;
  readonly master?: true;
  readonly proxy?: true;
  readonly externLearn?: true;
  readonly offloaded?: true;
  readonly sticky?: true;
  readonly router?: true;
  readonly managed?: true;
  /** How often it has been asked for without an answer. */
  readonly probes?: number;
  readonly references?: number;
  /** Hundredths of a second since it was used, confirmed and changed last. */
  readonly used?: number;
  readonly confirmed?: number;
  readonly updated?: number;
}

/** Reads RTM_NEWNEIGH or RTM_DELNEIGH. Throws NetlinkDecodeError. */
export function decodeNeighbor(message: NetlinkMessage): Neighbor {
  const attributes = attributesOf(message, [RTM.NEWNEIGH, RTM.DELNEIGH], HEADER);
  const { body } = message;
  const family = body[0] === AF.BRIDGE ? 'bridge' : familyName(body.readUInt8(0));
  const address = attributes.bytes(NDA.DST);
  const lladdr = attributes.bytes(NDA.LLADDR);
  const bridge = attributes.u32(NDA_MASTER);
  const probes = attributes.u32(NDA_PROBES);
  const extended = attributes.u32(NDA.FLAGS_EXT) ?? 0;
  return {
    family,
    link: body.readInt32LE(4),
    ...(address === undefined
      ? {}
      : { address: ipTextOf(address, family === 'bridge' ? undefined : family) }),
    ...(lladdr === undefined ? {} : { lladdr: macText(lladdr) }),
    state: stateOf(body.readUInt16LE(8), family),
    ...readFields(attributes, NEIGHBOR),
    ...trueFlags(body.readUInt8(10), NEIGHBOR_FLAGS),
    ...(bridge === undefined ? {} : { bridge, master: true }),
    ...(extended & NTF_EXT_MANAGED ? { managed: true } : {}),
    ...(probes === undefined ? {} : { probes }),
    ...readCacheInfo(attributes.bytes(NDA_CACHEINFO)),
  };
}

/** In an fdb several bits go together. */
function stateOf(state: number, family: Neighbor['family']): NeighborState {
  if (family === 'bridge' && state & NEIGHBOR_STATES.permanent) return 'permanent';
  if (family === 'bridge' && state & NEIGHBOR_STATES.noarp) return 'noarp';
  return nameOf(NEIGHBOR_STATES, state);
}

/** struct nda_cacheinfo. */
function readCacheInfo(
  bytes: Buffer | undefined,
): Pick<Neighbor, 'used' | 'confirmed' | 'updated' | 'references'> {
  if (bytes === undefined) return {};
  if (bytes.length < 16) throw new NetlinkDecodeError(`cache information of ${bytes.length} bytes`);
  return {
    confirmed: bytes.readUInt32LE(0),
    used: bytes.readUInt32LE(4),
    updated: bytes.readUInt32LE(8),
    references: bytes.readUInt32LE(12),
  };
}
