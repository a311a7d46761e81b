import { placeId } from './cables.js';
import type { Cable } from './picture.js';
import type { NetReading, PlaceReading } from './reading.js';

export interface OrderedPlace {
  readonly place: PlaceReading;
  readonly distance: number | undefined;
}

/** The host, what is connected to it, nearest first, then other groups in the same way, last what stands alone. */
export function orderPlaces({ places, host, own }: NetReading, cables: readonly Cable[]): OrderedPlace[] {
  const neighbours = neighboursOf(cables);
  const rank = ({ namespace: { inode } }: PlaceReading): number =>
    inode === host ? 0 : inode === own ? 1 : 2;
  const degree = ({ namespace: { inode } }: PlaceReading): number =>
    neighbours.get(placeId(inode))?.size ?? 0;
  const starts = [...places].sort(
    (a, b) => Number(degree(a) === 0) - Number(degree(b) === 0) || rank(a) - rank(b) || degree(b) - degree(a),
  );
  const byId = new Map(starts.map((place) => [placeId(place.namespace.inode), place]));
  const distances = new Map<string, number>();
  for (const id of byId.keys()) if (!distances.has(id)) walk(id, neighbours, distances);
  return [...distances].flatMap(([id, distance]) => {
    const place = byId.get(id);
    return place ? [{ place, distance: neighbours.has(id) ? distance : undefined }] : [];
  });
}

/** Adds everything that can be reached, nearest first. */
function walk(
  start: string,
  neighbours: ReadonlyMap<string, ReadonlySet<string>>,
  distances: Map<string, number>,
): void {
  const queue = [start];
  distances.set(start, 0);
  for (const id of queue)
    for (const next of neighbours.get(id) ?? []) {
      if (distances.has(next)) continue;
      distances.set(next, (distances.get(id) as number) + 1);
      queue.push(next);
    }
}

/** In the order of the links that lead there. */
function neighboursOf(cables: readonly Cable[]): Map<string, Set<string>> {
  const neighbours = new Map<string, Set<string>>();
  const add = (a: string, b: string): void => {
    neighbours.set(a, (neighbours.get(a) ?? new Set()).add(b));
  };
  const ways = cables.flatMap(({ from, to }) => [
    { from, to },
    { from: to, to: from },
  ]);
  for (const { from, to } of ways.sort((a, b) => (a.from.device ?? 0) - (b.from.device ?? 0)))
    add(from.place, to.place);
  return neighbours;
}
