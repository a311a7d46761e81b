/**
 * The expressions that the kernel runs, one attribute per field, as nf_tables.h numbers them. An expression with an attribute
 * that is not in the table is kept as unknown bytes, so that nothing is read as less than it says.
 */
import { AttributeWriter, NLA_F_NESTED } from '../netlink/attribute-writer.js';
import { Attributes } from '../netlink/attributes.js';
import { NetlinkDecodeError } from '../netlink/errors.js';
import { NFTA_DATA, NFTA_EXPR, NFTA_LIST_ELEM } from './constants.js';
import { readVerdict, type Verdict, writeVerdict } from './verdict.js';

interface Kinds {
  u8: number;
  be16: number;
  be32: number;
  be64: bigint;
  text: string;
  /** Bytes as a datum. */
  value: Buffer;
  /** Bytes or a verdict. */
  datum: Buffer | { readonly verdict: Verdict };
}
type Field = readonly [attribute: number, kind: keyof Kinds];

/** In the order in which nft(8) writes them. */
const LAYOUTS = {
  payload: { dreg: [1, 'be32'], base: [2, 'be32'], offset: [3, 'be32'], length: [4, 'be32'] },
  meta: { key: [2, 'be32'], dreg: [1, 'be32'], sreg: [3, 'be32'] },
  ct: { key: [2, 'be32'], dreg: [1, 'be32'], direction: [3, 'u8'], sreg: [4, 'be32'] },
  fib: { flags: [3, 'be32'], result: [2, 'be32'], dreg: [1, 'be32'] },
  cmp: { sreg: [1, 'be32'], op: [2, 'be32'], data: [3, 'value'] },
  bitwise: {
    sreg: [1, 'be32'],
    dreg: [2, 'be32'],
    op: [6, 'be32'],
    length: [3, 'be32'],
    mask: [4, 'value'],
    xor: [5, 'value'],
  },
  byteorder: {
    sreg: [1, 'be32'],
    dreg: [2, 'be32'],
    op: [3, 'be32'],
    length: [4, 'be32'],
    size: [5, 'be32'],
  },
  range: { sreg: [1, 'be32'], op: [2, 'be32'], from: [3, 'value'], to: [4, 'value'] },
  lookup: {
    sreg: [2, 'be32'],
    dreg: [3, 'be32'],
    set: [1, 'text'],
    setId: [4, 'be32'],
    flags: [5, 'be32'],
  },
  dynset: {
    key: [4, 'be32'],
    data: [5, 'be32'],
    op: [3, 'be32'],
    timeout: [6, 'be64'],
    set: [1, 'text'],
    setId: [2, 'be32'],
    flags: [9, 'be32'],
  },
  immediate: { dreg: [1, 'be32'], data: [2, 'datum'] },
  nat: {
    type: [1, 'be32'],
    family: [2, 'be32'],
    addressMin: [3, 'be32'],
    addressMax: [4, 'be32'],
    portMin: [5, 'be32'],
    portMax: [6, 'be32'],
    flags: [7, 'be32'],
  },
  masq: { flags: [1, 'be32'], portMin: [2, 'be32'], portMax: [3, 'be32'] },
  redir: { portMin: [1, 'be32'], portMax: [2, 'be32'], flags: [3, 'be32'] },
  counter: { packets: [2, 'be64'], bytes: [1, 'be64'] },
  log: {
    prefix: [2, 'text'],
    group: [1, 'be16'],
    snaplen: [3, 'be32'],
    threshold: [4, 'be16'],
    level: [5, 'be32'],
    flags: [6, 'be32'],
  },
  limit: { rate: [1, 'be64'], unit: [2, 'be64'], burst: [3, 'be32'], type: [4, 'be32'], flags: [5, 'be32'] },
  reject: { type: [1, 'be32'], code: [2, 'u8'] },
} as const satisfies Record<string, Record<string, Field>>;

type Layouts = typeof LAYOUTS;
type ValueOf<F> = F extends readonly [number, infer K] ? (K extends keyof Kinds ? Kinds[K] : never) : never;

interface FieldOf {
  readonly property: string;
  readonly type: number;
  readonly kind: keyof Kinds;
}

/** The same, as lists: looked up for each expression of a ruleset. */
const FIELDS: ReadonlyMap<string, readonly FieldOf[]> = new Map(
  Object.entries<Record<string, Field>>(LAYOUTS).map(([name, layout]) => [
    name,
    Object.entries(layout).map(([property, [type, kind]]) => ({ property, type, kind })),
  ]),
);

/** One kind of expression; a field that is undefined is no attribute. */
export type KernelExpressionOf<Name extends keyof Layouts> = { readonly name: Name } & {
  readonly [K in keyof Layouts[Name]]?: ValueOf<Layouts[Name][K]> | undefined;
};

export interface UnknownKernelExpression {
  readonly name: 'unknown';
  readonly kernelName: string;
  /** The attributes as they came. */
  readonly bytes: Buffer;
}

