import { keeperWords, processWords } from '../graph/words.js';
import { findCables, placeId } from './cables.js';
import { devicesOfInside } from './device.js';
import { type OrderedPlace, orderPlaces } from './order.js';
import { type Cable, devicesOf, type NetPicture, type Place } from './picture.js';
import { fewWords, plain, shortened } from './plain.js';
import type { NetReading, PlaceReading } from './reading.js';
import { routeWords } from './route-words.js';

/** More would neither be drawn in reasonable time nor be read. */
const MOST_PLACES = 100;
const MOST_TRANSLATIONS = 16;

/** Makes a picture of what was read: which names, which order, what is left out. */
export function buildPicture(reading: NetReading): NetPicture {
  const cables = findCables(reading.places);
  const ordered = orderPlaces(reading, cables);
  const shown = ordered.slice(0, MOST_PLACES);
  const drawn = new Set(shown.map(({ place }) => place.namespace.inode));
  const places = shown.map((each) => placeOf(each, { reading, drawn }));
  return {
    places,
    cables: drawable(cables, places),
    notes: notesOf(reading, ordered.length - shown.length),
  };
}

interface Whole {
  readonly reading: NetReading;
  /** The inodes of the namespaces that are drawn. */
  readonly drawn: ReadonlySet<number>;
}

function placeOf({ place: reading, distance }: OrderedPlace, { reading: all, drawn }: Whole): Place {
  const { namespace, network } = reading;
  const { inode } = namespace;
  const title = titleOf(reading, all);
  const about = [`net ${inode}`];
  if (title === about[0]) about.shift();
  if (inode === all.host && title !== 'host') about.push('of the host');
  if (inode === all.own) about.push('this one');
  if (forwards(reading)) about.push('forwards IPv4');
  const isNamed = reading.names.length > 0 || namespace.processes.length > 0;
  if (!isNamed && namespace.keptBy.length > 0) about.push(keeperWords(namespace));
  if (reading.hidden !== undefined) about.push(hiddenWords(reading.hidden));
  const more = reading.moreProcesses;
  const processes = processWords(reading.processes).map((words) => plain(words.trimEnd()));
  return {
    ...{ id: placeId(inode), title, about, distance },
    processes: more > 0 ? [...processes, `${processes.length > 0 ? 'and ' : ''}${more} more`] : processes,
    ...(network === undefined ? { devices: [], moreDevices: 0 } : devicesOfInside(network, drawn)),
    routes: network === undefined ? [] : routeWords(network.routes, network.links),
    translations: fewWords((network?.nat ?? []).map(plain), MOST_TRANSLATIONS, 'of NAT').map(shortened),
  };
}

function titleOf({ namespace: { inode }, names }: PlaceReading, { host }: NetReading): string {
  if (names.length > 0) return names.map(plain).join(', ');
  return inode === host ? 'host' : `net ${inode}`;
}

/** Between any of its links and others. */
function forwards({ network }: PlaceReading): boolean {
  const others = network?.links.filter(({ linkType }) => linkType !== 'loopback') ?? [];
  return others.some(({ inet }) => inet?.forwarding === 1);
}

const GOING: readonly string[] = ['ENOENT', 'ESRCH'];

function hiddenWords(code: string): string {
  if (GOING.includes(code)) return 'cannot be opened';
  return code === 'EPERM' || code === 'EACCES' ? 'may not be looked into' : `could not be read (${code})`;
}

/** Only between what is drawn. */
function drawable(cables: readonly Cable[], places: readonly Place[]): Cable[] {
  const order = new Map(places.map(({ id }, i) => [id, i]));
  const devices = new Map(
    places.map((place) => [place.id, new Set(devicesOf(place).map(({ index }) => index))]),
  );
  const end = ({ place, device }: Cable['from']): Cable['from'] => ({
    place,
    device: device !== undefined && devices.get(place)?.has(device) ? device : undefined,
  });
  const oriented = (cable: Cable): Cable => {
    const { kind, from, to } = cable;
    if ((order.get(from.place) as number) <= (order.get(to.place) as number))
      return { ...cable, from: end(from), to: end(to) };
    return { ...cable, kind: kind === 'on' ? 'carries' : kind, from: end(to), to: end(from) };
  };
  const shown = cables.filter(({ from, to }) => order.has(from.place) && order.has(to.place)).map(oriented);
  // What leads from a link that is not drawn to another is there once.
  return [...new Map(shown.map((cable) => [JSON.stringify([cable.from, cable.to]), cable])).values()];
}

function notesOf({ places, unreadable }: NetReading, more: number): string[] {
  const hidden = places.filter((place) => place.hidden !== undefined && !GOING.includes(place.hidden)).length;
  const untold = places.filter(({ network }) => network !== undefined && network.nat === undefined).length;
  return [
    ...(more > 0
      ? [`${counted(more, 'network namespace')} more ${more === 1 ? 'is' : 'are'} not drawn.`]
      : []),
    ...(unreadable > 0
      ? [`The networks of ${counted(unreadable, 'process', 'es')} may not be seen: be root to see all.`]
      : []),
    ...(hidden > 0
      ? [`${counted(hidden, 'network namespace')} may not be looked into: be root, or their owner.`]
      : []),
    ...(untold > 0
      ? [`NAT of ${counted(untold, 'network namespace')} may not be seen: it takes CAP_NET_ADMIN there.`]
      : []),
  ];
}

const counted = (count: number, what: string, plural = 's'): string =>
  `${count} ${what}${count === 1 ? '' : plural}`;
