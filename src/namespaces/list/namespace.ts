import type { NamespaceKind } from '../kinds.js';

/** Something that keeps a namespace alive, as far as it can be seen from here. */
export type NamespaceHolder =
  /** Processes are in it; `pid` is the lowest. */
  | { readonly by: 'process'; readonly pid: number }
  /** A thread is in it while the process that it belongs to is not. */
  | { readonly by: 'thread'; readonly pid: number; readonly tid: number }
  /** The next child of the process will be in it (pid_for_children, time_for_children). */
  | { readonly by: 'children'; readonly pid: number }
  /** It is mounted on a path, as the process sees it. */
  | { readonly by: 'mount'; readonly path: string; readonly pid: number }
  | { readonly by: 'descriptor'; readonly pid: number; readonly fd: number }
  /** A socket of a process belongs to it while the process is in another. */
  | { readonly by: 'socket'; readonly pid: number; readonly fd: number }
  /** It is the parent of the namespace with this inode. */
  | { readonly by: 'child'; readonly inode: number }
  /** It is the user namespace that owns the namespace with this inode. */
  | { readonly by: 'owned'; readonly inode: number }
  /** The kernel lists it (listns(2)), and what keeps it cannot be seen. */
  | { readonly by: 'unknown' };

/** A process that stands for a namespace. */
export interface ListedProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  /** As /etc/passwd has it; undefined where it has none. */
  readonly user: string | undefined;
  /** The command line, or the name of a process that has none (a kernel thread). */
  readonly command: string;
}

/** A namespace of this machine. See namespaces(7). */
export interface ListedNamespace {
  readonly kind: NamespaceKind;
  /** Together with `device` its identity; never 0. */
  readonly inode: number;
  /** That of the nsfs file system, the same for all. */
  readonly device: number;
  /** The processes in it, ascending, by their numbers in the reader's pid namespace. */
  readonly processes: readonly number[];
  /** The one with the lowest number; undefined when no process is in it. */
  readonly representative: ListedProcess | undefined;
  /** The inode of the user namespace that owns it; undefined when that may not be seen from here. */
  readonly owner: number | undefined;
  /** The inode of its parent, for pid and user namespaces; undefined when that may not be seen from here. */
  readonly parent: number | undefined;
  /** Who made the owning user namespace, or this one when it is a user namespace. */
  readonly ownerUid: number | undefined;
  /** The number of mounts in a mnt namespace, where the kernel tells it (Linux 6.12). */
  readonly mounts: number | undefined;
  /** Where it can be opened; undefined when it has no path. */
  readonly path: string | undefined;
  /**
   * What keeps it alive. Of the sockets and descriptors of a process the first is named. That it is a parent or an owner
   * is said only where no process is in it.
   */
  readonly keptBy: readonly NamespaceHolder[];
}

/** What {@link list} found. */
export interface NamespaceList {
  /** By inode, ascending. */
  readonly namespaces: readonly ListedNamespace[];
  /** How many processes there are whose namespaces may not be seen by this user. */
  readonly unreadable: number;
}
