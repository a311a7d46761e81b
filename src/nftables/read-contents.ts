import { UnsupportedError } from '../foundation/errors.js';
import type { NetlinkSocket } from '../netlink/socket.js';
import { addChain, addElements, addRule, addSet, addTable, type Change } from './change.js';
import type { ListedTable } from './decode.js';
import { countObjects, readChains, readElements, readRules, readSets, unknownTypes } from './read-ruleset.js';
import type { ChainSpec, SetSpec } from './ruleset.js';

/** A table that is put back with less than it had would be another one, and nobody would have said so. */
async function refuseOthers(
  socket: NetlinkSocket,
  table: ListedTable,
  read: readonly Pick<ListedTable, 'name' | 'others'>[],
): Promise<void> {
  const parts = read.flatMap(({ name, others = [] }) => others.map((one) => `${one} of ${name}`));
  const objects = await countObjects(socket, table);
  const all = [...parts, ...(objects > 0 ? [`${objects} named objects or flow tables`] : [])];
  if (all.length === 0) return;
  throw new UnsupportedError(
    `contents of table ${table.family} ${table.name}: isol8 has no words for ${all.join(', ')}`,
  );
}

/** All there is of a table as the changes that would make it. */
export async function readContents(socket: NetlinkSocket, table: ListedTable): Promise<Change[]> {
  const sets = (await readSets(socket, table)).filter(({ anonymous }) => !anonymous);
  const chains = await readChains(socket, table);
  await refuseOthers(socket, table, [table, ...chains, ...sets]);
  const made: Change[] = [addTable(table), ...chains.map((chain) => addChain(chain as ChainSpec))];
  for (const { type, others: _, ...set } of sets) {
    if (type === undefined || set.isMap !== 'map' in set) throw unknownTypes(set);
    const spec: SetSpec = { ...set, type };
    const elements = await readElements(socket, spec);
    made.push(addSet(spec), ...(elements.length > 0 ? [addElements(spec, elements)] : []));
  }
  const rules = await readRules(socket, table);
  const ordered = chains.flatMap(({ name }) => rules.filter(({ chain }) => chain === name));
  return [...made, ...ordered.map(addRule)];
}
