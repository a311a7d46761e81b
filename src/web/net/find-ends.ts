import type { NetlinkSocket } from '../../netlink/socket.js';
import type { Link } from '../../rtnetlink/links/link.js';
import { decodeNsid, getNsid } from '../../rtnetlink/nsids.js';
import { grouped } from './grouped.js';
import type { OpenPlace } from './open-place.js';

/** So many answers have room in a socket's buffer. */
const MOST_AT_ONCE = 200;

/**
 * Finds out where links lead that have their other end, or what they stand on, in another namespace. A link names that by a
 * number that only its own namespace has for it. The kernel is asked for the number of those that have a link with the right
 * index, which are few, and of those whose links may not be seen.
 */
export async function findEnds(places: readonly OpenPlace[]): Promise<void> {
  const links = places.flatMap((place) =>
    (place.network?.links ?? []).map((link): [OpenPlace, Link] => [place, link]),
  );
  const byIndex = grouped(links, ([, { index }]) => index);
  const unseen = places.filter(({ network, handle }) => network === undefined && handle !== undefined);
  for (const place of places) await findEndsOf(place, byIndex, unseen);
}

async function findEndsOf(
  { network, socket }: OpenPlace,
  byIndex: ReadonlyMap<number, readonly [OpenPlace, Link][]>,
  unseen: readonly OpenPlace[],
): Promise<void> {
  const leading = (network?.links ?? []).filter(({ linkNetnsId }) => linkNetnsId !== undefined);
  if (network === undefined || socket === undefined || leading.length === 0) return;
  const asked = new Set(unseen);
  for (const link of leading)
    for (const [place, other] of byIndex.get(link.link ?? 0) ?? [])
      if (link.kind !== 'veth' || other.link === link.index) asked.add(place);
  const numbers = await numbersOf(socket, [...asked]);
  for (const { index, linkNetnsId } of leading) {
    const place = numbers.get(linkNetnsId as number);
    if (place !== undefined) network.elsewhere.set(index, place.namespace.inode);
  }
}

/** By the number that the socket's namespace has for them. */
async function numbersOf(
  socket: NetlinkSocket,
  places: readonly OpenPlace[],
): Promise<Map<number, OpenPlace>> {
  const numbers = new Map<number, OpenPlace>();
  for (let at = 0; at < places.length; at += MOST_AT_ONCE) {
    const some = places.slice(at, at + MOST_AT_ONCE).filter(({ handle }) => handle !== undefined);
    const answers = await socket.ask(some.map(({ handle }) => getNsid(handle?.fd as number)));
    for (const [i, message] of answers.entries()) {
      const number = message && decodeNsid(message);
      const place = some[i];
      if (number !== undefined && place !== undefined) numbers.set(number, place);
    }
  }
  return numbers;
}
