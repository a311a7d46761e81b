import type { ResolvedIdMap } from '../../ids/resolve.js';
import { ALL_KINDS, KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import { LAST_DESCRIPTOR } from '../../syscalls/constants.js';
import type { Argument } from '../../syscalls/plan.js';
import type { Facts } from '../facts.js';
import type { ParsedSpec } from '../parsed-spec.js';

export interface CompileOptions {
  /**
   * `attached`: this process goes on, and the main process becomes its child. `inPlace`: the launcher replaces this
   * process, waits for the main process, and prints failures.
   */
  readonly mode: 'attached' | 'inPlace';
  /** How many descriptors the program gets: 0 … descriptors - 1. */
  readonly descriptors: number;
  /** `new`: descriptor 0 becomes the controlling terminal of a new session. `caller`: it is the caller's already. */
  readonly terminal?: 'new' | 'caller';
  /** There is no program: the main process waits in the namespaces. */
  readonly hold?: boolean;
}

/** Which number each inherited descriptor has in the launcher: the program's, then ours. */
export interface Slots {
  readonly status: number | undefined;
  readonly lifeline: number | undefined;
  readonly plan: number;
  readonly joins: Readonly<Partial<Record<NamespaceKind, number>>>;
  /** Where the calling thread stands, see {@link Facts.place}. */
  readonly place: { readonly mnt: number; readonly cwd: number } | undefined;
}

/** What every part of the compiler looks at; nobody changes it. */
export interface Context {
  readonly spec: ParsedSpec;
  readonly facts: Facts;
  readonly options: CompileOptions;
  readonly slots: Slots;
  readonly users: ResolvedIdMap;
  readonly groups: ResolvedIdMap;
  readonly setgroups: 'allow' | 'deny';
}

export const isNew = ({ spec }: Context, kind: NamespaceKind): boolean => spec.namespaces[kind] === 'new';

/** Whether a namespace is joined that is not the caller's own already. */
export const isJoined = ({ slots }: Context, kind: NamespaceKind): boolean => slots.joins[kind] !== undefined;

export const newKinds = (context: Context): NamespaceKind[] =>
  ALL_KINDS.filter((kind) => isNew(context, kind));

export const flagsOf = (kinds: readonly NamespaceKind[]): number =>
  kinds.reduce((flags, kind) => flags | KINDS[kind].flag, 0);

/** Everything above the descriptors that a process still needs. */
export const descriptorsAbove = (last: number): readonly Argument[] => [last + 1, LAST_DESCRIPTOR];

/** The highest descriptor that must stay open until the execve; `depth` as programSteps has it. */
export function lastControl({ slots, options, spec }: Context, depth: number | undefined): number {
  const kept = options.mode === 'inPlace' && depth !== undefined && spec.dieWithParent ? slots.plan : -1;
  return Math.max(slots.status ?? -1, slots.lifeline ?? -1, kept, options.descriptors - 1);
}
