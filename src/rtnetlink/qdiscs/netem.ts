/** Emulated faults of a network: TCA_NETEM_* of linux/pkt_sched.h, tc-netem(8). */
import { SpecError } from '../../foundation/errors.js';
import { type AttributeWriter, NLA_F_NESTED } from '../../netlink/attribute-writer.js';
import { checkBoolean, checkInteger, checkNames, type Some } from '../fields.js';
import { type Psched, ticksOf } from './psched.js';

/** Shares are from 0 to 1: `loss: 0.01` loses one packet of a hundred. */
export interface NetemOptions {
  /** Microseconds that every packet is late. */
  readonly delay: number;
  /** Microseconds that a delay may differ from {@link delay}. */
  readonly jitter: number;
  /** How much a delay depends on the one before. */
  readonly delayCorrelation: number;
  readonly loss: number;
  readonly lossCorrelation: number;
  /** Loss in four states: the probabilities to go from one to another. */
  readonly lossState: LossState;
  /** Loss by Gilbert and Elliot. */
  readonly lossGemodel: LossGemodel;
  readonly duplicate: number;
  readonly duplicateCorrelation: number;
  /** Sent at once while the others wait: needs a delay. */
  readonly reorder: number;
  readonly reorderCorrelation: number;
  /** Every how many packets one is sent at once. */
  readonly gap: number;
  readonly corrupt: number;
  readonly corruptCorrelation: number;
  /** Bytes a second. */
  readonly rate: number;
  /** Bytes; negative takes away. With {@link rate}. */
  readonly packetOverhead: number;
  readonly cellSize: number;
  readonly cellOverhead: number;
  /** Mark packets instead of losing them. */
  readonly ecn: boolean;
  /** Packets that may wait. Default 1000. */
  readonly limit: number;
  /** Packets are kept and let go in slots. */
  readonly slot: Slot;
}

/** Loss by a Markov chain of four states, `loss state` of tc-netem(8): how likely it goes from the one to the other. */
export interface LossState {
  readonly p13: number;
  readonly p31: number;
  readonly p32: number;
  readonly p14: number;
  readonly p23: number;
}

/** Loss by the Gilbert-Elliot model, `loss gemodel` of tc-netem(8). Shares as netem's others. */
export interface LossGemodel {
  /** From the good state to the bad one. */
  readonly p: number;
  /** And back. */
  readonly r: number;
  /** Share that is not lost in the bad state. */
  readonly h: number;
  /** Share that is lost in the good state. */
  readonly k1: number;
}

/** Packets in bursts with pauses between, `slot` of tc-netem(8). */
export interface Slot {
  /** Nanoseconds. */
  readonly minDelay: number;
  readonly maxDelay: number;
  /** 0 without limit. */
  readonly packets: number;
  readonly bytes: number;
}

export const TCA_NETEM = {
  CORR: 1,
  REORDER: 3,
  CORRUPT: 4,
  LOSS: 5,
  RATE: 6,
  ECN: 7,
  RATE64: 8,
  LATENCY64: 10,
  JITTER64: 11,
  SLOT: 12,
} as const;
export const NETEM_LOSS = { GI: 1, GE: 2 } as const;
/** struct tc_netem_qopt. */
export const NETEM_HEADER = 24;
const MAX = 0xffffffff;
export const GI = ['p13', 'p31', 'p32', 'p14', 'p23'] as const;
export const GE = ['p', 'r', 'h', 'k1'] as const;
const SLOT = ['minDelay', 'maxDelay', 'packets', 'bytes'];
const NAMES: readonly (keyof NetemOptions)[] = [
  ...([
    'delay',
    'jitter',
    'delayCorrelation',
    'loss',
    'lossCorrelation',
    'lossState',
    'lossGemodel',
  ] as const),
  ...(['duplicate', 'duplicateCorrelation', 'reorder', 'reorderCorrelation', 'gap', 'corrupt'] as const),
  ...([
    'corruptCorrelation',
    'rate',
    'packetOverhead',
    'cellSize',
    'cellOverhead',
    'ecn',
    'limit',
    'slot',
  ] as const),
];
const DEFAULT_LIMIT = 1000;

/** Behind the struct stand attributes, both in one attribute. */
export function writeNetem(writer: AttributeWriter, options: Some<NetemOptions>, psched: Psched): void {
  checkNames(options, NAMES, 'netem');
  if (options.lossState !== undefined && options.lossGemodel !== undefined)
    throw new SpecError('netem.lossGemodel', 'and lossState cannot both be');
  writer.raw(header(options, psched));
  const { delayCorrelation, lossCorrelation, duplicateCorrelation } = options;
  if (delayCorrelation || lossCorrelation || duplicateCorrelation)
    writer.bytesOf(
      TCA_NETEM.CORR,
      shares(options, ['delayCorrelation', 'lossCorrelation', 'duplicateCorrelation']),
    );
  if (options.reorder) writer.bytesOf(TCA_NETEM.REORDER, shares(options, ['reorder', 'reorderCorrelation']));
  if (options.ecn !== undefined && checkBoolean(options.ecn, 'netem.ecn')) writer.u32(TCA_NETEM.ECN, 1);
  if (options.corrupt) writer.bytesOf(TCA_NETEM.CORRUPT, shares(options, ['corrupt', 'corruptCorrelation']));
  writeLossModel(writer, options);
  if (options.slot !== undefined) writer.bytesOf(TCA_NETEM.SLOT, slotBytes(options.slot));
  if (options.rate !== undefined) writeRate(writer, options);
}

