/** Elements of sets and maps, as people write them and as the kernel keeps them. */
import { SpecError } from '../foundation/errors.js';
import { NetlinkDecodeError } from '../netlink/errors.js';
import { NFT_SET_ELEM } from './constants.js';
import { type DataTypeName, dataType, type Value } from './data-types.js';
import { checkComment } from './names.js';
import { isSingle, type Operand, operandValue, parseOperand, predecessor, successor } from './operand.js';
import { checkVerdict, type Verdict } from './verdict.js';

/** One value, or the values of a concatenation in their order. In a set with intervals also prefixes and ranges. */
export type Key = Value | readonly Value[];

/** What a map gives for a key: values of its type, or a verdict. */
export type MapData = Key | Verdict;

/** An element of a set or a map. */
export interface Element {
  readonly key: Key;
  /** Of a map. */
  readonly data?: MapData;
  /** After which it goes away by itself, in milliseconds; where the set has one, that one is the default. */
  readonly timeout?: number;
  /** In how many milliseconds it goes away; when an element is added, its timeout. */
  readonly expiration?: number;
  readonly comment?: string;
}

/** What must be known of a set to read and write its elements. */
export interface ElementTypes {
  readonly types: readonly DataTypeName[];
  readonly data?: readonly DataTypeName[] | 'verdict';
  readonly interval: boolean;
}

/** NFTA_SET_ELEM_*, before they are attributes. */
export interface KernelElement {
  readonly key: Buffer;
  readonly keyEnd?: Buffer;
  readonly flags?: number;
  readonly data?: Buffer | { readonly verdict: Verdict };
  readonly timeout?: number;
  readonly expiration?: number;
  readonly comment?: string;
}

export const keySize = (types: readonly DataTypeName[]): number =>
  types.length === 1
    ? dataType(types[0] as DataTypeName).size
    : types.reduce((sum, type) => sum + paddedSize(type), 0);

const paddedSize = (type: DataTypeName): number => (dataType(type).size + 3) & ~3;

const valuesOf = (key: Key): readonly Value[] =>
  Array.isArray(key) ? (key as readonly Value[]) : [key as Value];

function parseKey(types: readonly DataTypeName[], key: Key, field: string): Operand[] {
  const values = valuesOf(key);
  if (values.length !== types.length)
    throw new SpecError(
      field,
      `${JSON.stringify(key)} has ${values.length} parts, not ${types.length}: ${types.join(' . ')}`,
    );
  return types.map((type, i) => parseOperand(type, values[i] as Value, field));
}

/** Each field of a concatenation ends on a boundary of four bytes. */
function join(types: readonly DataTypeName[], parts: readonly Buffer[]): Buffer {
  if (types.length === 1) return parts[0] as Buffer;
  const bytes = Buffer.allocUnsafe(keySize(types)).fill(0);
  let at = 0;
  for (const [i, type] of types.entries()) {
    bytes.set(parts[i] as Buffer, at);
    at += paddedSize(type);
  }
  return bytes;
}

function split(types: readonly DataTypeName[], bytes: Buffer): Buffer[] {
  if (bytes.length !== keySize(types))
    throw new NetlinkDecodeError(`${types.join(' . ')} of ${bytes.length} bytes`);
  let at = 0;
  return types.map((type) => {
    const part = bytes.subarray(at, at + dataType(type).size);
    at += paddedSize(type);
    return part;
  });
}

/** What the kernel keeps for one element: two where an interval has an end of its own. Throws SpecError. */
export function encodeElement(set: ElementTypes, element: Element, field: string): KernelElement[] {
  const { types, interval } = set;
  const operands = parseKey(types, element.key, `${field}.key`);
  if (!interval && operands.some((operand) => !isSingle(operand)))
    throw new SpecError(`${field}.key`, `${JSON.stringify(element.key)} needs a set with the flag interval`);
  checkComment(element.comment, `${field}.comment`);
  const { timeout, expiration, comment } = element;
  const rest = {
    ...dataOf(set, element.data, `${field}.data`),
    ...(timeout === undefined ? {} : { timeout: checkTime(timeout, `${field}.timeout`) }),
    ...(expiration === undefined ? {} : { expiration: checkTime(expiration, `${field}.expiration`) }),
    ...(comment === undefined ? {} : { comment }),
  };
  const from = join(
    types,
    operands.map((operand) => operand.from),
  );
  if (!interval) return [{ key: from, ...rest }];
  const to = join(
    types,
    operands.map((operand) => operand.to),
  );
  if (types.length > 1) return [{ key: from, keyEnd: to, ...rest }];
  const end = successor(to);
  return [{ key: from, ...rest }, ...(end ? [{ key: end, flags: NFT_SET_ELEM.INTERVAL_END }] : [])];
}

