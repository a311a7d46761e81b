import { alsoFailed } from '../../foundation/errors.js';
import { Namespace } from '../../namespaces/namespace.js';
import { needed } from '../../netlink/body.js';
import { NETLINK } from '../../netlink/constants.js';
import type { NetlinkError } from '../../netlink/errors.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { NetlinkSocket } from '../../netlink/socket.js';
import { decodeLink, isAboutLink } from './decode.js';
import { changeLink, removeLink } from './encode.js';
import { getLink, type LinkFilter, listLinks } from './get.js';
import type { Link } from './link.js';
import type { LinkChanges, LinkTarget, NetnsChoice } from './spec.js';
import { changeSteps, type FullLinkSpec, linkSteps, withoutFarUp } from './steps.js';

/** The links of a network namespace; see ip-link(8). All methods throw NetlinkError, and SpecError before anything is sent. */
export class Links {
  readonly #socket: NetlinkSocket;

  /** @internal */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** All there are, or those that the filter asks for. */
  async list(filter: LinkFilter = {}): Promise<Link[]> {
    const messages = await this.#socket.dump(listLinks(filter));
    return messages.filter(isAboutLink).map(decodeLink);
  }

  /** @throws NetlinkError ENODEV when there is none. */
  async get(target: LinkTarget): Promise<Link> {
    return decodeLink(needed(await this.#socket.get(getLink(target)), 'the link'));
  }

  /** Undefined when there is none. */
  async find(target: LinkTarget): Promise<Link | undefined> {
    const found = await this.#socket.find(getLink(target), 'ENODEV');
    return found === undefined ? undefined : decodeLink(found);
  }

  /**
   * Makes a link, and sets it up when all is set; the other end of a veth too, which may be in another namespace. When a part of
   * it fails the link is removed again.
   *
   * @throws Isol8Error EPERM for an end to be set up in a namespace that the caller may not enter.
   */
  async add(spec: FullLinkSpec): Promise<void> {
    const { near, far } = withoutFarUp(spec);
    const [birth, ...settings] = linkSteps(near);
    using there = far && (await socketIn(far.netns));
    await this.#socket.request(birth as NetlinkRequest); // by itself: what follows must not meet another link of this name
    try {
      await this.#socket.batch(settings);
      if (far !== undefined) await there?.request(changeLink(far.target, { up: true }));
    } catch (error) {
      // Of a pair whose first end is elsewhere, the other one: here might be another link of that name.
      const [socket, target] =
        spec.netns === undefined
          ? [this.#socket, spec.index ?? spec.name]
          : [there ?? this.#socket, far?.target ?? spec.veth?.peer?.name ?? spec.name];
      await socket.request(removeLink(target)).catch((left: NetlinkError) => {
        if (left.code !== 'ENODEV') throw alsoFailed(error, left);
      });
      throw error;
    }
  }

  /** What comes first when one of several changes fails has been changed. */
  async change(target: LinkTarget, changes: LinkChanges): Promise<void> {
    const lookup = typeof target === 'string' && changes.name !== undefined;
    const index = lookup ? (await this.get(target)).index : target;
    await this.#socket.batch(changeSteps(index, changes));
  }

  /** A link that is up keeps its name before Linux 6.2: EBUSY. */
  async rename(target: LinkTarget, name: string): Promise<void> {
    await this.change(target, { name });
  }

  /** Moves a link to another namespace, where it may have another name and index. It loses its addresses and is down. */
  async move(
    target: LinkTarget,
    netns: NetnsChoice,
    as: { name?: string; index?: number } = {},
  ): Promise<void> {
    await this.change(target, { ...as, netns });
  }

  /** Sets a link up or, with false, down. */
  async setUp(target: LinkTarget, up = true): Promise<void> {
    await this.#socket.request(changeLink(target, { up }));
  }

  /** Removes it; it must be there. */
  async remove(target: LinkTarget): Promise<void> {
    await this.#socket.request(removeLink(target));
  }
}

async function socketIn(netns: NetnsChoice): Promise<NetlinkSocket> {
  using namespace = Namespace.open('fd' in netns ? { fd: netns.fd } : netns.pid, 'net');
  return await NetlinkSocket.open({ protocol: NETLINK.ROUTE, namespace });
}
