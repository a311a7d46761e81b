/** Changes of a ruleset as data: what {@link NftablesSocket.commit} has the kernel do, all of them or none. */
import { SpecError } from '../foundation/errors.js';
import { type DataTypeName, dataType } from './data-types.js';
import { checkTime, type Element, type ElementTypes, sortElements } from './element.js';
import type { Expression } from './expression.js';
import { type Hook, hooksOf, NFPROTO, type TableName } from './family.js';
import { checkComment, checkName, checkPriority } from './names.js';

/** dormant: its rules do nothing. owner: it goes with the socket that made it, and nobody else may change it. */
export type TableFlag = 'dormant' | 'owner';

export interface TableSpec extends TableName {
  readonly flags?: readonly TableFlag[];
}

/** What makes a chain one that packets come by; the others are jumped to. */
export interface BaseChain {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: Hook;
  /** Smaller ones come first: dnat is usually -100, filter 0, srcnat 100. */
  readonly priority: number;
  /** What becomes of packets that no rule has decided on; default accept. */
  readonly policy?: 'accept' | 'drop';
  /** Of the hooks ingress and egress: the interface. */
  readonly device?: string;
}

/** A chain by its table and name. */
export interface ChainName {
  readonly table: TableName;
  readonly name: string;
}

/** A chain for {@link addChain}: one that others jump to, or a base chain. */
export type ChainSpec = ChainName | (ChainName & BaseChain);

/** A rule for {@link addRule} and {@link insertRule}: its expressions apply from the first on, as long as all of them match. */
export interface RuleSpec {
  readonly table: TableName;
  readonly chain: string;
  readonly expressions: readonly Expression[];
  /** At most 127 bytes. */
  readonly comment?: string;
  /** The handle of a rule behind which it is added, or before which it is inserted. */
  readonly position?: number;
}

/** A rule by the handle that the kernel gave it. */
export interface RuleName {
  readonly table: TableName;
  readonly chain: string;
  readonly handle: number;
}

/** interval: prefixes and ranges. timeout: elements may go by themselves. dynamic: rules add to it. constant: for good. */
export type SetFlag = 'constant' | 'interval' | 'timeout' | 'dynamic';

/** A set for {@link addSet}, or with `map` a map. What is done with its elements needs to know it as well. */
export interface SetSpec {
  readonly table: TableName;
  readonly name: string;
  /** Of its keys; several for a concatenation. */
  readonly type: DataTypeName | readonly DataTypeName[];
  /** Makes it a map: what it gives for a key. */
  readonly map?: DataTypeName | readonly DataTypeName[] | 'verdict';
  readonly flags?: readonly SetFlag[];
  /** How long elements stay that have none of their own, in milliseconds, which the kernel rounds to its clock's ticks. */
  readonly timeout?: number;
  /** How many elements it may have; default as many as there is memory for, and 65535 for a dynamic one. */
  readonly size?: number;
}

/** A set or map by its table and name. */
export interface SetName {
  readonly table: TableName;
  readonly name: string;
}

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

/** The types as an element needs them. */
export function elementTypes({
  type,
  map,
  flags = [],
}: Pick<SetSpec, 'type' | 'map' | 'flags'>): ElementTypes {
  const data = map === undefined || map === 'verdict' ? map : listOf(map);
  return { types: listOf(type), interval: flags.includes('interval'), ...(data ? { data } : {}) };
}

const listOf = <T extends string>(one: T | readonly T[]): readonly T[] =>
  typeof one === 'string' ? [one] : one;

function checkTable({ family, name }: TableName): TableName {
  if (!Object.hasOwn(NFPROTO, family))
    throw new SpecError('table.family', `must be ${Object.keys(NFPROTO).join(', ')}`);
  return { family, name: checkName(name, 'table.name') };
}

/** Those of a list that are there, in the order of the list. Throws SpecError for others. */
function checkFlags<Flag extends string>(
  all: readonly Flag[],
  flags: readonly Flag[] = [],
): { flags?: readonly Flag[] } {
  const wrong = flags.find((flag) => !all.includes(flag));
  if (wrong !== undefined) throw new SpecError('flags', `must be ${all.join(', ')}, not ${wrong}`);
  return flags.length > 0 ? { flags: all.filter((flag) => flags.includes(flag)) } : {};
}

const TABLE_FLAGS: readonly TableFlag[] = ['dormant', 'owner'];

/** Makes a table, or takes it as it is there; with `create` it must be new. */
export function addTable(table: TableSpec, options: { readonly create?: boolean } = {}): Change {
  const checked = { ...checkTable(table), ...checkFlags(TABLE_FLAGS, table.flags) };
  return { change: options.create ? 'create table' : 'add table', table: checked };
}

/** Removes a table and all that is in it. Fails when there is none: see {@link destroyTable}. */
export const deleteTable = (table: TableName): Change => ({
  change: 'delete table',
  table: checkTable(table),
});

/** {@link deleteTable} that also works when there is none, since Linux 6.3. */
export const destroyTable = (table: TableName): Change => ({
  change: 'destroy table',
  table: checkTable(table),
});

/** Makes a chain, a base chain where it has a hook. One that is there must be the same. */
export function addChain(chain: ChainSpec, options: { readonly create?: boolean } = {}): Change {
  const checked = { ...named(chain), ...('hook' in chain ? checkBase(chain.table, chain) : {}) };
  return { change: options.create ? 'create chain' : 'add chain', chain: checked };
}

