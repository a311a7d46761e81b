/** What of a ruleset the kernel is asked for, and its answers as objects. */
import { type Isol8Error, UnsupportedError } from '../foundation/errors.js';
import { AttributeWriter } from '../netlink/attribute-writer.js';
import { NetlinkError } from '../netlink/errors.js';
import type { NetlinkMessage } from '../netlink/message.js';
import { nfgenmsg, openNfnetlink } from '../netlink/nfnetlink.js';
import type { NetlinkSocket } from '../netlink/socket.js';
import {
  NFT_MSG,
  NFTA_CHAIN,
  NFTA_GEN,
  NFTA_OF_TABLE,
  NFTA_RULE,
  NFTA_SET,
  NFTA_SET_ELEM_LIST,
  NFTA_TABLE,
} from './constants.js';
import {
  decodeChain,
  decodeKernelElements,
  decodeRule,
  decodeSet,
  decodeTable,
  type KernelRule,
  type ListedChain,
  type ListedSet,
  type ListedTable,
} from './decode.js';
import { delinearize, type SetContents } from './delinearize.js';
import { decodeElements, type Element, hasTwice } from './element.js';
import type { Expression } from './expression.js';
import { isSameTable, NFPROTO, type TableName } from './family.js';
import { elementTypes, type SetSpec } from './ruleset.js';

/** How often something is begun anew because others have changed the ruleset meanwhile. */
export const ATTEMPTS = 20;

/** A rule as the kernel has it. */
export interface ListedRule {
  readonly table: TableName;
  readonly chain: string;
  readonly handle: number;
  readonly expressions: readonly Expression[];
  readonly comment?: string;
}

/** The number that grows with every change of the ruleset. */
export async function readGeneration(socket: NetlinkSocket): Promise<number> {
  const body = new AttributeWriter().raw(nfgenmsg(0));
  const message = await socket.get({
    type: NFT_MSG.GETGEN,
    flags: 0,
    body: body.bytes,
    what: 'get the generation of the ruleset',
  });
  const generation = message && openNfnetlink(message).attributes.be32(NFTA_GEN.ID);
  if (generation === undefined) throw new UnsupportedError('this kernel does not number its rulesets');
  return generation;
}

/** Reads several things that belong together. */
export async function readAtOnce<Result>(
  socket: NetlinkSocket,
  read: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await readGeneration(socket);
    const [result] = await Promise.allSettled([read()]);
    if ((await readGeneration(socket)) !== before) continue;
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }
  throw new NetlinkError('list rules', 'EINTR', {
    kernelMessage: `they changed ${ATTEMPTS} times meanwhile`,
  });
}

