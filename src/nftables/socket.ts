import { type Isol8Error, SpecError } from '../foundation/errors.js';
import type { SocketPlace } from '../namespaces/open-socket.js';
import { NetlinkChannel } from '../netlink/channel.js';
import { NETLINK } from '../netlink/constants.js';
import { NetlinkSocket } from '../netlink/socket.js';
import { addTable, type Change, deleteTable } from './change.js';
import type { ListedChain, ListedSet, ListedTable } from './decode.js';
import type { Element } from './element.js';
import { encodeBatch } from './encode.js';
import { isSameTable, type TableName } from './family.js';
import { readContents } from './read-contents.js';
import {
  ATTEMPTS,
  type ListedRule,
  readAtOnce,
  readChains,
  readElements,
  readGeneration,
  readRules,
  readSets,
  readTable,
  readTables,
} from './read-ruleset.js';
import { makeRoom, tooLarge } from './room.js';
import type { SetSpec, TableSpec } from './ruleset.js';

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
      const generation = await readGeneration(this.#socket);
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

  /**
   * All there is of a table as the changes that would make it; undefined when there is none.
   *
   * @throws UnsupportedError for a table with more than isol8 has words for, as named counters and comments.
   */
  async contents(table: TableName): Promise<Change[] | undefined> {
    return readAtOnce(this.#socket, async () => {
      const found = await this.table(table);
      return found && readContents(this.#socket, found);
    });
  }

  /** A table by its names; undefined when there is none. */
  async table(table: TableName): Promise<ListedTable | undefined> {
    return readTable(this.#socket, table);
  }

  /** All tables. */
  async listTables(): Promise<ListedTable[]> {
    return readTables(this.#socket);
  }

  /** The chains of a table, or all. */
  async listChains(table?: TableName): Promise<ListedChain[]> {
    return readChains(this.#socket, table);
  }

  /** The rules of a table, or of one of its chains, in their order. */
  async listRules(table: TableName, chain?: string): Promise<ListedRule[]> {
    return readAtOnce(this.#socket, () => readRules(this.#socket, table, chain));
  }

  /** The sets and maps of a table, or all; also those that only one rule has. */
  async listSets(table?: TableName): Promise<ListedSet[]> {
    return readSets(this.#socket, table);
  }

  /**
   * The elements of a set or map, in the order of their keys. While the kernel makes a hash table larger, a list of it has some
   * elements twice and others not at all: then it is begun anew.
   *
   * @throws UnsupportedError for a set of a type that isol8 has no use for.
   * @throws NetlinkError EINTR when it never holds still.
   */
  async elements(set: SetSpec | ListedSet): Promise<Element[]> {
    return readElements(this.#socket, set);
  }

  /** Closes the socket; tables of its own with the flag owner go with it. */
  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

function isIn(table: TableName, change: Change): boolean {
  if ('table' in change) return isSameTable(change.table, table);
  if ('chain' in change) return isSameTable(change.chain.table, table);
  return isSameTable('set' in change ? change.set.table : change.rule.table, table);
}
