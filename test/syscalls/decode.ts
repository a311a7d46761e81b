/** Reads an encoded plan back, by src/syscalls/wire.ts alone and with every bound that the launcher checks. */
import assert from 'node:assert/strict';
import * as wire from '../../src/syscalls/wire.js';

export interface Relocation {
  readonly at: number;
  readonly kind: number;
  readonly value: number;
}

export interface DecodedStep {
  readonly index: number;
  readonly op: number;
  readonly call: number;
  /** Offset of the first argument. */
  readonly argsAt: number;
  readonly relocations: readonly Relocation[];
  readonly child: number;
  readonly expect: number;
  readonly expectedCell: number;
  readonly expected: number;
  readonly unexpectedErrno: number;
  readonly tolerated: readonly number[];
}

export interface Decoded {
  readonly bytes: Buffer;
  readonly header: Readonly<Record<string, number>>;
  readonly steps: readonly DecodedStep[];
  /** What relocations and calls may change. */
  readonly data: { readonly from: number; readonly to: number };
}

function readFields(bytes: Buffer, layout: wire.Layout, base: number): Record<string, number> {
  const read = (at: number, type: string): number => {
    if (type.startsWith('u16')) return bytes.readUInt16LE(at);
    return type === 'i32' ? bytes.readInt32LE(at) : bytes.readUInt32LE(at);
  };
  const rows = Object.entries(layout.fields).map(([name, { at, type }]) => [name, read(base + at, type)]);
  return Object.fromEntries(rows) as Record<string, number>;
}

type Fields = Readonly<Record<string, number>>;
const field = (fields: Fields, name: string): number => fields[name] as number;

function decodeStep(bytes: Buffer, header: Fields, index: number): DecodedStep {
  const base = wire.HEADER.size + index * wire.STEP.size;
  const fields = readFields(bytes, wire.STEP, base);
  const first = field(fields, 'firstRelocation');
  const relocations = Array.from({ length: field(fields, 'relocationCount') }, (_, i) => {
    assert.ok(first + i < field(header, 'relocationCount'));
    const at = field(header, 'relocationsAt') + (first + i) * wire.RELOCATION.size;
    return readFields(bytes, wire.RELOCATION, at) as unknown as Relocation;
  });
  const toleratedAt = base + wire.STEP_AT.tolerated;
  const tolerated = Array.from({ length: field(fields, 'toleratedCount') }, (_, i) =>
    bytes.readUInt16LE(toleratedAt + 2 * i),
  );
  const argsAt = base + wire.STEP_AT.args;
  return { ...(fields as unknown as DecodedStep), index, argsAt, relocations, tolerated };
}

/** plan_open of native/launcher/plan.c, written down a second time. */
export function decode(encoded: Uint8Array): Decoded {
  const bytes = Buffer.from(encoded);
  const header = readFields(bytes, wire.HEADER, 0);
  assert.equal(header.magic, wire.MAGIC);
  assert.equal(header.version, wire.VERSION);
  assert.equal(header.size, bytes.length);
  const count = field(header, 'stepCount');
  const data = { from: wire.HEADER.size + count * wire.STEP.size, to: field(header, 'relocationsAt') };
  assert.equal(data.to + field(header, 'relocationCount') * wire.RELOCATION.size, bytes.length);
  const decoded: Decoded = {
    bytes,
    header,
    data,
    steps: Array.from({ length: count }, (_, index) => decodeStep(bytes, header, index)),
  };
  checkInside(decoded, field(header, 'resultsAt'), count * 8);
  for (const step of decoded.steps) checkStep(decoded, step);
  return decoded;
}

export function checkInside({ data }: Decoded, at: number, size: number): void {
  assert.ok(
    at >= data.from && at + size <= data.to,
    `${size} bytes at ${at} are outside of ${data.from}-${data.to}`,
  );
}

function checkStep(decoded: Decoded, step: DecodedStep): void {
  if (step.op === wire.OP.fork || step.op === wire.OP.vfork) assert.ok(step.child > step.index);
  for (const { at, kind, value } of step.relocations) {
    const width = kind === wire.RELOCATE.decimal ? wire.DECIMAL_SIZE : 8;
    const own = at >= step.argsAt && at + width <= step.argsAt + 48;
    if (!own) checkInside(decoded, at, width);
    if (kind !== wire.RELOCATE.decimal) assert.equal(at % 8, 0);
    if (kind === wire.RELOCATE.result || kind === wire.RELOCATE.decimal) assert.ok(value < step.index);
    else checkInside(decoded, value, kind === wire.RELOCATE.cell ? 4 : 0);
  }
}
