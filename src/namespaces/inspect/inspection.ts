import type { Duration } from '../../foundation/duration.js';
import type { IdRange } from '../../ids/ranges.js';
import type { NamespaceKind } from '../kinds.js';

/** A link of /proc/PID/ns: the eight kinds, and what the next child will be in. */
export type NamespaceLinkName = NamespaceKind | 'pid_for_children' | 'time_for_children';

/** What names a namespace as long as it lives. */
export interface NamespaceIdentity {
  readonly inode: number;
  /** Of the nsfs file system. */
  readonly device: number;
}

/** A line of /proc/PID/cgroup. See cgroups(7). */
export interface CgroupPath {
  /** 0 is cgroup v2. */
  readonly hierarchy: number;
  /** Of a v1 hierarchy. */
  readonly controllers: readonly string[];
  /** From the root of the reader's cgroup namespace. */
  readonly path: string;
}

/** The names in each set: `CAP_NET_ADMIN`. See capabilities(7). */
export interface CapabilitySets {
  readonly inheritable: readonly string[];
  readonly permitted: readonly string[];
  readonly effective: readonly string[];
  readonly bounding: readonly string[];
  readonly ambient: readonly string[];
}

/** The user of a process, in the reader's user namespace. See credentials(7). */
export interface ProcessUser {
  /** The real user id. */
  readonly uid: number;
  readonly effectiveUid: number;
  /** The real one's name in /etc/passwd, undefined where it has none. */
  readonly name: string | undefined;
}

/** What the kernel tells about a process. What may not be seen is undefined, and its field is in `hidden`. */
export interface ProcessInspection {
  readonly pid: number;
  /** 0 when the parent is outside the reader's pid namespace. */
  readonly ppid: number;
  /** The kernel's name for it, at most 15 bytes; a program may change it. */
  readonly name: string;
  /** Its command line; empty for a kernel thread and a zombie. */
  readonly command: readonly string[] | undefined;
  readonly started: Date;
  readonly user: ProcessUser;
  /** Its numbers from the reader's pid namespace inwards; the last is its own view. */
  readonly pids: readonly number[];
  /** A zombie has but user and pid; pid_for_children is missing until its first process. */
  readonly namespaces: Readonly<Partial<Record<NamespaceLinkName, NamespaceIdentity>>> | undefined;
  /** Its outer ids, and those of gidMap, are ids of the reader's user namespace. */
  readonly uidMap: readonly IdRange[] | undefined;
  readonly gidMap: readonly IdRange[] | undefined;
  readonly setgroups: 'allow' | 'deny' | undefined;
  /** How far its time namespace's clocks are from the initial ones; undefined also where the kernel has none. */
  readonly clocks: { readonly monotonic: Duration; readonly boottime: Duration } | undefined;
  readonly cgroups: readonly CgroupPath[] | undefined;
  readonly capabilities: CapabilitySets;
  /** The fields that this user may not see. */
  readonly hidden: readonly (keyof ProcessInspection)[];
}