function header(options: Some<NetemOptions>, psched: Psched): Buffer {
  const { delay = 0, jitter = 0, limit = DEFAULT_LIMIT, reorder } = options;
  const bytes = Buffer.alloc(NETEM_HEADER);
  const largest = Math.floor(MAX / psched.ticksPerMicrosecond);
  bytes.writeUInt32LE(ticksOf(checkInteger(delay, largest, 'netem.delay'), psched), 0);
  bytes.writeUInt32LE(checkInteger(limit, MAX, 'netem.limit'), 4);
  bytes.writeUInt32LE(share(options.loss ?? 0, 'netem.loss'), 8);
  if (reorder && delay === 0) throw new SpecError('netem.reorder', 'needs a delay');
  const gap = checkInteger(options.gap ?? (reorder ? 1 : 0), MAX, 'netem.gap');
  bytes.writeUInt32LE(gap, 12);
  bytes.writeUInt32LE(share(options.duplicate ?? 0, 'netem.duplicate'), 16);
  bytes.writeUInt32LE(ticksOf(checkInteger(jitter, largest, 'netem.jitter'), psched), 20);
  return bytes;
}

/** A part of 2^32 - 1. Throws SpecError. */
function share(value: unknown, name: string): number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return Math.round(value * MAX);
  throw new SpecError(name, `${String(value)} is not a share from 0 to 1`);
}

function shares(options: Some<NetemOptions>, names: readonly (keyof NetemOptions)[]): Uint8Array {
  const numbers = names.map((name) => share(options[name] ?? 0, `netem.${name}`));
  return new Uint8Array(new Uint32Array(numbers).buffer);
}

function writeLossModel(writer: AttributeWriter, { lossState, lossGemodel }: Some<NetemOptions>): void {
  const model = lossState ?? lossGemodel;
  if (model === undefined) return;
  const [type, names, path] =
    lossState === undefined
      ? ([NETEM_LOSS.GE, GE, 'netem.lossGemodel'] as const)
      : ([NETEM_LOSS.GI, GI, 'netem.lossState'] as const);
  checkNames(model, names, path);
  const values = names.map((name) =>
    share((model as Partial<LossState & LossGemodel>)[name], `${path}.${name}`),
  );
  writer.nest(TCA_NETEM.LOSS | NLA_F_NESTED, (inner) =>
    inner.bytesOf(type, new Uint8Array(new Uint32Array(values).buffer)),
  );
}

/** struct tc_netem_slot; the last two of it are for distributions from a table. */
function slotBytes(slot: Slot): Uint8Array {
  checkNames(slot, SLOT, 'netem.slot');
  const bytes = Buffer.alloc(40);
  const min = checkInteger(slot.minDelay, Number.MAX_SAFE_INTEGER, 'netem.slot.minDelay');
  bytes.writeBigInt64LE(BigInt(min), 0);
  const max = checkInteger(slot.maxDelay, Number.MAX_SAFE_INTEGER, 'netem.slot.maxDelay', min);
  bytes.writeBigInt64LE(BigInt(max), 8);
  bytes.writeInt32LE(checkInteger(slot.packets, 0x7fffffff, 'netem.slot.packets'), 16);
  bytes.writeInt32LE(checkInteger(slot.bytes, 0x7fffffff, 'netem.slot.bytes'), 20);
  return bytes;
}

/** struct tc_netem_rate, behind the rate in 64 bits where it needs them. */
function writeRate(writer: AttributeWriter, options: Some<NetemOptions>): void {
  const rate = checkInteger(options.rate, Number.MAX_SAFE_INTEGER, 'netem.rate', 1);
  const { packetOverhead = 0, cellSize = 0, cellOverhead = 0 } = options;
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(Math.min(rate, MAX), 0);
  bytes.writeInt32LE(checkInteger(packetOverhead, 0x7fffffff, 'netem.packetOverhead', -0x80000000), 4);
  bytes.writeUInt32LE(checkInteger(cellSize, MAX, 'netem.cellSize'), 8);
  bytes.writeInt32LE(checkInteger(cellOverhead, 0x7fffffff, 'netem.cellOverhead', -0x80000000), 12);
  if (rate > MAX) writer.u64(TCA_NETEM.RATE64, BigInt(rate));
  writer.bytesOf(TCA_NETEM.RATE, bytes);
}