export type KernelExpression =
  | { [Name in keyof Layouts]: KernelExpressionOf<Name> }[keyof Layouts]
  | UnknownKernelExpression;

/** NFTA_LIST_ELEM for each, inside of the attribute that holds the list. */
export function writeExpressions(writer: AttributeWriter, expressions: readonly KernelExpression[]): void {
  for (const expression of expressions) {
    const { name } = expression;
    const element = writer.open(NFTA_LIST_ELEM | NLA_F_NESTED);
    writer.text(NFTA_EXPR.NAME, name === 'unknown' ? expression.kernelName : name);
    const data = writer.open(NFTA_EXPR.DATA | NLA_F_NESTED);
    if (name === 'unknown') writer.raw(expression.bytes);
    else writeFields(writer, name, expression as unknown as Record<string, unknown>);
    writer.close(data).close(element);
  }
}

function writeFields(writer: AttributeWriter, name: string, values: Record<string, unknown>): void {
  for (const { property, type, kind } of FIELDS.get(name) ?? []) {
    const value = values[property];
    if (value !== undefined) WRITE[kind](writer, type, value as never);
  }
}

const nestDatum = (writer: AttributeWriter, type: number, value: Buffer): void => {
  const datum = writer.open(type | NLA_F_NESTED);
  writer.bytesOf(NFTA_DATA.VALUE, value).close(datum);
};

const WRITE: { [K in keyof Kinds]: (writer: AttributeWriter, type: number, value: Kinds[K]) => void } = {
  u8: (writer, type, value) => writer.u8(type, value),
  be16: (writer, type, value) => writer.be16(type, value),
  be32: (writer, type, value) => writer.be32(type, value),
  be64: (writer, type, value) => writer.be64(type, value),
  text: (writer, type, value) => writer.text(type, value),
  value: nestDatum,
  datum: (writer, type, value) => {
    if (Buffer.isBuffer(value)) nestDatum(writer, type, value);
    else writer.nest(type | NLA_F_NESTED, (datum) => writeVerdict(datum, value.verdict));
  },
};

/** Any expression as one that isol8 has no word for. */
export function asUnknown(expression: KernelExpression): UnknownKernelExpression {
  if (expression.name === 'unknown') return expression;
  const writer = new AttributeWriter();
  writeFields(writer, expression.name, expression as unknown as Record<string, unknown>);
  return { name: 'unknown', kernelName: expression.name, bytes: Buffer.from(writer.bytes) };
}

/** The list in an attribute. Throws NetlinkDecodeError. */
export function readExpressions(list: Attributes): KernelExpression[] {
  return list.entries().map(({ type, bytes }) => {
    if (type !== NFTA_LIST_ELEM) throw new NetlinkDecodeError(`an expression as attribute ${type}`);
    const element = new Attributes(bytes);
    return readExpression(
      element.text(NFTA_EXPR.NAME) ?? '',
      element.bytes(NFTA_EXPR.DATA) ?? Buffer.alloc(0),
    );
  });
}

function readExpression(kernelName: string, bytes: Buffer): KernelExpression {
  const fields = FIELDS.get(kernelName);
  const unknown: UnknownKernelExpression = { name: 'unknown', kernelName, bytes: Buffer.from(bytes) };
  if (fields === undefined) return unknown;
  const data = new Attributes(bytes);
  const known = (type: number): boolean =>
    type === PADDING[kernelName] || fields.some((field) => field.type === type);
  if (!data.entries().every(({ type }) => known(type))) return unknown;
  const values = fields
    .filter(({ type }) => data.has(type))
    .map(({ property, type, kind }) => [property, READ[kind](data, type)]);
  return { name: kernelName, ...Object.fromEntries(values) } as KernelExpression;
}

/** Attributes that only align what follows. */
const PADDING: Readonly<Record<string, number>> = { counter: 3, limit: 6, dynset: 8 };

function readDatum(attributes: Attributes, type: number): Buffer {
  const value = attributes.nest(type)?.bytes(NFTA_DATA.VALUE);
  if (value === undefined) throw new NetlinkDecodeError(`attribute ${type} has no value`);
  return Buffer.from(value);
}

const READ: { [K in keyof Kinds]: (attributes: Attributes, type: number) => Kinds[K] } = {
  u8: (attributes, type) => attributes.u8(type) ?? 0,
  be16: (attributes, type) => attributes.be16(type) ?? 0,
  be32: (attributes, type) => attributes.be32(type) ?? 0,
  be64: (attributes, type) => attributes.be64(type) ?? 0n,
  text: (attributes, type) => attributes.text(type) ?? '',
  value: readDatum,
  datum: (attributes, type) => {
    const verdict = readVerdict(attributes.nest(type) ?? new Attributes(Buffer.alloc(0)));
    return verdict === undefined ? readDatum(attributes, type) : { verdict };
  },
};