export async function readTable(
  socket: NetlinkSocket,
  { family, name }: TableName,
): Promise<ListedTable | undefined> {
  const body = new AttributeWriter().raw(nfgenmsg(NFPROTO[family])).text(NFTA_TABLE.NAME, name);
  try {
    const found = await socket.get({
      type: NFT_MSG.GETTABLE,
      flags: 0,
      body: body.bytes,
      what: `get table ${family} ${name}`,
    });
    return found && decodeTable(found);
  } catch (error) {
    if ((error as Isol8Error).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function readTables(socket: NetlinkSocket): Promise<ListedTable[]> {
  return (await dump(socket, NFT_MSG.GETTABLE, new AttributeWriter().raw(nfgenmsg(0)), 'list tables')).map(
    decodeTable,
  );
}

export async function readChains(socket: NetlinkSocket, table?: TableName): Promise<ListedChain[]> {
  const messages = await dump(socket, NFT_MSG.GETCHAIN, of(table, NFTA_CHAIN.TABLE), 'list chains');
  return messages.map(decodeChain).filter((chain) => table === undefined || isSameTable(chain.table, table));
}

export async function readRules(
  socket: NetlinkSocket,
  table: TableName,
  chain?: string,
): Promise<ListedRule[]> {
  const body = of(table, NFTA_RULE.TABLE);
  if (chain !== undefined) body.text(NFTA_RULE.CHAIN, chain);
  const messages = await dump(socket, NFT_MSG.GETRULE, body, `list rules of ${table.family} ${table.name}`);
  const rules = messages.map(decodeRule).filter((rule) => chain === undefined || rule.chain === chain);
  const sets = await readUsedSets(socket, table, rules);
  return rules.map(({ expressions, ...rule }) => {
    const words = delinearize(table.family, expressions, (name) => sets.get(name));
    return { ...rule, expressions: words };
  });
}

/** The sets that these rules use, with the elements of those that only they have. */
async function readUsedSets(
  socket: NetlinkSocket,
  table: TableName,
  rules: readonly KernelRule[],
): Promise<Map<string, SetContents>> {
  const all = rules.flatMap(({ expressions }) => expressions);
  const used = new Set(all.map((expression) => (expression.name === 'lookup' ? expression.set : undefined)));
  if ([...used].every((name) => name === undefined)) return new Map();
  const found = (await readSets(socket, table)).filter(({ name }) => used.has(name));
  const contents = new Map<string, SetContents>();
  for (const set of found) {
    const { data } = elementTypesOf(set) ?? {};
    const rest = data === undefined ? {} : { data };
    if (!set.anonymous) contents.set(set.name, { anonymous: false, elements: [], ...rest });
    else if (set.type !== undefined)
      contents.set(set.name, { anonymous: true, elements: await readElements(socket, set), ...rest });
  }
  return contents;
}

export async function readSets(socket: NetlinkSocket, table?: TableName): Promise<ListedSet[]> {
  const messages = await dump(socket, NFT_MSG.GETSET, of(table, NFTA_SET.TABLE), 'list sets');
  return messages.map(decodeSet).filter((set) => table === undefined || isSameTable(set.table, table));
}

export async function readElements(socket: NetlinkSocket, set: SetSpec | ListedSet): Promise<Element[]> {
  const { table, name } = set;
  const types = elementTypesOf(set);
  if (types === undefined) throw unknownTypes(set);
  const body = of(table, NFTA_SET_ELEM_LIST.TABLE).text(NFTA_SET_ELEM_LIST.SET, name);
  const what = `list elements of ${table.family} ${table.name} ${name}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const messages = await dump(socket, NFT_MSG.GETSETELEM, body, what);
    const found = messages.flatMap(decodeKernelElements);
    if (!hasTwice(found)) return decodeElements(types, found);
  }
  throw new NetlinkError(what, 'EINTR', { kernelMessage: `they moved during ${ATTEMPTS} attempts` });
}

function dump(
  socket: NetlinkSocket,
  type: number,
  body: AttributeWriter,
  what: string,
): Promise<NetlinkMessage[]> {
  return socket.dump({ type, flags: 0, body: body.bytes, what });
}

function of(table: TableName | undefined, attribute: number): AttributeWriter {
  const body = new AttributeWriter().raw(nfgenmsg(table ? NFPROTO[table.family] : 0));
  return table ? body.text(attribute, table.name) : body;
}

/** Named counters and the like, and flow tables. */
export async function countObjects(socket: NetlinkSocket, table: TableName): Promise<number> {
  const body = of(table, NFTA_OF_TABLE);
  const objects = await dump(socket, NFT_MSG.GETOBJ, body, 'list objects');
  const flowTables = await dump(socket, NFT_MSG.GETFLOWTABLE, body, 'list flow tables');
  return objects.length + flowTables.length;
}

export const unknownTypes = ({ table, name }: Pick<ListedSet, 'table' | 'name'>): UnsupportedError =>
  new UnsupportedError(
    `list elements of ${table.family} ${table.name} ${name}: isol8 does not know their type`,
  );

function elementTypesOf(set: SetSpec | ListedSet) {
  const { type, map, flags } = set;
  if (type === undefined || ('isMap' in set && set.isMap && map === undefined)) return undefined;
  return elementTypes({ type, ...(map ? { map } : {}), ...(flags ? { flags } : {}) });
}
