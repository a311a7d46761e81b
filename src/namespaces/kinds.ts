import { SpecError } from '../foundation/errors.js';
import { CLONE } from '../syscalls/constants.js';

/** The eight kinds of namespaces(7), by the names that /proc/PID/ns uses. */
export type NamespaceKind = 'mnt' | 'uts' | 'ipc' | 'pid' | 'net' | 'user' | 'cgroup' | 'time';

export interface KindFacts {
  readonly flag: number;
  /** The flag's name, as clone(2) has it. */
  readonly flagName: string;
  /** unshare(1)'s and nsenter(1)'s long option. */
  readonly option: string;
  /** The first Linux that has it. */
  readonly since: string;
}

/** One row for each kind, in the order in which people list them. */
export const KINDS: Readonly<Record<NamespaceKind, KindFacts>> = {
  mnt: { flag: CLONE.NEWNS, flagName: 'CLONE_NEWNS', option: 'mount', since: '2.4.19' },
  uts: { flag: CLONE.NEWUTS, flagName: 'CLONE_NEWUTS', option: 'uts', since: '2.6.19' },
  ipc: { flag: CLONE.NEWIPC, flagName: 'CLONE_NEWIPC', option: 'ipc', since: '2.6.19' },
  pid: { flag: CLONE.NEWPID, flagName: 'CLONE_NEWPID', option: 'pid', since: '2.6.24' },
  net: { flag: CLONE.NEWNET, flagName: 'CLONE_NEWNET', option: 'net', since: '2.6.29' },
  user: { flag: CLONE.NEWUSER, flagName: 'CLONE_NEWUSER', option: 'user', since: '3.8' },
  cgroup: { flag: CLONE.NEWCGROUP, flagName: 'CLONE_NEWCGROUP', option: 'cgroup', since: '4.6' },
  time: { flag: CLONE.NEWTIME, flagName: 'CLONE_NEWTIME', option: 'time', since: '5.6' },
};

export const ALL_KINDS = Object.keys(KINDS) as NamespaceKind[];

export function isNamespaceKind(text: string): text is NamespaceKind {
  return Object.hasOwn(KINDS, text);
}

/** @throws SpecError for what is no list of kinds, which only a caller without types gives. */
export function checkKinds(kinds: readonly NamespaceKind[]): void {
  const list: readonly unknown[] | undefined = Array.isArray(kinds) ? kinds : undefined;
  if (list === undefined) throw new SpecError('kinds', `must be a list of: ${ALL_KINDS.join(', ')}`);
  const unknown = list.find((kind) => typeof kind !== 'string' || !isNamespaceKind(kind));
  if (unknown !== undefined)
    throw new SpecError('kinds', `there is no ${unknown} namespace: ${ALL_KINDS.join(', ')}`);
}
