/** What happens to the network of a namespace, as async iterators. */
import type { SocketPlace } from '../namespaces/open-socket.js';
import { NETLINK } from '../netlink/constants.js';
import type { NetlinkMessage, NetlinkRequest } from '../netlink/message.js';
import { monitor } from '../netlink/monitor.js';
import { NetlinkSocket } from '../netlink/socket.js';
import { isInternet, listAddresses } from './addresses/addresses.js';
import { type Address, decodeAddress } from './addresses/decode.js';
import { AF, RTM, RTNLGRP } from './constants.js';
import { decodeLink, isAboutLink } from './links/decode.js';
import { listLinks } from './links/get.js';
import type { Link } from './links/link.js';
import { decodeNeighbor, type Neighbor } from './neighbors/decode.js';
import { listFdb, listNeighbors } from './neighbors/neighbors.js';
import { decodeRoute, type Route } from './routes/decode.js';
import { listRoutes } from './routes/routes.js';

/**
 * `new` is also said of what has changed.
 *
 * When events come faster than they are taken the kernel drops some. Then `lost` is said, everything there is at present
 * follows as `present`, and `complete` ends it: what was known before and is not among it is gone. What happens meanwhile
 * comes afterwards, so that the first events may say again what was just listed.
 */
export type NetworkEvent<Name extends string, Value> =
  | ({ readonly event: 'new' | 'deleted' | 'present' } & { readonly [name in Name]: Value })
  | { readonly event: 'lost' }
  | { readonly event: 'complete' };

/** What happens to links: see {@link monitorLinks}. */
export type LinkEvent = NetworkEvent<'link', Link>;
/** What happens to addresses: see {@link monitorAddresses}. */
export type AddressEvent = NetworkEvent<'address', Address>;
/** What happens to routes: see {@link monitorRoutes}. */
export type RouteEvent = NetworkEvent<'route', Route>;
/** What happens to neighbours and entries of an fdb: see {@link monitorNeighbors} and {@link monitorFdb}. */
export type NeighborEvent = NetworkEvent<'neighbor', Neighbor>;

/** What an iteration of events is of, and when it ends. */
export interface MonitorOptions {
  /** A `Namespace` of kind net. Default the one that the calling thread is in. */
  readonly namespace?: SocketPlace | undefined;
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Begin with everything that is there, as `present` and `complete`. Default false. */
  readonly present?: boolean | undefined;
  /** Bytes for events that have not been taken yet; the kernel may give less. Default 1 MiB. */
  readonly receiveBuffer?: number | undefined;
}

/**
 * What happens to links from the moment the promise is settled: `ip monitor link`. Ends when the iteration is left.
 *
 * @throws Isol8Error EPERM for a namespace that the caller may not enter.
 */
export function monitorLinks(options: MonitorOptions = {}): Promise<AsyncIterableIterator<LinkEvent>> {
  const { NEWLINK, DELLINK } = RTM;
  return observe(options, {
    ...{ groups: [RTNLGRP.LINK], list: listLinks({}), added: NEWLINK, deleted: DELLINK },
    read: (message) => (isAboutLink(message) ? { link: decodeLink(message) } : undefined),
  });
}

/** {@link monitorLinks} for addresses: `ip monitor address`. */
export function monitorAddresses(options: MonitorOptions = {}): Promise<AsyncIterableIterator<AddressEvent>> {
  return observe(options, {
    groups: [RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR],
    ...{ list: listAddresses({}), added: RTM.NEWADDR, deleted: RTM.DELADDR },
    read: (message) => (isInternet(message) ? { address: decodeAddress(message) } : undefined),
  });
}

/** {@link monitorLinks} for routes of all tables: `ip monitor route`. */
export function monitorRoutes(options: MonitorOptions = {}): Promise<AsyncIterableIterator<RouteEvent>> {
  return observe(options, {
    groups: [RTNLGRP.IPV4_ROUTE, RTNLGRP.IPV6_ROUTE],
    ...{ list: listRoutes({}), added: RTM.NEWROUTE, deleted: RTM.DELROUTE },
    read: (message) => (isInternet(message) ? { route: decodeRoute(message) } : undefined),
  });
}

