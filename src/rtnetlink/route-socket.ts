import type { SocketPlace } from '../namespaces/open-socket.js';
import { needed } from '../netlink/body.js';
import { NETLINK, NLM_F } from '../netlink/constants.js';
import type { NetlinkError } from '../netlink/errors.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { NetlinkSocket } from '../netlink/socket.js';
import { Addresses } from './addresses/addresses.js';
import { Links } from './links/links.js';
import { Fdb, Neighbors } from './neighbors/neighbors.js';
import { Qdiscs } from './qdiscs/qdiscs.js';
import { decodeRoute, type Route } from './routes/decode.js';
import { getRoute, type RouteQuestion } from './routes/get.js';
import { Routes } from './routes/routes.js';
import { Rules } from './rules/rules.js';

/** Which network {@link RouteSocket.open} is for. */
export interface RouteSocketOptions {
  /** A `Namespace` of kind net. Default the one that the calling thread is in. */
  readonly namespace?: SocketPlace | undefined;
}

/**
 * The network of one namespace, over rtnetlink(7): what ip(8), bridge(8) and tc(8) show and change, without starting them.
 * What it is asked for at the same time is done one after the other.
 */
export class RouteSocket implements Disposable {
  readonly links: Links;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly rules: Rules;
  readonly neighbors: Neighbors;
  readonly fdb: Fdb;
  readonly qdiscs: Qdiscs;
  readonly #socket: NetlinkSocket;

  /** @internal */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
    this.links = new Links(socket);
    this.addresses = new Addresses(socket);
    this.routes = new Routes(socket);
    this.rules = new Rules(socket);
    this.neighbors = new Neighbors(socket);
    this.fdb = new Fdb(socket);
    this.qdiscs = new Qdiscs(socket);
  }

  /** @throws Isol8Error EPERM for a namespace that the caller may not enter. */
  static async open({ namespace }: RouteSocketOptions = {}): Promise<RouteSocket> {
    return new RouteSocket(await NetlinkSocket.open({ protocol: NETLINK.ROUTE, namespace }));
  }

  /** @internal */
  get namespaceCookie(): bigint | undefined {
    return this.#socket.namespaceCookie;
  }

  /**
   * Has requests of {@link addLink}, {@link addRoute} and so on done in one datagram. The kernel goes on after a failure.
   *
   * @throws NetlinkError of the first that failed.
   */
  batch(requests: readonly NetlinkRequest[]): Promise<void> {
    return this.#socket.batch(requests);
  }

  /** {@link batch}, with each one's error, or undefined where it worked. */
  tryBatch(requests: readonly NetlinkRequest[]): Promise<(NetlinkError | undefined)[]> {
    return this.#socket.tryBatch(requests);
  }

  /**
   * {@link batch}, and which ways things would take afterwards, or why the kernel knows none: in one datagram.
   *
   * @internal
   */
  async batchThenRoutes(
    requests: readonly NetlinkRequest[],
    questions: readonly RouteQuestion[],
  ): Promise<(Route | NetlinkError)[]> {
    const all = [...requests, ...questions.map(getRoute)];
    const answers = await this.#socket.exchange(all, { flags: NLM_F.ACK });
    const failed = answers.slice(0, requests.length).find(({ error }) => error !== undefined);
    if (failed?.error) throw failed.error;
    return answers
      .slice(requests.length)
      .map(({ error, messages }) => error ?? decodeRoute(needed(messages[0], 'the route')));
  }

  /** Closes the socket. */
  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
