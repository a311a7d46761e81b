import { Isol8Error } from '../foundation/errors.js';
import type { Namespace } from '../namespaces/namespace.js';
import { withNamespace } from '../namespaces/thread.js';
import { NetlinkError } from '../netlink/errors.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { NftablesSocket } from '../nftables/socket.js';
import type { Link } from '../rtnetlink/links/link.js';
import { RouteSocket } from '../rtnetlink/route-socket.js';
import type { Route } from '../rtnetlink/routes/decode.js';
import { statFile } from '../syscalls/files.js';
import { NetworkStore } from './store.js';

const UNREACHABLE = ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL'];

/** The network namespace that networks are made in: their host. By default the calling thread's. */
export class NetworkHost implements Disposable {
  readonly store: NetworkStore;
  readonly route: RouteSocket;
  readonly nftables: NftablesSocket;
  readonly namespace: Namespace | undefined;
  /** Of its network namespace. */
  readonly inode: bigint;
  /** When each network is to be looked after again, by the number of its bridge. */
  readonly nextLook = new Map<number, number>();

  private constructor(parts: Pick<NetworkHost, 'store' | 'route' | 'nftables' | 'namespace' | 'inode'>) {
    this.store = parts.store;
    this.route = parts.route;
    this.nftables = parts.nftables;
    this.namespace = parts.namespace;
    this.inode = parts.inode;
  }

  /** @throws Isol8Error EPERM for a namespace that the caller may not enter, EACCES when there is no place for state. */
  static async open(namespace?: Namespace): Promise<NetworkHost> {
    const inode = namespace?.inode ?? ownInode();
    const route = await RouteSocket.open({ namespace });
    try {
      const store = NetworkStore.of(inode, route.namespaceCookie);
      const nftables = await NftablesSocket.open({ namespace });
      return new NetworkHost({ store, route, nftables, namespace, inode });
    } catch (error) {
      route[Symbol.dispose]();
      throw error;
    }
  }

  links(): Promise<Link[]> {
    return this.route.links.list();
  }

  /** undefined when there is none. */
  link(target: number | string): Promise<Link | undefined> {
    return this.route.links.find(target);
  }

  /** Of all tables. */
  routes(): Promise<Route[]> {
    return this.route.routes.list();
  }

  /**
   * Has requests done, and gives the numbers of the links that lead to addresses then, undefined where none does. Throws
   * NetlinkError.
   */
  async linksAfter(
    requests: readonly NetlinkRequest[],
    addresses: readonly string[],
  ): Promise<(number | undefined)[]> {
    const questions = addresses.map((destination) => ({ destination }));
    return (await this.route.batchThenRoutes(requests, questions)).map((route) => {
      if (!(route instanceof NetlinkError)) return route.link;
      if (UNREACHABLE.includes(route.code)) return undefined;
      throw route;
    });
  }

  /** The largest packet that goes the way to an address, in bytes; undefined when there is none. */
  async mtuTo(address: string): Promise<number | undefined> {
    return this.mtuOf(await this.#routeTo(address));
  }

  /** That of a route itself, or of its link. */
  async mtuOf(route: Route | undefined): Promise<number | undefined> {
    if (route?.link === undefined) return route?.mtu;
    return route.mtu ?? (await this.link(route.link))?.mtu;
  }

  async #routeTo(address: string): Promise<Route | undefined> {
    try {
      return await this.route.routes.get({ destination: address });
    } catch (error) {
      if (UNREACHABLE.includes((error as Isol8Error).code)) return undefined;
      throw error;
    }
  }

  /** Does something synchronous there, such as reading /proc/sys/net. */
  inside<Result>(work: () => Result): Result {
    return this.namespace === undefined ? work() : withNamespace(this.namespace, work);
  }

  [Symbol.dispose](): void {
    this.route[Symbol.dispose]();
    this.nftables[Symbol.dispose]();
    this.store[Symbol.dispose]();
  }
}

function ownInode(): bigint {
  const inode = statFile('/proc/thread-self/ns/net')?.inode;
  if (inode === undefined) throw new Isol8Error('ENOENT', 'find the network namespace: /proc is not mounted');
  return inode;
}