/** {@link monitorLinks} for neighbours: `ip monitor neigh`. */
export function monitorNeighbors(
  options: MonitorOptions = {},
): Promise<AsyncIterableIterator<NeighborEvent>> {
  return observe(options, {
    ...{ groups: [RTNLGRP.NEIGH], list: listNeighbors({}), added: RTM.NEWNEIGH, deleted: RTM.DELNEIGH },
    read: (message) => (isInternet(message) ? { neighbor: decodeNeighbor(message) } : undefined),
  });
}

/** {@link monitorLinks} for the fdb of bridges and vxlan links: `bridge monitor fdb`. */
export function monitorFdb(options: MonitorOptions = {}): Promise<AsyncIterableIterator<NeighborEvent>> {
  return observe(options, {
    ...{ groups: [RTNLGRP.NEIGH], list: listFdb({}), added: RTM.NEWNEIGH, deleted: RTM.DELNEIGH },
    read: (message) => (message.body[0] === AF.BRIDGE ? { neighbor: decodeNeighbor(message) } : undefined),
  });
}

/** One kind of object. */
interface Subject<Name extends string, Value> {
  readonly groups: readonly number[];
  readonly list: NetlinkRequest;
  /** RTM_NEW*, RTM_DEL*. */
  readonly added: number;
  readonly deleted: number;
  /** Undefined for what is about something else. */
  read(message: NetlinkMessage): { readonly [name in Name]: Value } | undefined;
}

async function observe<Name extends string, Value>(
  options: MonitorOptions,
  subject: Subject<Name, Value>,
): Promise<AsyncIterableIterator<NetworkEvent<Name, Value>>> {
  const { namespace, signal, present = false, receiveBuffer } = options;
  const place = { protocol: NETLINK.ROUTE, namespace };
  const lister = await NetlinkSocket.open(place);
  const size = receiveBuffer === undefined ? {} : { receiveBuffer };
  const source = await monitor({ ...place, ...size, groups: subject.groups, signal }).catch((error) => {
    lister[Symbol.dispose]();
    throw error;
  });
  const state = { ended: false };
  const stop = (): void => {
    state.ended = true;
    signal?.removeEventListener('abort', stop);
    lister[Symbol.dispose](); // also wakes a list that is being read
  };
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  const events = follow({ source, lister, subject, present, state, stop });
  const iterator: AsyncIterableIterator<NetworkEvent<Name, Value>> = {
    next: () => events.next(),
    return: async () => {
      stop();
      await source.return?.();
      return events.return(undefined);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

interface Observation<Name extends string, Value> {
  readonly source: Awaited<ReturnType<typeof monitor>>;
  readonly lister: NetlinkSocket;
  readonly subject: Subject<Name, Value>;
  readonly present: boolean;
  readonly state: { readonly ended: boolean };
  stop(): void;
}

async function* follow<Name extends string, Value>(
  observation: Observation<Name, Value>,
): AsyncGenerator<NetworkEvent<Name, Value>, undefined> {
  const { source, subject, present, state, stop } = observation;
  try {
    if (present) yield* everything(observation);
    for await (const found of source) {
      if (found.lost) {
        yield { event: 'lost' };
        yield* everything(observation);
        continue;
      }
      const { message } = found;
      const event = { [subject.added]: 'new', [subject.deleted]: 'deleted' }[message.type];
      const value = event === undefined ? undefined : subject.read(message);
      if (value !== undefined) yield { event: event as 'new', ...value };
    }
  } catch (error) {
    if (!state.ended) throw error;
  } finally {
    stop();
    await source.return?.();
  }
  return undefined;
}

async function* everything<Name extends string, Value>({
  lister,
  subject,
}: Observation<Name, Value>): AsyncGenerator<NetworkEvent<Name, Value>, undefined> {
  for (const message of await lister.dump(subject.list)) {
    const value = subject.read(message);
    if (value !== undefined) yield { event: 'present', ...value };
  }
  yield { event: 'complete' };
  return undefined;
}
