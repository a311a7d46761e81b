/** The token bucket filter: sends at most so much a second; TCA_TBF_* of linux/pkt_sched.h, tc-tbf(8). */
import { SpecError } from '../../foundation/errors.js';
import type { AttributeWriter } from '../../netlink/attribute-writer.js';
import type { Attributes } from '../../netlink/attributes.js';
import { checkInteger, checkNames } from '../fields.js';
import { bytesSentIn, microsecondsOf, type Psched, sendingTicks } from './psched.js';

/** A token bucket, tc-tbf(8). */
export interface TbfOptions {
  /** Bytes a second. */
  readonly rate: number;
  /** Bytes that may go out at once; at least what the rate gives in one tick of the kernel's timer, and one packet. */
  readonly burst: number;
  /** Bytes that may wait, the burst included. This or {@link latency} is needed. */
  readonly limit?: number | undefined;
  /** Microseconds that the last of what may wait, waits. */
  readonly latency?: number | undefined;
  /** Bytes a second also during a burst; then {@link mtu} is needed. */
  readonly peakRate?: number | undefined;
  /** Bytes of the second bucket, that of the peak rate: at least the largest packet. */
  readonly mtu?: number | undefined;
  /** Bytes that a packet counts at least. */
  readonly mpu?: number | undefined;
  /** Bytes that every packet counts more than it has. */
  readonly overhead?: number | undefined;
}

/** As the kernel has it; what it keeps in ticks of its clock may come back a few bytes off. */
export interface Tbf {
  readonly rate: number;
  readonly burst: number;
  readonly limit: number;
  /** Microseconds that the last of what may wait, waits; not there where the limit is below the burst. */
  readonly latency?: number;
  readonly peakRate?: number;
  readonly mtu?: number;
  readonly mpu: number;
  readonly overhead: number;
}

const TCA_TBF = { PARMS: 1, RTAB: 2, PTAB: 3, RATE64: 4, PRATE64: 5, BURST: 6, PBURST: 7 } as const;
const NAMES = ['rate', 'burst', 'limit', 'latency', 'peakRate', 'mtu', 'mpu', 'overhead'];
const MAX = 0xffffffff;
const LINKLAYER_ETHERNET = 1;
const LARGEST_PACKET = 2047;
const CELLS = 256;

interface Bucket {
  readonly rate: number;
  readonly mpu: number;
  readonly overhead: number;
  /** Logarithm of the bytes of which a cell of the table is. */
  readonly cellLog: number;
}

export function writeTbf(writer: AttributeWriter, options: TbfOptions, psched: Psched): void {
  const { rate, burst, peakRate, mtu, mpu, overhead, limit } = checked(options);
  const cellLog = cellLogOf(mtu === 0 ? LARGEST_PACKET : mtu);
  // What has only 32 bits is what kernels went by before the attributes with 64.
  const bucket: Bucket = { rate: Math.min(rate, MAX), mpu, overhead, cellLog };
  const peak: Bucket = { ...bucket, rate: Math.min(peakRate, MAX) };
  const parameters = Buffer.alloc(36);
  ratespec(bucket).copy(parameters, 0);
  if (peakRate > 0) ratespec(peak).copy(parameters, 12);
  parameters.writeUInt32LE(limit, 24);
  parameters.writeUInt32LE(sendingTicks(bucket.rate, burst, psched), 28);
  if (peakRate > 0) parameters.writeUInt32LE(sendingTicks(peak.rate, mtu, psched), 32);
  writer.bytesOf(TCA_TBF.PARMS, parameters).u32(TCA_TBF.BURST, burst);
  if (rate > MAX) writer.u64(TCA_TBF.RATE64, BigInt(rate));
  writer.bytesOf(TCA_TBF.RTAB, rateTable(bucket, psched));
  if (peakRate === 0) return;
  if (peakRate > MAX) writer.u64(TCA_TBF.PRATE64, BigInt(peakRate));
  writer.u32(TCA_TBF.PBURST, mtu);
  writer.bytesOf(TCA_TBF.PTAB, rateTable(peak, psched));
}