function dataOf(set: ElementTypes, data: MapData | undefined, field: string): Pick<KernelElement, 'data'> {
  if ((data === undefined) !== (set.data === undefined))
    throw new SpecError(
      field,
      set.data ? 'an element of a map has data' : 'only elements of a map have data',
    );
  if (data === undefined || set.data === undefined) return {};
  if (set.data === 'verdict') return { data: { verdict: checkVerdict(data as Verdict, field) } };
  const operands = parseKey(set.data, data as Key, field);
  if (!operands.every(isSingle)) throw new SpecError(field, 'must be a single value');
  return {
    data: join(
      set.data,
      operands.map((operand) => operand.from),
    ),
  };
}

/** The kernel keeps no more than this many milliseconds. */
const LONGEST = 2 ** 48;

export function checkTime(milliseconds: number, field: string): number {
  if (Number.isInteger(milliseconds) && milliseconds > 0 && milliseconds < LONGEST) return milliseconds;
  throw new SpecError(field, `must be a whole number of milliseconds above 0, not ${milliseconds}`);
}

/** The elements of a set in the order of their keys. Throws NetlinkDecodeError. */
export function decodeElements(set: ElementTypes, elements: readonly KernelElement[]): Element[] {
  const sorted = [...elements].sort((a, b) => Buffer.compare(a.key, b.key) || endOf(b) - endOf(a));
  const found: Element[] = [];
  for (const [i, element] of sorted.entries()) {
    if (endOf(element)) continue;
    found.push(decodeElement(set, element, lastOf(set, element, sorted[i + 1])));
  }
  return found;
}

/** Where one key is both, an interval ends and the next begins. */
export function hasTwice(elements: readonly KernelElement[]): boolean {
  const seen = elements.map((element) => `${endOf(element)}${element.key.toString('latin1')}`);
  return new Set(seen).size < seen.length;
}

const endOf = ({ flags = 0 }: KernelElement): number => flags & NFT_SET_ELEM.INTERVAL_END;

/** An interval ends before the next end, or with the last of all. */
function lastOf(
  { types, interval }: ElementTypes,
  { key, keyEnd }: KernelElement,
  next?: KernelElement,
): Buffer {
  if (!interval || types.length > 1) return keyEnd ?? key;
  if (next === undefined) return Buffer.alloc(key.length, 0xff);
  return predecessor(next.key) ?? key;
}

function decodeElement(
  set: ElementTypes,
  { key, data, timeout, expiration, comment }: KernelElement,
  last: Buffer,
): Element {
  return {
    key: decodeKey(set.types, key, last),
    ...(data === undefined ? {} : { data: decodeData(set, data) }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(expiration === undefined ? {} : { expiration }),
    ...(comment === undefined ? {} : { comment }),
  };
}

function decodeKey(types: readonly DataTypeName[], first: Buffer, last: Buffer): Key {
  const [from, to] = [split(types, first), split(types, last)];
  const values = types.map((type, i) =>
    operandValue(type, { from: from[i] as Buffer, to: to[i] as Buffer }, true),
  );
  return values.length === 1 ? (values[0] as Value) : values;
}

function decodeData(set: ElementTypes, data: Buffer | { verdict: Verdict }): MapData {
  if (!Buffer.isBuffer(data)) return data.verdict;
  if (set.data === undefined || set.data === 'verdict')
    throw new NetlinkDecodeError('data in a set that has none');
  return decodeKey(set.data, data, data);
}

function inOneForm({ types, data }: ElementTypes, element: Element): Element {
  const key = (of: readonly DataTypeName[], values: Key): Key => {
    const all = parseKey(of, values, 'key').map((operand, i) =>
      operandValue(of[i] as DataTypeName, operand, true),
    );
    return all.length === 1 ? (all[0] as Value) : all;
  };
  const { data: given } = element;
  return {
    ...element,
    key: key(types, element.key),
    ...(data === undefined || data === 'verdict' ? {} : { data: key(data, given as Key) }),
  };
}

/** Each as the kernel gives it back, in the order of their keys. Throws SpecError, also for what is there twice or overlaps. */
export function sortElements(set: ElementTypes, elements: readonly Element[], field: string): Element[] {
  const ordered = elements
    .map((element, i) => {
      const [kernel, end] = encodeElement(set, element, `${field}[${i}]`);
      return { element: inOneForm(set, element), kernel: kernel as KernelElement, end };
    })
    .sort((a, b) => Buffer.compare(a.kernel.key, b.kernel.key));
  const sorted = ordered.map(({ element }) => element);
  for (const [i, { kernel: element }] of ordered.entries()) {
    const { kernel: first, end } = ordered[i - 1] ?? {};
    if (first === undefined) continue;
    const isInterval = set.interval && set.types.length === 1;
    const apart = isInterval
      ? end && Buffer.compare(end.key, element.key) <= 0
      : !first.key.equals(element.key);
    if (!apart)
      throw new SpecError(field, `${JSON.stringify(sorted[i]?.key)} is there twice, or overlaps another`);
  }
  return sorted;
}

/** Whether some key is a prefix or a range, which takes a set with intervals. Throws SpecError. */
export const hasIntervals = (types: readonly DataTypeName[], keys: readonly Key[], field: string): boolean =>
  keys.some((key, i) => parseKey(types, key, `${field}[${i}]`).some((operand) => !isSingle(operand)));
