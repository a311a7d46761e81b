import { Isol8Error } from '../../foundation/errors.js';
import type { ListedNamespace } from '../../namespaces/list/namespace.js';
import { Namespace } from '../../namespaces/namespace.js';
import { NETLINK } from '../../netlink/constants.js';
import { NetlinkSocket } from '../../netlink/socket.js';
import { RouteSocket } from '../../rtnetlink/route-socket.js';
import type { NetworkEvents } from './network-events.js';
import { readTranslations } from './read-translations.js';
import type { NetworkInside } from './reading.js';

interface PlaceOptions {
  /** The calling thread is in it, which takes no privilege. */
  readonly isOwn: boolean;
  readonly events: NetworkEvents | undefined;
}

/**
 * A network namespace while it is read. It is held, so that its numbers mean it: whatever fails is a reason why its inside is
 * not known, because it may be going, or belong to somebody else.
 */
export class OpenPlace implements Disposable {
  readonly namespace: ListedNamespace;
  /** In the namespace; undefined where its inside may not be seen. */
  socket: NetlinkSocket | undefined;
  handle: Namespace | undefined;
  hidden: string | undefined;
  network: (NetworkInside & { readonly elsewhere: Map<number, number> }) | undefined;

  private constructor(namespace: ListedNamespace) {
    this.namespace = namespace;
  }

  /** Reads a namespace. */
  static async of(namespace: ListedNamespace, { isOwn, events }: PlaceOptions): Promise<OpenPlace> {
    const place = new OpenPlace(namespace);
    try {
      place.handle = openHandle(namespace);
      await events?.follow(place.handle);
      await place.#read(isOwn);
    } catch (error) {
      if (!(error instanceof Isol8Error)) {
        place[Symbol.dispose]();
        throw error;
      }
      place.hidden = error.code;
    }
    return place;
  }

  async #read(isOwn: boolean): Promise<void> {
    const namespace = isOwn ? undefined : this.handle;
    this.socket = await NetlinkSocket.open({ protocol: NETLINK.ROUTE, namespace });
    const { links, addresses, routes } = new RouteSocket(this.socket);
    this.network = {
      links: await links.list(),
      addresses: await addresses.list(),
      routes: await routes.list(),
      nat: await readTranslations(namespace),
      elsewhere: new Map(),
    };
  }

  [Symbol.dispose](): void {
    this.socket?.[Symbol.dispose]();
    this.handle?.[Symbol.dispose]();
  }
}

/** A pid may be another process's by now. */
function openHandle({ path, inode }: ListedNamespace): Namespace {
  if (path === undefined) throw new Isol8Error('ENOENT', `net:[${inode}] has no path`);
  const handle = Namespace.open({ path }, 'net');
  if (handle.inode === BigInt(inode)) return handle;
  handle[Symbol.dispose]();
  throw new Isol8Error('ESRCH', `net:[${inode}] is not at ${path} any more`);
}
