import type { Isol8Error } from '../../foundation/errors.js';
import type { SocketPlace } from '../../namespaces/open-socket.js';
import type { Element } from '../../nftables/element.js';
import type { TableName } from '../../nftables/family.js';
import { NftablesSocket } from '../../nftables/socket.js';
import { mapsOf, translationWords } from './translation-words.js';

const REFUSED = ['EPERM', 'EACCES'];
/** What a kernel without nf_tables, or without nfnetlink, says. */
const NO_NFTABLES = ['EPROTONOSUPPORT', 'EOPNOTSUPP', 'EINVAL'];

/**
 * What the tables of a network namespace translate, in words: of those that have a chain for it. Undefined for a caller who
 * may not see them, which takes CAP_NET_ADMIN over the namespace. Default the one that the calling thread is in.
 */
export async function readTranslations(namespace: SocketPlace | undefined): Promise<string[] | undefined> {
  try {
    using nftables = await NftablesSocket.open({ namespace });
    const chains = await nftables.listChains();
    const tables = new Map(
      chains
        .filter(({ type }) => type === 'nat')
        .map(({ table }) => [`${table.family} ${table.name}`, table]),
    );
    const words: string[] = [];
    for (const table of tables.values()) words.push(...(await readTable(nftables, table)));
    return [...new Set(words)];
  } catch (error) {
    const { code } = error as Isol8Error;
    if (REFUSED.includes(code)) return undefined;
    if (NO_NFTABLES.includes(code)) return [];
    throw error;
  }
}

/** A table with rules that isol8 cannot read must not hide the others. */
async function readTable(nftables: NftablesSocket, table: TableName): Promise<string[]> {
  try {
    const rules = await nftables.listRules(table);
    const wanted = mapsOf(rules);
    const sets = wanted.length === 0 ? [] : await nftables.listSets(table);
    const maps = new Map<string, readonly Element[]>();
    for (const set of sets.filter(({ name }) => wanted.includes(name)))
      maps.set(set.name, await nftables.elements(set));
    return translationWords(rules, (name) => maps.get(name));
  } catch (error) {
    const { code } = error as Isol8Error;
    if (code === 'ENOENT') return []; // it has gone meanwhile
    if (code === undefined || REFUSED.includes(code)) throw error;
    return [`table ${table.family} ${table.name}: not read (${code})`];
  }
}
