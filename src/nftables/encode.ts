/** Changes as messages of nfnetlink; see linux/netfilter/nf_tables.h. */
import { AttributeWriter, NLA_F_NESTED } from '../netlink/attribute-writer.js';
import { NLM_F } from '../netlink/constants.js';
import type { NetlinkRequest } from '../netlink/message.js';
import {
  type BaseChain,
  type ChainSpec,
  type Change,
  elementTypes,
  type RuleSpec,
  type SetSpec,
} from './change.js';
import {
  NFNL_BATCH_GENID,
  NFNL_MSG_BATCH,
  NFNL_SUBSYS_NFTABLES,
  NFT_DATA_VERDICT,
  NFT_MSG,
  NFT_SET,
  NFT_TABLE_F,
  NFTA_CHAIN,
  NFTA_DATA,
  NFTA_HOOK,
  NFTA_LIST_ELEM,
  NFTA_RULE,
  NFTA_SET,
  NFTA_SET_DESC,
  NFTA_SET_ELEM,
  NFTA_SET_ELEM_LIST,
  NFTA_SET_FIELD_LEN,
  NFTA_TABLE,
} from './constants.js';
import { type DataTypeName, dataType } from './data-types.js';
import { type Element, type ElementTypes, encodeElement, type KernelElement, keySize } from './element.js';
import { hooksOf, NFPROTO, type TableName } from './family.js';
import { writeExpressions } from './kernel-expression.js';
import { ANONYMOUS_MAP, ANONYMOUS_SET, type AnonymousSet, linearize } from './linearize.js';
import { commentBytes } from './names.js';
import { remediesOf } from './remedies.js';
import { writeVerdict } from './verdict.js';

/** struct nfgenmsg */
export const nfgenmsg = (family: number, resource = 0): Buffer =>
  Buffer.from([family, 0, resource >> 8, resource & 0xff]);

const begin = ({ family }: TableName): AttributeWriter =>
  new AttributeWriter().raw(nfgenmsg(NFPROTO[family]));

/**
 * A batch: its begin, the changes in their order, its end. With a generation the kernel refuses it once the ruleset is not of
 * that one any more. Throws SpecError for a rule that cannot be.
 */
export function encodeBatch(changes: readonly Change[], generation?: number): NetlinkRequest[] {
  let id = 0;
  const nextId = (): number => ++id;
  const first = new AttributeWriter().raw(nfgenmsg(0, NFNL_SUBSYS_NFTABLES));
  if (generation !== undefined) first.be32(NFNL_BATCH_GENID, generation);
  const requests = changes.flatMap((change) => encodeChange(change, nextId));
  return [
    {
      type: NFNL_MSG_BATCH.BEGIN,
      flags: 0,
      body: first.bytes,
      what: 'change the ruleset',
      remedies: remediesOf(),
    },
    ...requests,
    { type: NFNL_MSG_BATCH.END, flags: 0, body: nfgenmsg(0, NFNL_SUBSYS_NFTABLES), what: 'commit' },
  ];
}

const ADD = NLM_F.CREATE;
const CREATE = NLM_F.CREATE | NLM_F.EXCL;

function encodeChange(change: Change, nextId: () => number): NetlinkRequest[] {
  switch (change.change) {
    case 'add table':
    case 'create table': {
      const flags = (change.table.flags ?? []).reduce((sum, flag) => sum | TABLE_FLAGS[flag], 0);
      const body = begin(change.table).text(NFTA_TABLE.NAME, change.table.name).be32(NFTA_TABLE.FLAGS, flags);
      return [request(change, NFT_MSG.NEWTABLE, change.change === 'create table' ? CREATE : 0, body)];
    }
    case 'delete table':
    case 'destroy table': {
      const type = change.change === 'delete table' ? NFT_MSG.DELTABLE : NFT_MSG.DESTROYTABLE;
      return [request(change, type, 0, begin(change.table).text(NFTA_TABLE.NAME, change.table.name))];
    }
    case 'add chain':
    case 'create chain':
      return [request(change, NFT_MSG.NEWCHAIN, creation(change), encodeChain(change.chain))];
    case 'flush chain': {
      const body = begin(change.chain.table).text(NFTA_RULE.TABLE, change.chain.table.name);
      return [request(change, NFT_MSG.DELRULE, 0, body.text(NFTA_RULE.CHAIN, change.chain.name))];
    }
    case 'delete chain':
    case 'destroy chain': {
      const type = change.change === 'delete chain' ? NFT_MSG.DELCHAIN : NFT_MSG.DESTROYCHAIN;
      return [request(change, type, 0, encodeChain(change.chain))];
    }
    case 'add rule':
    case 'insert rule':
      return encodeRule(change, nextId);
    case 'delete rule':
    case 'destroy rule': {
      const { table, chain, handle } = change.rule;
      const body = begin(table).text(NFTA_RULE.TABLE, table.name).text(NFTA_RULE.CHAIN, chain);
      const type = change.change === 'delete rule' ? NFT_MSG.DELRULE : NFT_MSG.DESTROYRULE;
      return [request(change, type, 0, body.be64(NFTA_RULE.HANDLE, BigInt(handle)))];
    }
    case 'add set':
    case 'create set':
      return [request(change, NFT_MSG.NEWSET, creation(change), encodeSet(change.set, nextId()))];
    case 'delete set':
    case 'destroy set': {
      const { table, name } = change.set;
      const type = change.change === 'delete set' ? NFT_MSG.DELSET : NFT_MSG.DESTROYSET;
      return [
        request(change, type, 0, begin(table).text(NFTA_SET.TABLE, table.name).text(NFTA_SET.NAME, name)),
      ];
    }
    case 'flush set': {
      const { table, name } = change.set;
      const body = begin(table).text(NFTA_SET_ELEM_LIST.TABLE, table.name).text(NFTA_SET_ELEM_LIST.SET, name);
      return [request(change, NFT_MSG.DELSETELEM, 0, body)];
    }
    default:
      return encodeElements(change);
  }
}

