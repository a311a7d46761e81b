import type { NetPicture, Place } from './picture.js';

/** So many boxes stand below each other before another column is begun. */
const COLUMN_HEIGHT = 12;

/** Where a place stands beside its only neighbour. */
export interface Column {
  readonly side: 'left' | 'right';
  /** 1 is the nearest. */
  readonly distance: number;
}

/**
 * The columns of places with one neighbour that is nearer to the first place. Where many hang on one they stand on both sides of
 * it, and in several columns. All others stand to the right of what they are connected to.
 */
export function columnsOf({ places, cables }: NetPicture): Map<string, Column> {
  const neighbours = new Map<string, Set<string>>();
  for (const { from, to, kind } of cables) {
    if (kind === 'tunnel') continue;
    neighbours.set(from.place, (neighbours.get(from.place) ?? new Set()).add(to.place));
    neighbours.set(to.place, (neighbours.get(to.place) ?? new Set()).add(from.place));
  }
  const leaves = new Map<string, string[]>();
  for (const { id, distance = 0 } of places) {
    const [parent, ...others] = neighbours.get(id) ?? [];
    if (distance > 0 && parent !== undefined && others.length === 0)
      leaves.set(parent, [...(leaves.get(parent) ?? []), id]);
  }
  return new Map([...leaves.values()].flatMap(inColumns));
}

function inColumns(ids: readonly string[]): [string, Column][] {
  const columns = Math.ceil(ids.length / COLUMN_HEIGHT);
  return ids.map((id, i) => {
    const column = i % columns;
    return [id, { side: column % 2 === 0 ? 'right' : 'left', distance: 1 + Math.floor(column / 2) }];
  });
}

/** Pairs of places for lines that are not seen: what nothing is connected to would else be one long column. */
export function arrangeApart(places: readonly Place[]): [from: string, to: string][] {
  const alone = places.filter(({ distance }) => distance === undefined);
  const rows = Math.max(COLUMN_HEIGHT / 2, Math.ceil(alone.length / 4));
  return alone.slice(rows).map(({ id }, i) => [(alone[i] as Place).id, id]);
}
