import type { IpFamily } from '../../foundation/ip.js';
import { AttributeWriter } from '../../netlink/attribute-writer.js';
import { needed } from '../../netlink/body.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import type { NetlinkSocket } from '../../netlink/socket.js';
import { familyNumber, isInternet } from '../addresses/addresses.js';
import { RTM } from '../constants.js';
import { checkIndex, numberOf } from '../fields.js';
import { ROUTE_PROTOCOLS, type RouteProtocol, type RouteTable, TABLES } from '../scopes.js';
import { decodeRoute, type Route } from './decode.js';
import { addRoute, appendRoute, RTA, removeRoute, replaceRoute } from './encode.js';
import { getRoute, type RouteQuestion } from './get.js';
import { ROUTE_TYPES, type RouteSpec, type RouteTarget, type RouteType } from './spec.js';

/** Which routes are wanted; the kernel gives only those. */
export interface RouteFilter {
  readonly family?: IpFamily | undefined;
  /** Default all tables. */
  readonly table?: RouteTable | undefined;
  readonly link?: number | undefined;
  readonly protocol?: RouteProtocol | undefined;
  readonly type?: RouteType | undefined;
}

/** The routes of a network namespace; see ip-route(8). Methods throw NetlinkError, and SpecError before anything is sent. */
export class Routes {
  readonly #socket: NetlinkSocket;

  /** @internal */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** Of all tables unless one is named; of one that does not exist, none. */
  async list(filter: RouteFilter = {}): Promise<Route[]> {
    const messages = await this.#socket.dump(listRoutes(filter)).catch((error: { code?: string }) => {
      if (error.code === 'ENOENT' && filter.table !== undefined) return [];
      throw error;
    });
    return messages.filter(isInternet).map(decodeRoute);
  }

  /** Which way something would take. Throws NetlinkError ENETUNREACH when there is none. */
  async get(question: RouteQuestion): Promise<Route> {
    return decodeRoute(needed(await this.#socket.get(getRoute(question)), 'the route'));
  }

  /** Makes it; it must not be there yet. */
  async add(spec: RouteSpec): Promise<void> {
    await this.#socket.request(addRoute(spec));
  }

  /** Makes it, or changes the one that is there. */
  async replace(spec: RouteSpec): Promise<void> {
    await this.#socket.request(replaceRoute(spec));
  }

  /** Adds it behind what is there. */
  async append(spec: RouteSpec): Promise<void> {
    await this.#socket.request(appendRoute(spec));
  }

  /** The first that has all that is said. One that was listed can be given back. */
  async remove(target: RouteTarget | Route): Promise<void> {
    await this.#socket.request(removeRoute(target));
  }
}

/** `ip route show table all`. */
export function listRoutes({ family, table, link, protocol, type }: RouteFilter): NetlinkRequest {
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(family), 0);
  if (protocol !== undefined) header.writeUInt8(numberOf(ROUTE_PROTOCOLS, protocol, 0xff, 'protocol'), 5);
  if (type !== undefined) header.writeUInt8(numberOf(ROUTE_TYPES, type, 0xff, 'type'), 7);
  const writer = new AttributeWriter().raw(header);
  if (table !== undefined) writer.u32(RTA.TABLE, numberOf(TABLES, table, 0xffffffff, 'table'));
  if (link !== undefined) writer.u32(RTA.OIF, checkIndex(link, 'link'));
  return { type: RTM.GETROUTE, flags: 0, body: writer.bytes, what: 'list routes' };
}
