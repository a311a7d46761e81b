import type { GraphModel } from './model.js';

/** A part is about this many times as wide as it is high, and the page should be a little wider than high. */
const COLUMNS_SHARE = 0.7;

/**
 * Pairs of nodes for edges that are not seen: Graphviz puts parts without an edge between them into one long column, and
 * these make it several.
 */
export function arrange(model: GraphModel): [from: string, to: string][] {
  const parts = partsOf(model);
  const columns = Math.max(1, Math.round(Math.sqrt(parts.length * COLUMNS_SHARE)));
  const rows = Math.ceil(parts.length / columns);
  return parts.slice(rows).flatMap((part, i) => {
    const [from, to] = [parts[i]?.at(-1), part[0]];
    return from === undefined || to === undefined ? [] : [[from, to]];
  });
}

/** Nodes that an edge or a user namespace joins, the largest part first; a part ends with what its groups share. */
function partsOf({ groups, bundles, users, parents }: GraphModel): string[][] {
  const union = new Union();
  const top = new Map(users.map(({ inode, parent }) => [inode, parent]));
  const outermost = (inode: number): number => {
    const parent = top.get(inode);
    return parent !== undefined && top.has(parent) ? outermost(parent) : inode;
  };
  const holder = new Map<number, string>();
  for (const { id, own, user, shared } of groups) {
    union.add(id);
    if (user !== undefined) union.join(id, `u${outermost(user)}`);
    for (const { inode } of own) holder.set(inode, id);
    for (const bundle of shared) union.join(id, bundle.id);
  }
  for (const { id, owner, namespaces } of bundles) {
    union.add(id);
    if (owner !== undefined) union.join(id, `u${outermost(owner)}`);
    for (const { inode } of namespaces) holder.set(inode, id);
  }
  for (const [child, parent] of parents) union.join(holder.get(child) ?? '', holder.get(parent) ?? '');
  const drawn = [...groups, ...bundles].map(({ id }) => id);
  return union.parts(drawn).sort((a, b) => b.length - a.length);
}

/** Which things belong together. */
class Union {
  readonly #above = new Map<string, string>();

  add(item: string): void {
    if (!this.#above.has(item)) this.#above.set(item, item);
  }

  join(one: string, other: string): void {
    this.#above.set(this.#root(one), this.#root(other));
  }

  parts(items: readonly string[]): string[][] {
    const parts = new Map<string, string[]>();
    for (const item of items) parts.set(this.#root(item), [...(parts.get(this.#root(item)) ?? []), item]);
    return [...parts.values()];
  }

  #root(item: string): string {
    this.add(item);
    let root = item;
    while (this.#above.get(root) !== root) root = this.#above.get(root) as string;
    return root;
  }
}
