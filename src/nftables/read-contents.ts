import type { NetlinkSocket } from '../netlink/socket.js';
import { addChain, addElements, addRule, addSet, addTable, type Change } from './change.js';
import type { ListedTable } from './decode.js';
import { readChains, readElements, readRules, readSets, unknownTypes } from './read-ruleset.js';
import type { ChainSpec, SetSpec } from './ruleset.js';

/** All there is of a table as the changes that would make it. */
export async function readContents(socket: NetlinkSocket, table: ListedTable): Promise<Change[]> {
  const sets = (await readSets(socket, table)).filter(({ anonymous }) => !anonymous);
  const chains = await readChains(socket, table);
  const made: Change[] = [addTable(table), ...chains.map((chain) => addChain(chain as ChainSpec))];
  for (const { type, ...set } of sets) {
    if (type === undefined || set.isMap !== 'map' in set) throw unknownTypes(set);
    const spec: SetSpec = { ...set, type };
    const elements = await readElements(socket, spec);
    made.push(addSet(spec), ...(elements.length > 0 ? [addElements(spec, elements)] : []));
  }
  const rules = await readRules(socket, table);
  const ordered = chains.flatMap(({ name }) => rules.filter(({ chain }) => chain === name));
  return [...made, ...ordered.map(addRule)];
}
