/** Sets, maps and their elements as messages. */
import { type AttributeWriter, NLA_F_NESTED } from '../netlink/attribute-writer.js';
import { NLM_F } from '../netlink/constants.js';
import type { Batch } from './batch.js';
import type { Change } from './change.js';
import {
  NFT_DATA_VERDICT,
  NFT_MSG,
  NFT_SET,
  NFTA_DATA,
  NFTA_LIST_ELEM,
  NFTA_SET,
  NFTA_SET_DESC,
  NFTA_SET_ELEM,
  NFTA_SET_ELEM_LIST,
  NFTA_SET_FIELD_LEN,
} from './constants.js';
import { type DataTypeName, dataType } from './data-types.js';
import { type Element, type ElementTypes, encodeElement, type KernelElement, keySize } from './element.js';
import type { TableName } from './family.js';
import { ANONYMOUS_MAP, ANONYMOUS_SET, type AnonymousSet } from './linear-rule.js';
import { commentBytes } from './names.js';
import { elementTypes, type SetSpec } from './ruleset.js';
import { writeVerdict } from './verdict.js';

/** A set or map of its own name. */
export function encodeSet(batch: Batch, set: SetSpec): void {
  const { table, name, timeout, size } = set;
  const types = elementTypes(set);
  const flags = (set.flags ?? []).reduce((sum, flag) => sum | SET_FLAGS[flag], flagsOf(types));
  const body = batch.begin(table).text(NFTA_SET.TABLE, table.name).text(NFTA_SET.NAME, name);
  writeSetTypes(body, types, { flags, id: batch.nextSet(), size });
  if (timeout !== undefined) body.be64(NFTA_SET.TIMEOUT, BigInt(timeout));
}

/** A set that only the rule of this change has, with its elements. */
export function encodeAnonymous(batch: Batch, change: Change, table: TableName, set: AnonymousSet): void {
  const flags = NFT_SET.ANONYMOUS | NFT_SET.CONSTANT | flagsOf(set);
  const name = set.data ? ANONYMOUS_MAP : ANONYMOUS_SET;
  const body = batch.begin(table).text(NFTA_SET.TABLE, table.name).text(NFTA_SET.NAME, name);
  writeSetTypes(body, set, { flags, id: set.id, size: set.interval ? undefined : set.elements.length });
  batch.end(change, NFT_MSG.NEWSET, NLM_F.CREATE);
  writeElements(batch, { table, name, id: set.id }, kernelElements(set, set.elements), () =>
    batch.end(change, NFT_MSG.NEWSETELEM, NLM_F.CREATE),
  );
}

function flagsOf({ types, data, interval }: ElementTypes): number {
  const ranges = interval ? NFT_SET.INTERVAL | (types.length > 1 ? NFT_SET.CONCAT : 0) : 0;
  return ranges | (data ? NFT_SET.MAP : 0);
}

const SET_FLAGS = {
  constant: NFT_SET.CONSTANT,
  interval: NFT_SET.INTERVAL,
  timeout: NFT_SET.TIMEOUT,
  dynamic: NFT_SET.EVAL,
} as const;

/** The types of a concatenation are one number, six bits for each. */
const typeNumber = (types: readonly DataTypeName[]): number =>
  types.reduce((sum, type) => sum * 64 + dataType(type).id, 0);

function writeSetTypes(
  body: AttributeWriter,
  set: ElementTypes,
  { flags, id, size }: { flags: number; id: number; size: number | undefined },
): void {
  const { types, data, interval } = set;
  body
    .be32(NFTA_SET.FLAGS, flags)
    .be32(NFTA_SET.KEY_TYPE, typeNumber(types))
    .be32(NFTA_SET.KEY_LEN, keySize(types));
  if (data === 'verdict') body.be32(NFTA_SET.DATA_TYPE, NFT_DATA_VERDICT).be32(NFTA_SET.DATA_LEN, 0);
  else if (data) body.be32(NFTA_SET.DATA_TYPE, typeNumber(data)).be32(NFTA_SET.DATA_LEN, keySize(data));
  body.be32(NFTA_SET.ID, id);
  const ranges = interval && types.length > 1;
  if (size !== undefined || ranges) writeDescription(body, ranges ? types : [], size);
  body.bytesOf(NFTA_SET.USERDATA, byteOrders(set));
}

