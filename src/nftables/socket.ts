import { type Isol8Error, SpecError, UnsupportedError } from '../foundation/errors.js';
import type { SocketPlace } from '../namespaces/open-socket.js';
import { AttributeWriter } from '../netlink/attribute-writer.js';
import { Attributes } from '../netlink/attributes.js';
import { NetlinkChannel } from '../netlink/channel.js';
import { NETLINK } from '../netlink/constants.js';
import { NetlinkError } from '../netlink/errors.js';
import type { NetlinkMessage, NetlinkRequest } from '../netlink/message.js';
import { NetlinkSocket } from '../netlink/socket.js';
import { nfgenmsg } from './batch.js';
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  type ChainSpec,
  type Change,
  deleteTable,
  elementTypes,
  type SetSpec,
  type TableSpec,
} from './change.js';
import {
  NFT_MSG,
  NFTA_CHAIN,
  NFTA_GEN,
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
import { encodeBatch } from './encode.js';
import type { Expression } from './expression.js';
import { NFPROTO, type TableName } from './family.js';
import { makeRoom, tooLarge } from './room.js';

/** How often something is begun anew because others have changed the ruleset meanwhile. */
const ATTEMPTS = 20;

/** A rule as the kernel has it. */
export interface ListedRule {
  readonly table: TableName;
  readonly chain: string;
  readonly handle: number;
  readonly expressions: readonly Expression[];
  readonly comment?: string;
}

/**
 * The packet filter nf_tables of one network namespace, as nft(8) has it, over netlink(7). Changes are made all together or not
 * at all. What it is asked for at the same time is done one after the other.
 */
export class NftablesSocket implements Disposable {
  readonly #channel: NetlinkChannel;
  readonly #socket: NetlinkSocket;

  private constructor(channel: NetlinkChannel) {
    this.#channel = channel;
    this.#socket = new NetlinkSocket(channel);
  }

  /**
   * For the calling thread's network namespace, or another one.
   *
   * @throws Isol8Error EPERM for a namespace that the caller may not enter.
   */
  static async open(options: { readonly namespace?: SocketPlace | undefined } = {}): Promise<NftablesSocket> {
    const { namespace } = options;
    return new NftablesSocket(await NetlinkChannel.open({ protocol: NETLINK.NETFILTER, namespace }));
  }

  /**
   * Makes changes, in their order, in one transaction. With a function they are made up from what is there: it is called, and
   * when others have changed the ruleset before its changes are made, called again.
   *
   * @throws NetlinkError of the first change that the kernel refused, in whose message it is named; then none was made.
   * @throws SpecError for a rule that cannot be.
   */
  async commit(changes: readonly Change[] | (() => Promise<readonly Change[]>)): Promise<void> {
    if (typeof changes !== 'function') return this.#send(changes);
    for (let attempt = 1; ; attempt++) {
      const generation = await this.#generation();
      try {
        return await this.#send(await changes(), generation);
      } catch (error) {
        if ((error as Isol8Error).code !== 'ERESTART' || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #send(changes: readonly Change[], generation?: number): Promise<void> {
    const requests = encodeBatch(changes, generation);
    if (requests.length === 2) return; // nothing between begin and end: no elements, for one
    makeRoom(this.#channel, requests);
    const awaited = requests.length - 2; // the kernel says nothing about the end of a batch
    const answers = await this.#socket.exchange(requests, { awaited, fatal: [0] }).catch((error) => {
      throw tooLarge(error);
    });
    const failed = answers.find(({ error }) => error !== undefined);
    if (failed?.error) throw failed.error;
  }

  /** Puts a table with these contents in the place of the one of this name, if there is one, at one moment. */
  async replaceTable(table: TableSpec, contents: readonly Change[]): Promise<void> {
    const foreign = contents.find((change) => !isIn(table, change));
    if (foreign)
      throw new SpecError('contents', `${foreign.change} is about another table than ${table.name}`);
    const there = async (): Promise<boolean> => (await this.table(table)) !== undefined;
    await this.commit(async () => [
      ...((await there()) ? [deleteTable(table)] : []),
      addTable(table, { create: true }),
      ...contents,
    ]);
  }

  /** All there is of a table as the changes that would make it; undefined when there is none. */
  async contents(table: TableName): Promise<Change[] | undefined> {
    return this.#atOnce(async () => {
      const found = await this.table(table);
      return found && this.#contentsAsChanges(found);
    });
  }

  async #contentsAsChanges(table: ListedTable): Promise<Change[]> {
    const sets = (await this.listSets(table)).filter(({ anonymous }) => !anonymous);
    const chains = await this.listChains(table);
    const made: Change[] = [addTable(table), ...chains.map((chain) => addChain(chain as ChainSpec))];
    for (const { type, ...set } of sets) {
      if (type === undefined || set.isMap !== 'map' in set) throw unknownTypes(set);
      const spec: SetSpec = { ...set, type };
      const elements = await this.elements(spec);
      made.push(addSet(spec), ...(elements.length > 0 ? [addElements(spec, elements)] : []));
    }
    const rules = await this.#listRules(table);
    const ordered = chains.flatMap(({ name }) => rules.filter(({ chain }) => chain === name));
    return [...made, ...ordered.map(addRule)];
  }

  /** A table by its names; undefined when there is none. */
  async table({ family, name }: TableName): Promise<ListedTable | undefined> {
    const body = new AttributeWriter().raw(nfgenmsg(NFPROTO[family])).text(NFTA_TABLE.NAME, name);
    try {
      const found = await this.#socket.get(ask(NFT_MSG.GETTABLE, body, `get table ${family} ${name}`));
      return found && decodeTable(found);
    } catch (error) {
      if ((error as Isol8Error).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** All tables. */
  async listTables(): Promise<ListedTable[]> {
    return (await this.#dump(NFT_MSG.GETTABLE, new AttributeWriter().raw(nfgenmsg(0)), 'list tables')).map(
      decodeTable,
    );
  }

  /** The chains of a table, or all. */
  async listChains(table?: TableName): Promise<ListedChain[]> {
    const messages = await this.#dump(NFT_MSG.GETCHAIN, of(table, NFTA_CHAIN.TABLE), 'list chains');
    return messages.map(decodeChain).filter((chain) => table === undefined || isSame(chain.table, table));
  }

  /** The rules of a table, or of one of its chains, in their order. */
  async listRules(table: TableName, chain?: string): Promise<ListedRule[]> {
    return this.#atOnce(() => this.#listRules(table, chain));
  }

  async #listRules(table: TableName, chain?: string): Promise<ListedRule[]> {
    const body = of(table, NFTA_RULE.TABLE);
    if (chain !== undefined) body.text(NFTA_RULE.CHAIN, chain);
    const messages = await this.#dump(NFT_MSG.GETRULE, body, `list rules of ${table.family} ${table.name}`);
    const rules = messages.map(decodeRule).filter((rule) => chain === undefined || rule.chain === chain);
    const sets = await this.#contentsOf(table, rules);
    return rules.map(({ expressions, ...rule }) => {
      const words = delinearize(table.family, expressions, (name) => sets.get(name));
      return { ...rule, expressions: words };
    });
  }

  /** The sets that these rules use, with the elements of those that only they have. */
  async #contentsOf(table: TableName, rules: readonly KernelRule[]): Promise<Map<string, SetContents>> {
    const all = rules.flatMap(({ expressions }) => expressions);
    const used = new Set(
      all.map((expression) => (expression.name === 'lookup' ? expression.set : undefined)),
    );
    if ([...used].every((name) => name === undefined)) return new Map();
    const found = (await this.listSets(table)).filter(({ name }) => used.has(name));
    const contents = new Map<string, SetContents>();
    for (const set of found) {
      const { data } = elementTypesOf(set) ?? {};
      const rest = data === undefined ? {} : { data };
      if (!set.anonymous) contents.set(set.name, { anonymous: false, elements: [], ...rest });
      else if (set.type !== undefined)
        contents.set(set.name, { anonymous: true, elements: await this.elements(set), ...rest });
    }
    return contents;
  }

  /** The sets and maps of a table, or all; also those that only one rule has. */
  async listSets(table?: TableName): Promise<ListedSet[]> {
    const messages = await this.#dump(NFT_MSG.GETSET, of(table, NFTA_SET.TABLE), 'list sets');
    return messages.map(decodeSet).filter((set) => table === undefined || isSame(set.table, table));
  }

  /**
   * The elements of a set or map, in the order of their keys. While the kernel makes a hash table larger, a list of it has some
   * elements twice and others not at all: then it is begun anew.
   *
   * @throws UnsupportedError for a set of a type that isol8 has no use for.
   * @throws NetlinkError EINTR when it never holds still.
   */
  async elements(set: SetSpec | ListedSet): Promise<Element[]> {
    const { table, name } = set;
    const types = elementTypesOf(set);
    if (types === undefined) throw unknownTypes(set);
    const body = of(table, NFTA_SET_ELEM_LIST.TABLE).text(NFTA_SET_ELEM_LIST.SET, name);
    const what = `list elements of ${table.family} ${table.name} ${name}`;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const messages = await this.#dump(NFT_MSG.GETSETELEM, body, what);
      const found = messages.flatMap(decodeKernelElements);
      if (!hasTwice(found)) return decodeElements(types, found);
    }
    throw new NetlinkError(what, 'EINTR', { kernelMessage: `they moved during ${ATTEMPTS} attempts` });
  }

  /** The number that grows with every change of the ruleset. */
  async #generation(): Promise<number> {
    const body = new AttributeWriter().raw(nfgenmsg(0));
    const message = await this.#socket.get(ask(NFT_MSG.GETGEN, body, 'get the generation of the ruleset'));
    const generation = message && new Attributes(message.body, 4).be32(NFTA_GEN.ID);
    if (generation === undefined) throw new UnsupportedError('this kernel does not number its rulesets');
    return generation;
  }

  /** Reads several things that belong together. */
  async #atOnce<Result>(read: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await this.#generation();
      const [result] = await Promise.allSettled([read()]);
      if ((await this.#generation()) !== before) continue;
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    }
    throw new NetlinkError('list rules', 'EINTR', {
      kernelMessage: `they changed ${ATTEMPTS} times meanwhile`,
    });
  }

  #dump(type: number, body: AttributeWriter, what: string): Promise<NetlinkMessage[]> {
    return this.#socket.dump(ask(type, body, what));
  }

  /** Closes the socket; tables of its own with the flag owner go with it. */
  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

const ask = (type: number, body: AttributeWriter, what: string): NetlinkRequest => {
  return { type, flags: 0, body: body.bytes, what };
};

function of(table: TableName | undefined, attribute: number): AttributeWriter {
  const body = new AttributeWriter().raw(nfgenmsg(table ? NFPROTO[table.family] : 0));
  return table ? body.text(attribute, table.name) : body;
}

const unknownTypes = ({ table, name }: Pick<ListedSet, 'table' | 'name'>): UnsupportedError =>
  new UnsupportedError(
    `list elements of ${table.family} ${table.name} ${name}: isol8 does not know their type`,
  );

const isSame = (a: TableName, b: TableName): boolean => a.family === b.family && a.name === b.name;

function isIn(table: TableName, change: Change): boolean {
  if ('table' in change) return isSame(change.table, table);
  if ('chain' in change) return isSame(change.chain.table, table);
  return isSame('set' in change ? change.set.table : change.rule.table, table);
}

function elementTypesOf(set: SetSpec | ListedSet) {
  const { type, map, flags } = set;
  if (type === undefined || ('isMap' in set && set.isMap && map === undefined)) return undefined;
  return elementTypes({ type, ...(map ? { map } : {}), ...(flags ? { flags } : {}) });
}