interface CheckedTbf extends Omit<Tbf, 'peakRate' | 'mtu' | 'latency'> {
  /** 0 for none. */
  readonly peakRate: number;
  readonly mtu: number;
}

function checked(options: TbfOptions): CheckedTbf {
  checkNames(options, NAMES, 'tbf');
  const number = (name: keyof TbfOptions, max: number, min = 0): number =>
    checkInteger(options[name] ?? 0, max, `tbf.${name}`, min);
  const rate = number('rate', Number.MAX_SAFE_INTEGER, 1);
  const burst = number('burst', MAX, 1);
  const peakRate = number('peakRate', Number.MAX_SAFE_INTEGER);
  const mtu = number('mtu', MAX);
  if (peakRate > 0 && mtu === 0) throw new SpecError('tbf.mtu', 'is needed with a peak rate');
  if ((options.limit === undefined) === (options.latency === undefined))
    throw new SpecError('tbf.limit', 'is needed, or latency, and not both');
  const limit =
    options.limit === undefined
      ? limitOf({ rate, burst, peakRate, mtu }, number('latency', MAX))
      : number('limit', MAX, 1);
  return {
    rate,
    burst,
    peakRate,
    mtu,
    mpu: number('mpu', 0xffff),
    overhead: number('overhead', 0xffff),
    limit,
  };
}

/** What may wait so that nothing waits longer. */
function limitOf(buckets: Pick<CheckedTbf, 'rate' | 'burst' | 'peakRate' | 'mtu'>, latency: number): number {
  const { rate, burst, peakRate, mtu } = buckets;
  const waiting = [(rate * latency) / 1e6 + burst];
  if (peakRate > 0) waiting.push((peakRate * latency) / 1e6 + mtu);
  const limit = Math.trunc(Math.min(...waiting));
  if (limit > MAX)
    throw new SpecError('tbf.latency', `${latency} µs at this rate are more than ${MAX} bytes`);
  return limit;
}

/** struct tc_ratespec. */
function ratespec({ rate, mpu, overhead, cellLog }: Bucket): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt8(cellLog, 0);
  bytes.writeUInt8(LINKLAYER_ETHERNET, 1);
  bytes.writeUInt16LE(overhead, 2);
  bytes.writeInt16LE(-1, 4);
  bytes.writeUInt16LE(mpu, 6);
  bytes.writeUInt32LE(rate, 8);
  return bytes;
}

function cellLogOf(largest: number): number {
  let log = 0;
  while (largest >>> log >= CELLS) log++;
  return log;
}

/** How long packets take by their size: for kernels that do not reckon it themselves. */
function rateTable({ rate, mpu, cellLog }: Bucket, psched: Psched): Buffer {
  const bytes = Buffer.alloc(4 * CELLS);
  for (let cell = 0; cell < CELLS; cell++) {
    const size = Math.max(mpu, (cell + 1) * 2 ** cellLog);
    bytes.writeUInt32LE(sendingTicks(rate, size, psched), 4 * cell);
  }
  return bytes;
}

export function readTbf(attributes: Attributes, psched: Psched): Tbf | undefined {
  const parameters = attributes.bytes(TCA_TBF.PARMS, 36);
  if (parameters === undefined) return undefined;
  const rate = Number(attributes.u64(TCA_TBF.RATE64) ?? parameters.readUInt32LE(8));
  const peakRate = Number(attributes.u64(TCA_TBF.PRATE64) ?? parameters.readUInt32LE(20));
  const limit = parameters.readUInt32LE(24);
  const latency = Math.trunc((1e6 * limit) / rate - microsecondsOf(parameters.readUInt32LE(28), psched));
  return {
    rate,
    burst: bytesSentIn(rate, parameters.readUInt32LE(28), psched),
    limit,
    ...(rate > 0 && latency >= 0 ? { latency } : {}),
    ...(peakRate === 0 ? {} : { peakRate, mtu: bytesSentIn(peakRate, parameters.readUInt32LE(32), psched) }),
    mpu: parameters.readUInt16LE(6),
    overhead: parameters.readUInt16LE(2),
  };
}
