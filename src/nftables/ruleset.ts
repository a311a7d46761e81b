/** What a ruleset has, as data: tables, chains, rules, sets and maps. */
import type { DataTypeName } from './data-types.js';
import type { ElementTypes } from './element.js';
import type { Expression } from './expression.js';
import type { Hook, TableName } from './family.js';

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

/** One type stands for itself. */
export const shortest = <T>(types: readonly T[]): T | readonly T[] =>
  types.length === 1 ? (types[0] as T) : types;
