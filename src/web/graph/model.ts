import { ALL_KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import type { ListedProcess, Namespace } from '../../namespaces/list/namespace.js';

/** Processes that are in exactly the same namespaces. */
export interface ProcessGroup {
  readonly id: string;
  readonly processes: readonly ListedProcess[];
  /** The namespaces that no other group is in, without the host's and without the user namespace. */
  readonly own: readonly Namespace[];
  /** Those that other groups are in too. */
  readonly shared: readonly Namespace[];
  /** The kinds that are the host's. */
  readonly host: readonly NamespaceKind[];
  /** The user namespace that it is drawn in; undefined for the host's. */
  readonly user: number | undefined;
}

/** What a picture shows. The host's namespaces are those of the first process that may be seen. */
export interface GraphModel {
  readonly groups: readonly ProcessGroup[];
  /** Drawn by themselves: what groups share, and what no process is in. */
  readonly namespaces: readonly Namespace[];
  /** User namespaces but the host's: a box each, in the box of its parent. */
  readonly users: readonly Namespace[];
  /** From a pid namespace to its parent, where both are shown. */
  readonly parents: readonly (readonly [child: number, parent: number])[];
}

export interface Source {
  readonly namespaces: readonly Namespace[];
  readonly read: (pid: number) => ListedProcess | undefined;
  /** Undefined for all. */
  readonly pids: ReadonlySet<number> | undefined;
}

type Membership = ReadonlyMap<NamespaceKind, Namespace>;

export function buildModel(source: Source): GraphModel {
  const memberships = membershipsOf(source.namespaces);
  const [first] = memberships.values();
  const host = new Set([...(first?.values() ?? [])].map(({ inode }) => inode));
  const groups = groupsOf(memberships, source, host);
  const inGroups = new Set(groups.flatMap(({ shared, own }) => [...shared, ...own]));
  const idle = source.pids ? [] : source.namespaces.filter((each) => isIdle(each));
  const namespaces = [...new Set([...groups.flatMap(({ shared }) => shared), ...idle])];
  const shown = [...inGroups, ...idle];
  return {
    groups,
    namespaces,
    users: usersOf(source.namespaces, host, [
      ...groups.map(({ user }) => user),
      ...shown.map(({ owner }) => owner),
    ]),
    parents: shown.flatMap(({ kind, inode, parent }) =>
      kind === 'pid' && shown.some((each) => each.inode === parent)
        ? [[inode, parent as number] as const]
        : [],
    ),
  };
}

/** Kept by something else than processes; an empty user namespace shows as the box of what it owns. */
function isIdle({ kind, processes }: Namespace): boolean {
  return kind !== 'user' && processes.length === 0;
}

function membershipsOf(namespaces: readonly Namespace[]): Map<number, Map<NamespaceKind, Namespace>> {
  const memberships = new Map<number, Map<NamespaceKind, Namespace>>();
  for (const namespace of namespaces) {
    for (const pid of namespace.processes) {
      const membership = memberships.get(pid) ?? new Map<NamespaceKind, Namespace>();
      memberships.set(pid, membership.set(namespace.kind, namespace));
    }
  }
  return new Map([...memberships].sort(([a], [b]) => a - b));
}

function groupsOf(
  memberships: ReadonlyMap<number, Membership>,
  { pids, read }: Source,
  host: ReadonlySet<number>,
): ProcessGroup[] {
  const byKey = new Map<string, { membership: Membership; pids: number[] }>();
  for (const [pid, membership] of memberships) {
    // A zombie has left its namespaces.
    if (!membership.has('mnt') || (pids && !pids.has(pid))) continue;
    const key = ALL_KINDS.map((kind) => membership.get(kind)?.inode).join();
    const group = byKey.get(key) ?? { membership, pids: [] };
    byKey.set(key, group);
    group.pids.push(pid);
  }
  const found = [...byKey.values()];
  const uses = new Map<Namespace, number>();
  for (const each of found.flatMap(({ membership }) => [...membership.values()])) {
    uses.set(each, (uses.get(each) ?? 0) + 1);
  }
  return found.map(({ membership, pids: members }, i) => {
    const foreign = [...membership.values()].filter(({ inode }) => !host.has(inode));
    const drawn = foreign.filter(({ kind }) => kind !== 'user');
    return {
      id: `g${i}`,
      processes: members.flatMap((pid) => read(pid) ?? []),
      own: inOrder(drawn.filter((each) => uses.get(each) === 1)),
      shared: inOrder(drawn.filter((each) => uses.get(each) !== 1)),
      host: ALL_KINDS.filter((kind) => host.has(membership.get(kind)?.inode ?? 0)),
      user: foreign.find(({ kind }) => kind === 'user')?.inode,
    };
  });
}

const inOrder = (namespaces: readonly Namespace[]): Namespace[] =>
  [...namespaces].sort((a, b) => ALL_KINDS.indexOf(a.kind) - ALL_KINDS.indexOf(b.kind));

/** Those that something shown is in or owned by, and the ones around them. */
function usersOf(
  namespaces: readonly Namespace[],
  host: ReadonlySet<number>,
  inodes: readonly (number | undefined)[],
): Namespace[] {
  const byInode = new Map(namespaces.map((each) => [each.inode, each]));
  const users = new Set<Namespace>();
  for (const inode of inodes) {
    let user = byInode.get(inode ?? 0);
    while (user && !host.has(user.inode) && !users.has(user)) {
      users.add(user);
      user = byInode.get(user.parent ?? 0);
    }
  }
  return [...users];
}
