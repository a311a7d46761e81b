/** Random tables that this kernel takes. */
import fc from 'fast-check';
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  type Change,
  type SetSpec,
} from '../../src/nftables/change.js';
import type { Expression } from '../../src/nftables/expression.js';
import type { Family } from '../../src/nftables/family.js';
import { type ChainKind, elements, made, rule } from './arbitrary-rules.js';

export const FAMILIES = ['ip', 'ip6', 'inet'] as const satisfies readonly Family[];
const CHAINS: readonly ChainKind[] = ['filter', 'prerouting', 'postrouting'];
const comment = fc.constantFrom(undefined, 'what for');

/** Which way packets came is not asked about in postrouting. */
const fits = (chain: ChainKind, rule: readonly Expression[]): boolean =>
  chain !== 'postrouting' ||
  !JSON.stringify(
    rule,
    (_, value) => String(value) && value && (typeof value === 'bigint' ? 0 : value),
  ).includes('. iif');

function setOf(table: { family: Family; name: string }, index: number): fc.Arbitrary<Change[]> {
  return made(elements, ({ types, elements: all }) => {
    const { data } = types;
    const flags = [...(types.interval ? (['interval'] as const) : []), 'timeout' as const];
    const set: SetSpec = {
      table,
      name: `set${index}`,
      type: types.types,
      flags,
      ...(data === undefined ? {} : { map: data }),
    };
    return [addSet(set), ...(all.length > 0 ? [addElements(set, all)] : [])];
  });
}

/** What makes a table, in the order in which lists give it back: chains, sets, rules. */
export const table: fc.Arbitrary<Change[]> = fc.constantFrom(...FAMILIES).chain((family) => {
  const name = { family, name: 'mine' };
  const seen = (['seen4', 'seen6'] as const).map((set) =>
    addSet({
      table: name,
      name: set,
      type: set === 'seen4' ? 'ipv4_addr' : 'ipv6_addr',
      flags: ['dynamic', 'timeout'],
    }),
  );
  const chains = [
    addChain({ table: name, name: 'filter', type: 'filter', hook: 'forward', priority: 0, policy: 'drop' }),
    addChain({ table: name, name: 'prerouting', type: 'nat', hook: 'prerouting', priority: -100 }),
    addChain({ table: name, name: 'postrouting', type: 'nat', hook: 'postrouting', priority: 100 }),
    addChain({ table: name, name: 'other' }),
  ];
  const rules = CHAINS.map((chain) =>
    fc.array(
      fc
        .tuple(
          rule(family, chain).filter((one) => fits(chain, one)),
          comment,
        )
        .map(([expressions, words]) =>
          addRule({ table: name, chain, expressions, ...(words ? { comment: words } : {}) }),
        ),
      { maxLength: 4 },
    ),
  );
  return fc
    .tuple(fc.tuple(setOf(name, 0), setOf(name, 1)), ...rules)
    .map(([sets, ...all]) => [addTable(name), ...chains, ...seen, ...sets.flat(), ...all.flat()]);
});