/** How large it may get, and where the fields of a concatenation with intervals end. */
function writeDescription(
  body: AttributeWriter,
  fields: readonly DataTypeName[],
  size: number | undefined,
): void {
  body.nest(NFTA_SET.DESC | NLA_F_NESTED, (desc) => {
    if (size !== undefined) desc.be32(NFTA_SET_DESC.SIZE, size);
    if (fields.length === 0) return;
    desc.nest(NFTA_SET_DESC.CONCAT | NLA_F_NESTED, (list) => {
      for (const type of fields)
        list.nest(NFTA_LIST_ELEM | NLA_F_NESTED, (field) =>
          field.be32(NFTA_SET_FIELD_LEN, dataType(type).size),
        );
    });
  });
}

/** The kernel keeps this for nft(8), which cannot print names without it: type, length and 1 for host, 2 for network order. */
function byteOrders({ types, data }: ElementTypes): Buffer {
  const orderOf = (all: readonly DataTypeName[]): number => {
    if (all.length !== 1) return 0;
    const { basis } = dataType(all[0] as DataTypeName);
    return basis === 'host' || basis === 'name' ? 1 : 2;
  };
  const record = (type: number, order: number): number[] => [type, 4, order, 0, 0, 0];
  const ofData = data === undefined ? [] : record(1, data === 'verdict' ? 0 : orderOf(data));
  return Buffer.from([...record(0, orderOf(types)), ...ofData]);
}

const kernelElements = (set: ElementTypes, elements: readonly Element[]): KernelElement[] =>
  elements.flatMap((element) => encodeElement(set, element, 'elements'));

const ELEMENT_MESSAGES = {
  'add element': [NFT_MSG.NEWSETELEM, NLM_F.CREATE],
  'create element': [NFT_MSG.NEWSETELEM, NLM_F.CREATE | NLM_F.EXCL],
  'delete element': [NFT_MSG.DELSETELEM, 0],
  'destroy element': [NFT_MSG.DESTROYSETELEM, 0],
} as const;

/** In as many messages as it takes. */
export function encodeElements(batch: Batch, change: Extract<Change, { elements: unknown }>): void {
  const { set, elements } = change;
  const { types, data, interval } = elementTypes(set);
  const [type, flags] = ELEMENT_MESSAGES[change.change];
  const held =
    data !== undefined && type === NFT_MSG.NEWSETELEM ? { types, data, interval } : { types, interval };
  writeElements(batch, set, kernelElements(held, elements), () => batch.end(change, type, flags));
}

/** A list of them is one attribute, which holds less than 64 KiB. */
const LIST_ROOM = 48 * 1024;

function writeElements(
  batch: Batch,
  { table, name, id }: { table: TableName; name: string; id?: number },
  elements: readonly KernelElement[],
  end: () => void,
): void {
  for (let at = 0; at < elements.length; ) {
    const body = batch.begin(table).text(NFTA_SET_ELEM_LIST.TABLE, table.name);
    body.text(NFTA_SET_ELEM_LIST.SET, name);
    if (id !== undefined) body.be32(NFTA_SET_ELEM_LIST.SET_ID, id);
    const list = body.open(NFTA_SET_ELEM_LIST.ELEMENTS | NLA_F_NESTED);
    while (at < elements.length && body.length - list < LIST_ROOM)
      writeElement(body, elements[at++] as KernelElement);
    body.close(list);
    end();
  }
}

function writeElement(writer: AttributeWriter, element: KernelElement): void {
  const { key, keyEnd, flags, data, timeout, expiration, comment } = element;
  const whole = writer.open(NFTA_LIST_ELEM | NLA_F_NESTED);
  if (flags !== undefined) writer.be32(NFTA_SET_ELEM.FLAGS, flags);
  if (timeout !== undefined) writer.be64(NFTA_SET_ELEM.TIMEOUT, BigInt(timeout));
  if (expiration !== undefined) writer.be64(NFTA_SET_ELEM.EXPIRATION, BigInt(expiration));
  writeValue(writer, NFTA_SET_ELEM.KEY, key);
  if (keyEnd !== undefined) writeValue(writer, NFTA_SET_ELEM.KEY_END, keyEnd);
  if (Buffer.isBuffer(data)) writeValue(writer, NFTA_SET_ELEM.DATA, data);
  else if (data !== undefined)
    writer.nest(NFTA_SET_ELEM.DATA | NLA_F_NESTED, (datum) => writeVerdict(datum, data.verdict));
  if (comment !== undefined) writer.bytesOf(NFTA_SET_ELEM.USERDATA, commentBytes(comment));
  writer.close(whole);
}

function writeValue(writer: AttributeWriter, type: number, value: Buffer): void {
  const datum = writer.open(type | NLA_F_NESTED);
  writer.bytesOf(NFTA_DATA.VALUE, value).close(datum);
}
