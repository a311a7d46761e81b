/**
 * Objects as attributes: a table says of each field which attribute it is and how it stands there, and is read in both
 * directions. Fields are written in the table's order.
 */
import { SpecError } from '../foundation/errors.js';
import { familyOf, type IpFamily, ipBytes, ipText } from '../foundation/ip.js';
import type { AttributeWriter } from '../netlink/attribute-writer.js';
import type { Attributes } from '../netlink/attributes.js';
import { NetlinkDecodeError } from '../netlink/errors.js';
import { macBytes, macText } from './mac.js';

export interface Field<Value> {
  /** `name` is what an error calls the field. */
  write(writer: AttributeWriter, value: Value, name: string): void;
  read(attributes: Attributes): Value | undefined;
}

/** Some of the fields of an object; undefined is as good as not there. */
export type Some<Of> = { readonly [Name in keyof Of]?: Of[Name] | undefined };

/** The table of an object: a row for each of its fields. */
export type Fields<Of> = { readonly [Name in keyof Of]: Field<Of[Name]> };

/** Writes the fields that are there. Throws SpecError for one that cannot be as it is, or that the table does not have. */
export function writeFields<Of extends object>(
  writer: AttributeWriter,
  fields: Fields<Of>,
  value: Some<Of>,
  path = '',
): void {
  checkNames(value, Object.keys(fields), path);
  for (const name in fields) {
    const part = value[name as keyof Of];
    if (part !== undefined)
      (fields[name as keyof Of] as Field<unknown>).write(writer, part, join(path, name));
  }
}

/** The fields that are there. Throws NetlinkDecodeError. */
export function readFields<Of extends object>(attributes: Attributes, fields: Fields<Of>): Partial<Of> {
  const found: Partial<Of> = {};
  for (const name in fields) {
    const part = (fields[name as keyof Of] as Field<unknown>).read(attributes);
    if (part !== undefined) found[name as keyof Of] = part as Of[keyof Of];
  }
  return found;
}

export function checkNames(value: object, known: readonly string[], path: string): void {
  if (typeof value !== 'object' || value === null) throw new SpecError(path, 'must be an object');
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new SpecError(join(path, unknown), `there is no such field; there are ${known.join(', ')}`);
}

export const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

export function checkInteger(value: unknown, max: number, name: string, min = 0): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new SpecError(name, `${String(value)} is not an integer from ${min} to ${max}`);
}

export function checkText(value: unknown, longest: number, name: string): string {
  const fits = typeof value === 'string' && !value.includes('\0') && Buffer.byteLength(value) <= longest;
  if (fits) return value;
  throw new SpecError(name, `${JSON.stringify(value)} is not a text of at most ${longest} bytes without NUL`);
}

/** An interface index. Throws SpecError. */
export const checkIndex = (value: unknown, name: string): number => checkInteger(value, 0x7fffffff, name, 1);

type Width = 'u8' | 'u16' | 'u32' | 'be16';
const LARGEST: Readonly<Record<Width, number>> = { u8: 0xff, u16: 0xffff, be16: 0xffff, u32: 0xffffffff };

const integer =
  (width: Width) =>
  (attribute: number, max = LARGEST[width]): Field<number> => ({
    write: (writer, value, name) => {
      writer[width](attribute, checkInteger(value, max, name));
    },
    read: (attributes) => attributes[width](attribute),
  });

export const u8 = integer('u8');
export const u16 = integer('u16');
export const u32 = integer('u32');
export const be16 = integer('be16');

export const u64 = (attribute: number): Field<number> => ({
  write: (writer, value, name) => {
    writer.u64(attribute, BigInt(checkInteger(value, Number.MAX_SAFE_INTEGER, name)));
  },
  read: (attributes) => {
    const value = attributes.u64(attribute);
    return value === undefined ? undefined : Number(value);
  },
});

