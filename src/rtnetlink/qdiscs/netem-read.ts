import { Attributes } from '../../netlink/attributes.js';
import { NetlinkDecodeError } from '../../netlink/errors.js';
import {
  GE,
  GI,
  type LossGemodel,
  type LossState,
  NETEM_HEADER,
  NETEM_LOSS,
  type NetemOptions,
  type Slot,
  TCA_NETEM,
} from './netem.js';
import { microsecondsOf, type Psched } from './psched.js';

const MAX = 0xffffffff;

/** What is not in use is not there. Throws NetlinkDecodeError. */
export function readNetem(bytes: Buffer, psched: Psched): Partial<NetemOptions> {
  if (bytes.length < NETEM_HEADER) throw new NetlinkDecodeError(`options of netem of ${bytes.length} bytes`);
  const attributes = new Attributes(bytes, NETEM_HEADER);
  const number = (at: number): number => bytes.readUInt32LE(at);
  const correlations = attributes.bytes(TCA_NETEM.CORR, 12);
  const reorder = attributes.bytes(TCA_NETEM.REORDER, 8);
  const corrupt = attributes.bytes(TCA_NETEM.CORRUPT, 8);
  const long = (attribute: number): number | undefined => {
    const nanoseconds = attributes.u64(attribute);
    return nanoseconds === undefined ? undefined : Number(BigInt.asIntN(64, nanoseconds)) / 1000;
  };
  return present({
    delay: long(TCA_NETEM.LATENCY64) ?? microsecondsOf(number(0), psched),
    jitter: long(TCA_NETEM.JITTER64) ?? microsecondsOf(number(20), psched),
    delayCorrelation: share(correlations, 0),
    loss: share(bytes, 8),
    lossCorrelation: share(correlations, 4),
    duplicate: share(bytes, 16),
    duplicateCorrelation: share(correlations, 8),
    reorder: share(reorder, 0),
    reorderCorrelation: share(reorder, 4),
    gap: number(12),
    corrupt: share(corrupt, 0),
    corruptCorrelation: share(corrupt, 4),
    limit: number(4),
    ecn: attributes.u32(TCA_NETEM.ECN) ? true : undefined,
    ...readRate(attributes),
    ...readLossModel(attributes),
    slot: readSlot(attributes),
  });
}

/** Without what is undefined or 0. */
function present(
  options: { [Name in keyof NetemOptions]?: NetemOptions[Name] | undefined },
): Partial<NetemOptions> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== 0),
  );
}

const share = (bytes: Buffer | undefined, at: number): number | undefined =>
  bytes && bytes.readUInt32LE(at) / MAX;

function readRate(attributes: Attributes): Partial<NetemOptions> {
  const bytes = attributes.bytes(TCA_NETEM.RATE, 16);
  if (bytes === undefined) return {};
  return {
    rate: Number(attributes.u64(TCA_NETEM.RATE64) ?? bytes.readUInt32LE(0)),
    packetOverhead: bytes.readInt32LE(4),
    cellSize: bytes.readUInt32LE(8),
    cellOverhead: bytes.readInt32LE(12),
  };
}

function readLossModel(attributes: Attributes): { lossState?: LossState; lossGemodel?: LossGemodel } {
  const model = attributes.nest(TCA_NETEM.LOSS);
  const state = model?.bytes(NETEM_LOSS.GI, 4 * GI.length);
  const gemodel = model?.bytes(NETEM_LOSS.GE, 4 * GE.length);
  return {
    ...(state && { lossState: byName(state, GI) }),
    ...(gemodel && { lossGemodel: byName(gemodel, GE) }),
  };
}

const byName = <Name extends string>(bytes: Buffer, names: readonly Name[]): Record<Name, number> =>
  Object.fromEntries(names.map((name, i) => [name, bytes.readUInt32LE(4 * i) / MAX])) as Record<Name, number>;

function readSlot(attributes: Attributes): Slot | undefined {
  const bytes = attributes.bytes(TCA_NETEM.SLOT);
  if (bytes === undefined) return undefined;
  if (bytes.length < 24) throw new NetlinkDecodeError(`a slot of netem of ${bytes.length} bytes`);
  return {
    minDelay: Number(bytes.readBigInt64LE(0)),
    maxDelay: Number(bytes.readBigInt64LE(8)),
    packets: bytes.readInt32LE(16),
    bytes: bytes.readInt32LE(20),
  };
}