function checkBase({ family }: TableName, base: BaseChain): BaseChain {
  const { type, hook, priority, policy = 'accept', device } = base;
  if (type !== 'filter' && type !== 'nat' && type !== 'route')
    throw new SpecError('type', 'must be filter, nat or route');
  const hooks = hooksOf(family);
  if (!hooks.includes(hook))
    throw new SpecError('hook', `must be ${hooks.join(', ')} in the family ${family}`);
  checkPriority(priority, 'priority');
  if (policy !== 'accept' && policy !== 'drop') throw new SpecError('policy', 'must be accept or drop');
  const needed = hook === 'ingress' || hook === 'egress';
  if (needed !== (device !== undefined))
    throw new SpecError(
      'device',
      needed ? `must be given with the hook ${hook}` : `does not go with the hook ${hook}`,
    );
  return { type, hook, priority, policy, ...(device === undefined ? {} : { device }) };
}

const named = ({ table, name }: ChainName): ChainName => {
  return { table: checkTable(table), name: checkName(name, 'name') };
};

/** Removes the rules of a chain. */
export const flushChain = (chain: ChainName): Change => ({ change: 'flush chain', chain: named(chain) });
/** Removes a chain that has no rules and that none jumps to. */
export const deleteChain = (chain: ChainName): Change => ({ change: 'delete chain', chain: named(chain) });
/** {@link deleteChain} that also works when there is none, since Linux 6.3. */
export const destroyChain = (chain: ChainName): Change => ({ change: 'destroy chain', chain: named(chain) });

/** Adds a rule at the end of a chain, or behind another. */
export const addRule = (rule: RuleSpec): Change => ({ change: 'add rule', rule: checkRule(rule) });
/** Adds a rule at the beginning of a chain, or before another. */
export const insertRule = (rule: RuleSpec): Change => ({ change: 'insert rule', rule: checkRule(rule) });

function checkRule({ table, chain, expressions, comment, position }: RuleSpec): RuleSpec {
  checkComment(comment, 'comment');
  return {
    table: checkTable(table),
    chain: checkName(chain, 'chain'),
    expressions,
    ...(comment ? { comment } : {}),
    ...(position === undefined ? {} : { position: checkHandle(position, 'position') }),
  };
}

function checkHandle(handle: number, field: string): number {
  if (Number.isSafeInteger(handle) && handle > 0) return handle;
  throw new SpecError(field, `must be the handle of a rule, not ${handle}`);
}

function checkRuleName({ table, chain, handle }: RuleName): RuleName {
  return {
    table: checkTable(table),
    chain: checkName(chain, 'chain'),
    handle: checkHandle(handle, 'handle'),
  };
}

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

const SET_FLAGS: readonly SetFlag[] = ['constant', 'interval', 'timeout', 'dynamic'];

/** What rules add to gets no larger, as nft(8) has it. */
const DYNAMIC_SIZE = 65_535;

/** In the form in which a list gives it back. */
function checkSet(set: SetSpec): SetSpec {
  const dynamic = set.flags?.includes('dynamic') === true;
  const { timeout, size = dynamic ? DYNAMIC_SIZE : undefined } = set;
  const name = named(set);
  if (name.name.startsWith('__')) throw new SpecError('name', 'those of sets begin with no __');
  const flags = checkFlags(SET_FLAGS, set.flags);
  const { types, data, interval } = elementTypes(set);
  checkTypes(types, 'type');
  if (data !== undefined && data !== 'verdict') checkTypes(data, 'map');
  if (
    interval &&
    types.length === 1 &&
    !['network', 'ipv4', 'ipv6'].includes(dataType(types[0] as DataTypeName).basis)
  )
    throw new SpecError('flags', `there are no intervals of ${types[0]}`);
  if (timeout !== undefined) checkTime(timeout, 'timeout');
  if (timeout !== undefined && !set.flags?.includes('timeout'))
    throw new SpecError('timeout', 'needs the flag timeout');
  if (size !== undefined && !(Number.isInteger(size) && size > 0 && size <= 0xffffffff))
    throw new SpecError('size', 'must be a whole number above 0');
  return {
    ...name,
    type: shortest(types),
    ...(data === undefined ? {} : { map: data === 'verdict' ? data : shortest(data) }),
    ...flags,
    ...(timeout === undefined ? {} : { timeout }),
    ...(size === undefined ? {} : { size }),
  };
}

/** One type stands for itself. */
export const shortest = <T>(types: readonly T[]): T | readonly T[] =>
  types.length === 1 ? (types[0] as T) : types;

/** A key or a datum fits into the kernel's registers: 64 bytes. */
function checkTypes(types: readonly DataTypeName[], field: string): void {
  if (types.length === 0 || types.length > 5) throw new SpecError(field, 'must be one to five types');
  const unknown = types.find((type) => dataType(type) === undefined);
  if (unknown !== undefined) throw new SpecError(field, `there is no type ${unknown}`);
  const size = types.reduce((sum, type) => sum + ((dataType(type).size + 3) & ~3), 0);
  if (size > 64)
    throw new SpecError(field, `${types.join(' . ')} has ${size} bytes, and at most 64 can be looked up`);
}

/** Removes a set or map that no rule uses. */
export const deleteSet = (set: SetName): Change => ({ change: 'delete set', set: named(set) });
/** {@link deleteSet} that also works when there is none, since Linux 6.3. */
export const destroySet = (set: SetName): Change => ({ change: 'destroy set', set: named(set) });
/** Removes all elements. */
export const flushSet = (set: SetName): Change => ({ change: 'flush set', set: named(set) });

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