/** An interface index; 0 in a message stands for none. */
export const index = (attribute: number): Field<number> => ({
  write: (writer, value, name) => {
    writer.u32(attribute, checkIndex(value, name));
  },
  read: (attributes) => attributes.u32(attribute) || undefined,
});

/** A number that says yes or no. */
export const bool = (attribute: number, width: 'u8' | 'u32' = 'u8'): Field<boolean> => ({
  write: (writer, value, name) => {
    writer[width](attribute, checkBoolean(value, name) ? 1 : 0);
  },
  read: (attributes) => {
    const value = attributes[width](attribute);
    return value === undefined ? undefined : value !== 0;
  },
});

export function checkBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new SpecError(name, `${String(value)} is neither true nor false`);
}

export const text = (attribute: number, longest: number): Field<string> => ({
  write: (writer, value, name) => {
    writer.text(attribute, checkText(value, longest, name));
  },
  read: (attributes) => attributes.text(attribute),
});

/** Without the NUL at its end, as iproute2 writes some. */
export const bareText = (attribute: number, longest: number): Field<string> => ({
  write: (writer, value, name) => {
    writer.bytesOf(attribute, Buffer.from(checkText(value, longest, name)));
  },
  read: (attributes) => attributes.text(attribute),
});

/** The address of a link as text: `02:00:00:00:00:01`. */
export const mac = (attribute: number): Field<string> => ({
  write: (writer, value, name) => {
    writer.bytesOf(attribute, macBytes(value, name));
  },
  read: (attributes) => {
    const bytes = attributes.bytes(attribute);
    return bytes === undefined ? undefined : macText(bytes);
  },
});

/** An IP address; one attribute for both families, or one for each. */
export const ip = (attribute4: number, attribute6 = attribute4): Field<string> => ({
  write: (writer, value, name) => {
    const bytes = checkedIpBytes(value, name);
    writer.bytesOf(bytes.length === 4 ? attribute4 : attribute6, bytes);
  },
  read: (attributes) => {
    const bytes = attributes.bytes(attribute4) ?? attributes.bytes(attribute6);
    return bytes === undefined ? undefined : ipTextOf(bytes);
  },
});

/** Throws SpecError. */
export function checkedIpBytes(value: unknown, name: string): Uint8Array {
  if (typeof value === 'string' && familyOf(value) !== undefined) return ipBytes(value);
  throw new SpecError(name, `${JSON.stringify(value)} is not an IP address`);
}

/** Throws NetlinkDecodeError for another number of bytes than addresses have, those of the family when one is given. */
export function ipTextOf(bytes: Uint8Array, family?: IpFamily): string {
  const size = bytes.length;
  if ((size === 4 && family !== 'inet6') || (size === 16 && family !== 'inet')) return ipText(bytes);
  throw new NetlinkDecodeError(`an ${family ?? 'IP'} address of ${size} bytes`);
}

/** Names for numbers. */
export type Names = Readonly<Record<string, number>>;
/** One of the names, or a number that has none. */
export type Named<Of extends Names> = keyof Of | number;

export const nameOf = <Of extends Names>(names: Of, value: number): Named<Of> =>
  Object.keys(names).find((name) => names[name] === value) ?? value;

/** Throws SpecError. */
export function numberOf<Of extends Names>(names: Of, value: Named<Of>, max: number, name: string): number {
  if (typeof value === 'number') return checkInteger(value, max, name);
  if (typeof value === 'string' && Object.hasOwn(names, value)) return names[value] as number;
  throw new SpecError(name, `${JSON.stringify(value)} is none of ${Object.keys(names).join(', ')}`);
}

/** A number that has names. */
export const named = <Of extends Names>(width: Width, attribute: number, names: Of): Field<Named<Of>> => ({
  write: (writer, value, name) => {
    writer[width](attribute, numberOf(names, value, LARGEST[width], name));
  },
  read: (attributes) => {
    const value = attributes[width](attribute);
    return value === undefined ? undefined : nameOf(names, value);
  },
});
