import type { ListedNamespace } from '../../namespaces/list/namespace.js';
import type { Line } from '../columns.js';
import type { LsColumn, Row } from './ls-columns.js';

export type Relation = 'owner' | 'parent' | 'process';

const lineOf = (row: Row, columns: readonly LsColumn[]): Line => ({
  cells: columns.map(({ value }) => value(row)),
  children: [],
});

/** One below the other. */
export function flatLines(rows: readonly Row[], columns: readonly LsColumn[]): Line[] {
  return rows.map((row) => lineOf(row, columns));
}

/**
 * Every row below the row of the process that started its process, as lsns(8) has it: below the last of them that is
 * above it in the list.
 */
export function processLines(rows: readonly Row[], columns: readonly LsColumn[]): Line[] {
  const top: Line[] = [];
  const lastOf = new Map<number, Line>();
  for (const row of rows) {
    const line = lineOf(row, columns);
    const above = row.process && lastOf.get(row.process.ppid);
    (above?.children ?? top).push(line);
    if (row.process) lastOf.set(row.process.pid, line);
  }
  return top;
}

/** Every namespace below its owner or its parent. One that is not among the rows is left out with the relation. */
export function relationLines(
  rows: readonly Row[],
  columns: readonly LsColumn[],
  relation: 'owner' | 'parent',
): Line[] {
  const lines = new Map(rows.map((row) => [row.namespace.inode, lineOf(row, columns)]));
  const top: Line[] = [];
  for (const { namespace } of rows) {
    const above = lines.get(namespace[relation] ?? 0);
    (above?.children ?? top).push(lines.get(namespace.inode) as Line);
  }
  return top;
}

/** The namespaces chosen, and for a tree those above them. */
export function withAncestors(
  chosen: readonly ListedNamespace[],
  all: readonly ListedNamespace[],
  relation: 'owner' | 'parent',
): ListedNamespace[] {
  const byInode = new Map(all.map((namespace) => [namespace.inode, namespace]));
  const wanted = new Set<ListedNamespace>();
  for (const namespace of chosen) {
    let above: ListedNamespace | undefined = namespace;
    while (above && !wanted.has(above)) {
      wanted.add(above);
      above = byInode.get(above[relation] ?? 0);
    }
  }
  return all.filter((namespace) => wanted.has(namespace));
}