const TABLE_FLAGS = { dormant: NFT_TABLE_F.DORMANT, owner: NFT_TABLE_F.OWNER } as const;

const creation = ({ change }: Change): number => (change.startsWith('create') ? CREATE : ADD);

function request(change: Change, type: number, flags: number, writer: AttributeWriter): NetlinkRequest {
  return { type, flags, body: writer.bytes, what: changeName(change), remedies: remediesOf(change) };
}

/** For errors: `add rule ip isol8 postrouting`. */
export function changeName(change: Change): string {
  const object = namesOf(change);
  return `${change.change} ${object.family} ${object.names.join(' ')}`;
}

function namesOf(change: Change): { family: string; names: (string | number)[] } {
  if ('table' in change) return { family: change.table.family, names: [change.table.name] };
  if ('chain' in change)
    return { family: change.chain.table.family, names: [change.chain.table.name, change.chain.name] };
  if ('set' in change)
    return { family: change.set.table.family, names: [change.set.table.name, change.set.name] };
  const { table, chain } = change.rule;
  const handle = 'handle' in change.rule ? ['handle', change.rule.handle] : [];
  return { family: table.family, names: [table.name, chain, ...handle] };
}

function encodeChain(chain: ChainSpec): AttributeWriter {
  const body = begin(chain.table).text(NFTA_CHAIN.TABLE, chain.table.name).text(NFTA_CHAIN.NAME, chain.name);
  return 'hook' in chain ? writeBase(body, chain.table, chain) : body;
}

function writeBase(body: AttributeWriter, { family }: TableName, base: BaseChain): AttributeWriter {
  const { hook, priority, type, policy, device } = base;
  body.text(NFTA_CHAIN.TYPE, type).be32(NFTA_CHAIN.POLICY, policy === 'drop' ? 0 : 1);
  return body.nest(NFTA_CHAIN.HOOK | NLA_F_NESTED, (writer) => {
    writer.be32(NFTA_HOOK.HOOKNUM, hooksOf(family).indexOf(hook)).be32(NFTA_HOOK.PRIORITY, priority >>> 0);
    if (device !== undefined) writer.text(NFTA_HOOK.DEV, device);
  });
}

function encodeRule(change: Change & { rule: RuleSpec }, nextId: () => number): NetlinkRequest[] {
  const { table, chain, comment, position, expressions } = change.rule;
  const linear = linearize(table.family, expressions, nextId);
  const body = begin(table).text(NFTA_RULE.TABLE, table.name).text(NFTA_RULE.CHAIN, chain);
  if (position !== undefined) body.be64(NFTA_RULE.POSITION, BigInt(position));
  body.nest(NFTA_RULE.EXPRESSIONS | NLA_F_NESTED, (writer) => writeExpressions(writer, linear.expressions));
  if (comment !== undefined) body.bytesOf(NFTA_RULE.USERDATA, commentBytes(comment));
  const flags = change.change === 'add rule' ? NLM_F.CREATE | NLM_F.APPEND : NLM_F.CREATE;
  return [
    ...linear.sets.flatMap((set) => encodeAnonymous(change, table, set)),
    request(change, NFT_MSG.NEWRULE, flags, body),
  ];
}

