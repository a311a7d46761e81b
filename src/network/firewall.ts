/** What others have done to the packet filter: to the rules of a network, or by rules that drop its packets. */
import type { Isol8Error } from '../foundation/errors.js';
import type { Namespace } from '../namespaces/namespace.js';
import type { TableName } from '../nftables/family.js';
import { allowForward, type ForwardDrop, findForwardDrops } from '../nftables/forward-drops.js';
import type { NetworkHost } from './host.js';
import { type NetworkRecord, readMembers } from './records.js';
import { BRIDGES, networkRules, publishedRules, tablesOf } from './rules.js';

/** What was found of the packet filter; nothing where the caller may not see it. */
export interface FilterState {
  readonly tables: readonly TableName[] | undefined;
  readonly drops: readonly ForwardDrop[];
}

export async function filterState(host: NetworkHost): Promise<FilterState> {
  return { tables: await tablesIfAllowed(host), drops: await findDrops(host.namespace) };
}

async function tablesIfAllowed(host: NetworkHost): Promise<TableName[] | undefined> {
  try {
    return await host.nftables.listTables();
  } catch (error) {
    if ((error as Isol8Error).code === 'EPERM') return undefined;
    throw error;
  }
}

/** Firewalls that drop what networks forward. One that cannot be read is no reason for a network to fail. */
export const findDrops = (namespace?: Namespace): Promise<ForwardDrop[]> =>
  findForwardDrops(BRIDGES, namespace === undefined ? {} : { namespace }).catch(() => []);

/** What repairs a network: see lookAfter. */
export const REPAIRED = 'the next attach a second or more after the last look';

/** Of a network that is not what it should be, as sentences. */
export function filterProblems(network: NetworkRecord, { tables, drops }: FilterState): string[] {
  const gone = tables === undefined ? [] : missingTables(network, tables);
  const names = gone.map(({ family, name }) => `${family} ${name}`).join(', ');
  return [
    ...(gone.length > 0
      ? [`its rules of nf_tables are gone: table ${names}; ${REPAIRED} puts them back`]
      : []),
    ...(network.internal ? [] : dropProblems(drops)),
  ];
}

/** That networks accept what is forwarded does not help: each firewall has to. */
export const dropProblems = (drops: readonly ForwardDrop[]): string[] =>
  drops.map((drop) => {
    const allow = allowForward(drop, BRIDGES).join(' && ');
    return `what is forwarded from and to it is dropped by ${dropPlace(drop)}: ${allow}`;
  });

export const dropPlace = ({ backend, family, table, chain, by }: ForwardDrop): string =>
  `the ${by} of ${chain} in ${backend}' table ${family} ${table}`;

/** Puts rules back that somebody has flushed, with the published ports of all members. Only under the lock. */
export async function repairRules(host: NetworkHost, network: NetworkRecord): Promise<void> {
  if (missingTables(network, await host.nftables.listTables()).length === 0) return;
  const members = readMembers(host.store, network.name).filter(({ state }) => state === 'ready');
  await host.nftables.commit([
    ...networkRules(network),
    ...members.flatMap((member) => publishedRules(network, member)),
  ]);
}

function missingTables(network: NetworkRecord, present: readonly TableName[]): TableName[] {
  const isThere = ({ family, name }: TableName): boolean =>
    present.some((table) => table.family === family && table.name === name);
  return tablesOf(network).filter((table) => !isThere(table));
}
