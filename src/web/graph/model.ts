import { ALL_KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import type { ListedNamespace, ListedProcess } from '../../namespaces/list/namespace.js';

/** Processes that are in exactly the same namespaces. */
export interface ProcessGroup {
  readonly id: string;
  readonly processes: readonly ListedProcess[];
  /** The namespaces that no other group is in, without the host's and without the user namespace. */
  readonly own: readonly ListedNamespace[];
  /** The bundles of namespaces that other groups are in too. */
  readonly shared: readonly Bundle[];
  /** The kinds that are the host's. */
  readonly host: readonly NamespaceKind[];
  /** The user namespace that it is drawn in; undefined for the host's. */
  readonly user: number | undefined;
}

/** Namespaces of one owner that the same groups are in, or one that no process is in. */
export interface Bundle {
  readonly id: string;
  readonly namespaces: readonly ListedNamespace[];
  /** The user namespace that owns them, undefined for the host's. */
  readonly owner: number | undefined;
}

/** What a picture shows. The host's namespaces are those of the first process that may be seen. */
export interface GraphModel {
  readonly groups: readonly ProcessGroup[];
  /** Drawn by themselves: what groups share, and what no process is in. */
  readonly bundles: readonly Bundle[];
  /** User namespaces but the host's: a box each, in the box of its parent. */
  readonly users: readonly ListedNamespace[];
  /** From a pid namespace to its parent, where both are shown. */
  readonly parents: readonly (readonly [child: number, parent: number])[];
}

export interface Source {
  readonly namespaces: readonly ListedNamespace[];
  readonly read: (pid: number) => ListedProcess | undefined;
  /** Undefined for all. */
  readonly pids: ReadonlySet<number> | undefined;
}

type Membership = ReadonlyMap<NamespaceKind, ListedNamespace>;

export function buildModel(source: Source): GraphModel {
  const memberships = membershipsOf(source.namespaces);
  const [first] = memberships.values();
  const host = new Set([...(first?.values() ?? [])].map(({ inode }) => inode));
  const sets = setsOf(memberships, source.pids);
  const shared = bundlesOf(sets, host);
  const groups = sets.map((set, i) => groupOf(set, { id: `g${i}`, shared, host, read: source.read }));
  const idle = source.pids ? [] : source.namespaces.filter(isIdle).map((each) => bundle([each], host));
  const bundles = [...new Set(shared.values()), ...idle];
  const shown = [...groups.flatMap(({ own }) => own), ...bundles.flatMap(({ namespaces }) => namespaces)];
  const inodes = new Set(shown.map(({ inode }) => inode));
  return {
    groups,
    bundles,
    users: usersOf(source.namespaces, host, [
      ...groups.map(({ user }) => user),
      ...shown.map(({ owner }) => owner),
    ]),
    parents: shown.flatMap(({ kind, inode, parent = 0 }) =>
      kind === 'pid' && inodes.has(parent) ? [[inode, parent] as const] : [],
    ),
  };
}

/** Kept by something else than processes; an empty user namespace shows as the box of what it owns. */
function isIdle({ kind, processes }: ListedNamespace): boolean {
  return kind !== 'user' && processes.length === 0;
}

function membershipsOf(
  namespaces: readonly ListedNamespace[],
): Map<number, Map<NamespaceKind, ListedNamespace>> {
  const memberships = new Map<number, Map<NamespaceKind, ListedNamespace>>();
  for (const namespace of namespaces) {
    for (const pid of namespace.processes) {
      const membership = memberships.get(pid) ?? new Map<NamespaceKind, ListedNamespace>();
      memberships.set(pid, membership.set(namespace.kind, namespace));
    }
  }
  return new Map([...memberships].sort(([a], [b]) => a - b));
}

/** Processes in exactly the same namespaces. A zombie has left its own. */
function setsOf(
  memberships: ReadonlyMap<number, Membership>,
  wanted: ReadonlySet<number> | undefined,
): { membership: Membership; pids: number[] }[] {
  const sets = new Map<string, { membership: Membership; pids: number[] }>();
  for (const [pid, membership] of memberships) {
    if (!membership.has('mnt') || (wanted && !wanted.has(pid))) continue;
    const key = ALL_KINDS.map((kind) => membership.get(kind)?.inode).join();
    const set = sets.get(key) ?? { membership, pids: [] };
    sets.set(key, set);
    set.pids.push(pid);
  }
  return [...sets.values()];
}

/** The bundle of each namespace that several sets are in. */
function bundlesOf(
  sets: readonly { membership: Membership }[],
  host: ReadonlySet<number>,
): Map<ListedNamespace, Bundle> {
  const users = new Map<ListedNamespace, number[]>();
  for (const [i, { membership }] of sets.entries()) {
    for (const namespace of foreignOf(membership, host))
      users.set(namespace, [...(users.get(namespace) ?? []), i]);
  }
  const alike = new Map<string, ListedNamespace[]>();
  for (const [namespace, by] of users) {
    const key = `${by.join()} ${namespace.owner}`;
    if (by.length > 1) alike.set(key, [...(alike.get(key) ?? []), namespace]);
  }
  const bundles = [...alike.values()].map((namespaces) => bundle(inOrder(namespaces), host));
  return new Map(bundles.flatMap((each) => each.namespaces.map((namespace) => [namespace, each] as const)));
}

function bundle(namespaces: readonly ListedNamespace[], host: ReadonlySet<number>): Bundle {
  const owner = namespaces[0]?.owner;
  return { id: `b${namespaces[0]?.inode}`, namespaces, owner: host.has(owner ?? 0) ? undefined : owner };
}

function groupOf(
  { membership, pids }: { membership: Membership; pids: readonly number[] },
  about: {
    id: string;
    shared: ReadonlyMap<ListedNamespace, Bundle>;
    host: ReadonlySet<number>;
    read: Source['read'];
  },
): ProcessGroup {
  const { id, shared, host, read } = about;
  const foreign = foreignOf(membership, host);
  const user = membership.get('user')?.inode ?? 0;
  return {
    id,
    processes: pids.flatMap((pid) => read(pid) ?? []),
    own: inOrder(foreign.filter((each) => !shared.has(each))),
    shared: [...new Set(foreign.flatMap((each) => shared.get(each) ?? []))],
    host: ALL_KINDS.filter((kind) => host.has(membership.get(kind)?.inode ?? 0)),
    user: host.has(user) ? undefined : user,
  };
}

/** Neither the host's nor the user namespace, which is a box. */
const foreignOf = (membership: Membership, host: ReadonlySet<number>): ListedNamespace[] =>
  [...membership.values()].filter(({ kind, inode }) => kind !== 'user' && !host.has(inode));

const inOrder = (namespaces: readonly ListedNamespace[]): ListedNamespace[] =>
  [...namespaces].sort((a, b) => ALL_KINDS.indexOf(a.kind) - ALL_KINDS.indexOf(b.kind));

/** Those that something shown is in or owned by, and the ones around them. */
function usersOf(
  namespaces: readonly ListedNamespace[],
  host: ReadonlySet<number>,
  inodes: readonly (number | undefined)[],
): ListedNamespace[] {
  const byInode = new Map(namespaces.map((each) => [each.inode, each]));
  const users = new Set<ListedNamespace>();
  for (const inode of inodes) {
    let user = byInode.get(inode ?? 0);
    while (user && !host.has(user.inode) && !users.has(user)) {
      users.add(user);
      user = byInode.get(user.parent ?? 0);
    }
  }
  return [...users];
}