function encodeAnonymous(change: Change, table: TableName, set: AnonymousSet): NetlinkRequest[] {
  const flags = NFT_SET.ANONYMOUS | NFT_SET.CONSTANT | flagsOf(set);
  const name = set.data ? ANONYMOUS_MAP : ANONYMOUS_SET;
  const body = begin(table).text(NFTA_SET.TABLE, table.name).text(NFTA_SET.NAME, name);
  writeSetTypes(body, set, { flags, id: set.id, size: set.interval ? undefined : set.elements.length });
  return [
    request(change, NFT_MSG.NEWSET, ADD, body),
    ...elementMessages({ table, name, id: set.id }, kernelElements(set, set.elements)).map((message) =>
      request(change, NFT_MSG.NEWSETELEM, ADD, message),
    ),
  ];
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

function encodeSet(set: SetSpec, id: number): AttributeWriter {
  const { table, name, timeout, size } = set;
  const types = elementTypes(set);
  const flags = (set.flags ?? []).reduce((sum, flag) => sum | SET_FLAGS[flag], flagsOf(types));
  const body = begin(table).text(NFTA_SET.TABLE, table.name).text(NFTA_SET.NAME, name);
  writeSetTypes(body, types, { flags, id, size });
  if (timeout !== undefined) body.be64(NFTA_SET.TIMEOUT, BigInt(timeout));
  return body;
}

/** The types of a concatenation are one number, six bits for each. */
export const typeNumber = (types: readonly DataTypeName[]): number =>
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
  elements.flatMap((element, i) => encodeElement(set, element, `elements[${i}]`));

const ELEMENT_MESSAGES = {
  'add element': [NFT_MSG.NEWSETELEM, ADD],
  'create element': [NFT_MSG.NEWSETELEM, CREATE],
  'delete element': [NFT_MSG.DELSETELEM, 0],
  'destroy element': [NFT_MSG.DESTROYSETELEM, 0],
} as const;

function encodeElements(change: Extract<Change, { elements: unknown }>): NetlinkRequest[] {
  const { types, data, interval } = elementTypes(change.set);
  const [type, flags] = ELEMENT_MESSAGES[change.change];
  const held =
    data !== undefined && type === NFT_MSG.NEWSETELEM ? { types, data, interval } : { types, interval };
  return elementMessages(change.set, kernelElements(held, change.elements)).map((message) =>
    request(change, type, flags, message),
  );
}

/** A list of them is one attribute, which holds less than 64 KiB. */
const LIST_ROOM = 48 * 1024;

function elementMessages(
  { table, name, id }: { table: TableName; name: string; id?: number },
  elements: readonly KernelElement[],
): AttributeWriter[] {
  const messages: AttributeWriter[] = [];
  for (let at = 0; at < elements.length; ) {
    const body = begin(table).text(NFTA_SET_ELEM_LIST.TABLE, table.name).text(NFTA_SET_ELEM_LIST.SET, name);
    if (id !== undefined) body.be32(NFTA_SET_ELEM_LIST.SET_ID, id);
    body.nest(NFTA_SET_ELEM_LIST.ELEMENTS | NLA_F_NESTED, (list) => {
      while (at < elements.length && list.bytes.length < LIST_ROOM)
        writeElement(list, elements[at++] as KernelElement);
    });
    messages.push(body);
  }
  return messages;
}

function writeElement(list: AttributeWriter, element: KernelElement): void {
  const { key, keyEnd, flags, data, timeout, expiration, comment } = element;
  list.nest(NFTA_LIST_ELEM | NLA_F_NESTED, (writer) => {
    if (flags !== undefined) writer.be32(NFTA_SET_ELEM.FLAGS, flags);
    if (timeout !== undefined) writer.be64(NFTA_SET_ELEM.TIMEOUT, BigInt(timeout));
    if (expiration !== undefined) writer.be64(NFTA_SET_ELEM.EXPIRATION, BigInt(expiration));
    writeValue(writer, NFTA_SET_ELEM.KEY, key);
    if (keyEnd !== undefined) writeValue(writer, NFTA_SET_ELEM.KEY_END, keyEnd);
    if (Buffer.isBuffer(data)) writeValue(writer, NFTA_SET_ELEM.DATA, data);
    else if (data !== undefined)
      writer.nest(NFTA_SET_ELEM.DATA | NLA_F_NESTED, (datum) => writeVerdict(datum, data.verdict));
    if (comment !== undefined) writer.bytesOf(NFTA_SET_ELEM.USERDATA, commentBytes(comment));
  });
}

const writeValue = (writer: AttributeWriter, type: number, value: Buffer): void => {
  writer.nest(type | NLA_F_NESTED, (datum) => datum.bytesOf(NFTA_DATA.VALUE, value));
};
