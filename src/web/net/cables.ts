import type { Link } from '../../rtnetlink/links/link.js';
import { lowerOf } from './device.js';
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
  const known = new Map(places.map((place) => [place.namespace.inode, place]));
  for (const place of places)
    for (const link of place.network?.links ?? []) {
      const cable = cableOf(place, link, known) ?? tunnelOf(place, link, known);
      if (cable !== undefined) add(cable);
    }
  return [...cables.values()];
}

type Places = ReadonlyMap<number, PlaceReading>;

function cableOf(place: PlaceReading, link: Link, known: Places): Cable | undefined {
  const isPair = link.kind === 'veth';
  const index = isPair ? link.link : lowerOf(link);
  const there = known.get(place.network?.elsewhere.get(link.index) ?? 0);
  if (index === undefined || there === undefined) return undefined;
  return { kind: isPair ? 'pair' : 'on', from: endOf(place, link.index), to: endOf(there, index) };
}

function endOf({ namespace, network }: PlaceReading, index: number): CableEnd {
  const isThere = network?.links.some((link) => link.index === index) ?? false;
  return { place: placeId(namespace.inode), device: isThere ? index : undefined };
}

/** Two vxlan links of the same network, of which each sends to where the other is. */
function tunnelOf(place: PlaceReading, link: Link, known: Places): Cable | undefined {
  const { id, remote } = link.vxlan ?? {};
  if (id === undefined || remote === undefined) return undefined;
  for (const other of known.values())
    for (const found of other.network?.links ?? []) {
      const isOther = found !== link && found.vxlan?.id === id;
      if (!isOther || !addressesBelow(other, found, known).has(remote)) continue;
      const label = `vxlan ${id}`;
      return { kind: 'tunnel', from: endOf(place, link.index), to: endOf(other, found.index), label };
    }
  return undefined;
}

/** Of the namespace that a tunnel's packets are sent from, which may be another than the link's. */
function addressesBelow(place: PlaceReading, { index, linkNetnsId }: Link, known: Places): Set<string> {
  const inode = linkNetnsId === undefined ? undefined : place.network?.elsewhere.get(index);
  const below = linkNetnsId === undefined ? place : known.get(inode ?? 0);
  return new Set(below?.network?.addresses.map(({ address }) => address));
}
