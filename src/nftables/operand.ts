/** What a selector is compared with, or a field of an element holds: one value, the addresses of a prefix, a range. */
import { SpecError } from '../foundation/errors.js';
import { type DataTypeName, dataType, decodeValue, encodeValue, type Value } from './data-types.js';

/** Nobody changes its bytes: others have the same ones. */
export interface Operand {
  readonly from: Buffer;
  readonly to: Buffer;
  /** Of an address, when it was given as a prefix. */
  readonly prefix?: number;
}

export const isSingle = ({ from, to }: Operand): boolean => from.equals(to);

/** A ruleset has the same values many times, and each is read when it is checked and when it is encoded. */
const known = new Map<DataTypeName, Map<Value, Operand>>();
/** Of one type; then all of them are forgotten. */
const MOST_KNOWN = 1000;

/** `10.0.0.0/8`, `1000-2000`, `tcp`, 80. What a prefix has behind its length is cleared. Throws SpecError. */
export function parseOperand(type: DataTypeName, value: Value, field: string): Operand {
  let ofType = known.get(type);
  if (ofType === undefined) {
    ofType = new Map();
    known.set(type, ofType);
  }
  let operand = ofType.get(value);
  if (operand === undefined) {
    operand = parse(type, value, field);
    if (ofType.size >= MOST_KNOWN) ofType.clear();
    ofType.set(value, operand);
  }
  return operand;
}

function parse(type: DataTypeName, value: Value, field: string): Operand {
  const { basis, words = {} } = dataType(type);
  if (typeof value === 'number' || Object.hasOwn(words, value))
    return single(encodeValue(type, value, field));
  if (basis === 'ipv4' || basis === 'ipv6') return parseAddresses(type, value, field);
  if (basis === 'name' || basis === 'ether') return single(encodeValue(type, value, field));
  const range = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(value);
  if (range === null) return single(encodeValue(type, value, field));
  const [, from, to = from] = range;
  return ordered(type, encodeValue(type, Number(from), field), encodeValue(type, Number(to), field), field);
}

const single = (bytes: Buffer): Operand => ({ from: bytes, to: bytes });

function ordered(type: DataTypeName, from: Buffer, to: Buffer, field: string): Operand {
  const [low, high] = dataType(type).basis === 'host' ? [swapped(from), swapped(to)] : [from, to];
  if (Buffer.compare(low, high) <= 0) return { from, to };
  throw new SpecError(field, `a range begins with the smaller one, not ${decodeValue(type, from)}`);
}

function parseAddresses(type: DataTypeName, value: string, field: string): Operand {
  const ends = value.split('-');
  if (ends.length === 2) {
    const [from = '', to = ''] = ends;
    return ordered(type, encodeValue(type, from, field), encodeValue(type, to, field), field);
  }
  const [, address = '', length] = /^(.*)\/(\d{1,3})$/.exec(value) ?? [];
  if (length === undefined) return single(encodeValue(type, value, field));
  const bits = 8 * dataType(type).size;
  const prefix = Number(length);
  if (prefix > bits) throw new SpecError(field, `${value}: the length of a prefix is 0 to ${bits}`);
  const bytes = encodeValue(type, address, field);
  if (prefix === bits) return single(bytes);
  const mask = prefixMask(bytes.length, prefix);
  return {
    from: Buffer.from(bytes.map((byte, i) => byte & (mask[i] ?? 0))),
    to: Buffer.from(bytes.map((byte, i) => byte | (~(mask[i] ?? 0) & 0xff))),
    prefix,
  };
}

export function prefixMask(size: number, length: number): Buffer {
  const bits = (i: number): number => Math.min(8, Math.max(0, length - 8 * i));
  return Buffer.from(Array.from({ length: size }, (_, i) => (0xff00 >> bits(i)) & 0xff));
}

/** The length of the prefix that a mask is of; undefined where its bits have a hole. */
export function prefixLength(mask: Buffer): number | undefined {
  let length = 0;
  while (length < 8 * mask.length && ((mask[length >> 3] ?? 0) & (0x80 >> (length & 7))) !== 0) length++;
  return mask.equals(prefixMask(mask.length, length)) ? length : undefined;
}

/** How an operand is written: a range of addresses that makes up a prefix as that one, if `asPrefix`. */
export function operandValue(type: DataTypeName, operand: Operand, asPrefix: boolean): Value {
  const { from, to, prefix } = operand;
  if (isSingle(operand)) return decodeValue(type, from);
  const { basis } = dataType(type);
  if (basis === 'name') return `${decodeValue(type, from)}*`; // what begins so: nft(8) has no other ranges of names
  const length =
    prefix ?? (asPrefix && (basis === 'ipv4' || basis === 'ipv6') ? commonPrefix(from, to) : undefined);
  if (length !== undefined) return `${decodeValue(type, from)}/${length}`;
  return `${numeric(type, from)}-${numeric(type, to)}`;
}

/** A range of words is one of numbers. */
function numeric(type: DataTypeName, bytes: Buffer): Value {
  const { basis } = dataType(type);
  if (basis === 'network') return bytes.readUIntBE(0, bytes.length);
  return basis === 'host' ? bytes.readUIntLE(0, bytes.length) : decodeValue(type, bytes);
}

function commonPrefix(from: Buffer, to: Buffer): number | undefined {
  const length = prefixLength(Buffer.from(from.map((byte, i) => ~(byte ^ (to[i] ?? 0)) & 0xff)));
  if (length === undefined) return undefined;
  const mask = prefixMask(from.length, length);
  return from.every((byte, i) => (byte & ~(mask[i] ?? 0)) === 0) ? length : undefined;
}

export const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).reverse();

/** The number behind, as bytes in network order; undefined behind the last one. */
export function successor(bytes: Buffer): Buffer | undefined {
  const next = Buffer.from(bytes);
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = ((next[i] ?? 0) + 1) & 0xff;
    if (next[i] !== 0) return next;
  }
  return undefined;
}

/** The number before; undefined before the first one. */
export function predecessor(bytes: Buffer): Buffer | undefined {
  const previous = Buffer.from(bytes);
  for (let i = previous.length - 1; i >= 0; i--) {
    previous[i] = ((previous[i] ?? 0) - 1) & 0xff;
    if (previous[i] !== 0xff) return previous;
  }
  return undefined;
}
