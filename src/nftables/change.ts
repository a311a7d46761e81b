/** Changes of a ruleset as data: what {@link NftablesSocket.commit} has the kernel do, all of them or none. */
import {
  checkBase,
  checkNames,
  checkRule,
  checkRuleName,
  checkSet,
  checkTable,
  checkTableName,
} from './check.js';
import { type Element, sortElements } from './element.js';
import type { TableName } from './family.js';
import {
  type ChainName,
  type ChainSpec,
  elementTypes,
  type RuleName,
  type RuleSpec,
  type SetName,
  type SetSpec,
  type TableSpec,
} from './ruleset.js';

export type {
  BaseChain,
  ChainName,
  ChainSpec,
  RuleName,
  RuleSpec,
  SetFlag,
  SetName,
  SetSpec,
  TableFlag,
  TableSpec,
} from './ruleset.js';

type How = 'add' | 'create' | 'delete' | 'destroy';

/** One change of a ruleset, as the functions that are called alike make it. */
export type Change =
  | { readonly change: 'add table' | 'create table'; readonly table: TableSpec }
  | { readonly change: 'delete table' | 'destroy table'; readonly table: TableName }
  | { readonly change: 'add chain' | 'create chain'; readonly chain: ChainSpec }
  | { readonly change: 'flush chain' | 'delete chain' | 'destroy chain'; readonly chain: ChainName }
  | { readonly change: 'add rule' | 'insert rule'; readonly rule: RuleSpec }
  | { readonly change: 'delete rule' | 'destroy rule'; readonly rule: RuleName }
  | { readonly change: 'add set' | 'create set'; readonly set: SetSpec }
  | { readonly change: 'delete set' | 'destroy set' | 'flush set'; readonly set: SetName }
  | {
      readonly change: 'add element' | 'create element' | 'delete element' | 'destroy element';
      readonly set: SetSpec;
      readonly elements: readonly Element[];
    };

/** Makes a table, or takes it as it is there; with `create` it must be new. */
export function addTable(table: TableSpec, options: { readonly create?: boolean } = {}): Change {
  return { change: options.create ? 'create table' : 'add table', table: checkTable(table) };
}

/** Removes a table and all that is in it. Fails when there is none: see {@link destroyTable}. */
export const deleteTable = (table: TableName): Change => ({
  change: 'delete table',
  table: checkTableName(table),
});

/** {@link deleteTable} that also works when there is none, since Linux 6.3. */
export const destroyTable = (table: TableName): Change => ({
  change: 'destroy table',
  table: checkTableName(table),
});

/** Makes a chain, a base chain where it has a hook. One that is there must be the same. */
export function addChain(chain: ChainSpec, options: { readonly create?: boolean } = {}): Change {
  const checked = { ...checkNames(chain), ...('hook' in chain ? checkBase(chain.table, chain) : {}) };
  return { change: options.create ? 'create chain' : 'add chain', chain: checked };
}

/** Removes the rules of a chain. */
export const flushChain = (chain: ChainName): Change => ({ change: 'flush chain', chain: checkNames(chain) });
/** Removes a chain that has no rules and that none jumps to. */
export const deleteChain = (chain: ChainName): Change => ({
  change: 'delete chain',
  chain: checkNames(chain),
});
/** {@link deleteChain} that also works when there is none, since Linux 6.3. */
export const destroyChain = (chain: ChainName): Change => ({
  change: 'destroy chain',
  chain: checkNames(chain),
});

/** Adds a rule at the end of a chain, or behind another. */
export const addRule = (rule: RuleSpec): Change => ({ change: 'add rule', rule: checkRule(rule) });
/** Adds a rule at the beginning of a chain, or before another. */
export const insertRule = (rule: RuleSpec): Change => ({ change: 'insert rule', rule: checkRule(rule) });

/** Removes one rule, by the handle that {@link NftablesSocket.listRules} gives. */
export const deleteRule = (rule: RuleName): Change => ({ change: 'delete rule', rule: checkRuleName(rule) });
/** {@link deleteRule} that also works when there is none, since Linux 6.3. */
export const destroyRule = (rule: RuleName): Change => ({
  change: 'destroy rule',
  rule: checkRuleName(rule),
});

/** Makes a set or a map. One that is there must be the same. */
export function addSet(set: SetSpec, options: { readonly create?: boolean } = {}): Change {
  return { change: options.create ? 'create set' : 'add set', set: checkSet(set) };
}

/** Removes a set or map that no rule uses. */
export const deleteSet = (set: SetName): Change => ({ change: 'delete set', set: checkNames(set) });
/** {@link deleteSet} that also works when there is none, since Linux 6.3. */
export const destroySet = (set: SetName): Change => ({ change: 'destroy set', set: checkNames(set) });
/** Removes all elements. */
export const flushSet = (set: SetName): Change => ({ change: 'flush set', set: checkNames(set) });

function elementChange(change: How, set: SetSpec, elements: readonly Element[]): Change {
  const checked = checkSet(set);
  const types = elementTypes(checked);
  if (change === 'add' || change === 'create')
    return { change: `${change} element`, set: checked, elements: sortElements(types, elements, 'elements') };
  const keys = elements.map(({ key }) => ({ key }));
  const { data: _, ...keyTypes } = types;
  return { change: `${change} element`, set: checked, elements: sortElements(keyTypes, keys, 'elements') };
}

/** Adds elements to a set or map. One that is there with the same data stays; with `create` it must be new. */
export const addElements = (
  set: SetSpec,
  elements: readonly Element[],
  options: { create?: boolean } = {},
): Change => elementChange(options.create ? 'create' : 'add', set, elements);
/** Removes elements by their keys. */
export const deleteElements = (set: SetSpec, elements: readonly Element[]): Change =>
  elementChange('delete', set, elements);
/** {@link deleteElements} that also works for elements that are not there, since Linux 6.3. */
export const destroyElements = (set: SetSpec, elements: readonly Element[]): Change =>
  elementChange('destroy', set, elements);
