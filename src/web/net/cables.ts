import type { Link } from '../../rtnetlink/links/link.js';
import { lowerOf } from './device.js';
import { grouped } from './grouped.js';
import type { Cable, CableEnd } from './picture.js';
import type { PlaceReading } from './reading.js';

export const placeId = (inode: number): string => `n${inode}`;

/** Between which namespaces there is something, each only once; ends in namespaces that were not found are left out. */
export function findCables(places: readonly PlaceReading[]): Cable[] {
  const cables = new Map<string, Cable>();
  const add = (cable: Cable): void => {
    const { from, to } = cable;
    const key = [from, to].map(({ place, device }) => `${place} ${device}`);
    if (!cables.has(key.join()) && !cables.has(key.toReversed().join())) cables.set(key.join(), cable);
  };
  const known = new Known(places);
  for (const place of places)
    for (const link of place.network?.links ?? []) {
      const cable = cableOf(place, link, known) ?? tunnelOf(place, link, known);
      if (cable !== undefined) add(cable);
    }
  return [...cables.values()];
}

/** What is asked for once for every link. */
class Known {
  readonly #places: ReadonlyMap<number, PlaceReading>;
  readonly #links: ReadonlyMap<PlaceReading, ReadonlySet<number>>;
  readonly #tunnels: ReadonlyMap<number, readonly (readonly [PlaceReading, Link])[]>;
  readonly #addresses = new Map<PlaceReading, ReadonlySet<string>>();

  constructor(places: readonly PlaceReading[]) {
    this.#places = new Map(places.map((place) => [place.namespace.inode, place]));
    this.#links = new Map(
      places.map((place) => [place, new Set(place.network?.links.map(({ index }) => index))]),
    );
    const links = places.flatMap((place) =>
      (place.network?.links ?? []).map((link) => [place, link] as const),
    );
    this.#tunnels = grouped(links, ([, { vxlan }]) => vxlan?.id);
  }

  /** The other namespace that a link leads to. */
  elsewhere({ network }: PlaceReading, { index }: Link): PlaceReading | undefined {
    return this.#places.get(network?.elsewhere.get(index) ?? 0);
  }

  end(place: PlaceReading, index: number): CableEnd {
    const isThere = this.#links.get(place)?.has(index) ?? false;
    return { place: placeId(place.namespace.inode), device: isThere ? index : undefined };
  }

  /** Of one network, as many as anybody means to have. */
  tunnels(id: number): readonly (readonly [PlaceReading, Link])[] {
    return this.#tunnels.get(id)?.slice(0, MOST_TUNNELS) ?? [];
  }

  addresses(place: PlaceReading): ReadonlySet<string> {
    const known =
      this.#addresses.get(place) ?? new Set(place.network?.addresses.map(({ address }) => address));
    this.#addresses.set(place, known);
    return known;
  }
}

const MOST_TUNNELS = 64;

function cableOf(place: PlaceReading, link: Link, known: Known): Cable | undefined {
  const isPair = link.kind === 'veth';
  const index = isPair ? link.link : lowerOf(link);
  const there = known.elsewhere(place, link);
  if (index === undefined || there === undefined) return undefined;
  return { kind: isPair ? 'pair' : 'on', from: known.end(place, link.index), to: known.end(there, index) };
}

/** Two vxlan links of the same network, of which one sends to where the other is. */
function tunnelOf(place: PlaceReading, link: Link, known: Known): Cable | undefined {
  const { id, remote } = link.vxlan ?? {};
  if (id === undefined || remote === undefined) return undefined;
  for (const [other, found] of known.tunnels(id)) {
    // The namespace that a tunnel's packets are sent from may be another than the link's.
    const below = found.linkNetnsId === undefined ? other : known.elsewhere(other, found);
    if (other === place || below === undefined || !known.addresses(below).has(remote)) continue;
    const [from, to] = [known.end(place, link.index), known.end(other, found.index)];
    return { kind: 'tunnel', from, to, label: `vxlan ${id}` };
  }
  return undefined;
}
