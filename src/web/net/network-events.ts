import type { Isol8Error } from '../../foundation/errors.js';
import { createNetNamespace } from '../../namespaces/create-net.js';
import type { Namespace } from '../../namespaces/namespace.js';
import { NETLINK } from '../../netlink/constants.js';
import { monitor } from '../../netlink/monitor.js';
import { NetlinkSocket } from '../../netlink/socket.js';
import { NFNLGRP_NFTABLES } from '../../nftables/constants.js';
import { RTNLGRP } from '../../rtnetlink/constants.js';
import { addNsid, RTM_NSID } from '../../rtnetlink/nsids.js';

const ROUTE_GROUPS = [
  ...[RTNLGRP.LINK, RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR, RTNLGRP.IPV4_ROUTE, RTNLGRP.IPV6_ROUTE],
  ...[RTNLGRP.IPV4_NETCONF, RTNLGRP.IPV6_NETCONF, RTNLGRP.NSID],
];

/**
 * Tells that something has changed in network namespaces, without holding them: a socket in a namespace would keep it alive after
 * its last process and its name are gone. So the sockets are in a namespace of their own, which gives those that are followed
 * numbers and hears what they are told. Without privilege only the caller's own namespace is heard.
 */
export class NetworkEvents implements Disposable {
  readonly #home: Namespace | undefined;
  readonly #numbers: NetlinkSocket | undefined;
  readonly #end = new AbortController();
  readonly #followed = new Set<bigint>();
  #happened = false;
  #wake: (() => void) | undefined;

  private constructor(home: Namespace | undefined, numbers: NetlinkSocket | undefined) {
    this.#home = home;
    this.#numbers = numbers;
  }

  static async open(): Promise<NetworkEvents> {
    const home = createNetNamespace(false);
    let numbers: NetlinkSocket | undefined;
    try {
      numbers = home && (await NetlinkSocket.open({ protocol: NETLINK.ROUTE, namespace: home }));
    } catch (error) {
      home?.[Symbol.dispose]();
      throw error;
    }
    const events = new NetworkEvents(home, numbers);
    try {
      await events.#listen(NETLINK.ROUTE, ROUTE_GROUPS);
      await events.#listen(NETLINK.NETFILTER, [NFNLGRP_NFTABLES]).catch(ignoreRefused);
      return events;
    } catch (error) {
      events[Symbol.dispose]();
      throw error;
    }
  }

  /** The inode of the namespace that is only there for this. */
  get place(): number | undefined {
    return this.#home && Number(this.#home.inode);
  }

  /** From now on its events are told, as far as the caller may hear them. */
  async follow(namespace: Namespace): Promise<void> {
    if (this.#followed.has(namespace.inode)) return;
    this.#followed.add(namespace.inode);
    await this.#numbers?.tryBatch([addNsid(namespace.fd)]);
  }

  /** Settled once something has changed since it was asked for last. */
  async changed(): Promise<void> {
    if (!this.#happened) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#happened = false;
  }

  async #listen(protocol: number, groups: readonly number[]): Promise<void> {
    const { signal } = this.#end;
    const options = { protocol, groups, signal, namespace: this.#home, everywhere: this.#home !== undefined };
    const source = await monitor(options);
    const listen = async (): Promise<void> => {
      for await (const event of source) {
        const type = event.lost || protocol !== NETLINK.ROUTE ? undefined : event.message.type;
        if (type === RTM_NSID.NEW) continue; // what follow() has done
        if (type === RTM_NSID.DELETE) this.#followed.clear(); // its inode may come again
        this.#tell();
      }
    };
    void listen().catch(() => this.#tell());
  }

  #tell(): void {
    this.#happened = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Also settles what waits for a change. */
  [Symbol.dispose](): void {
    this.#end.abort();
    this.#numbers?.[Symbol.dispose]();
    this.#home?.[Symbol.dispose]();
    this.#tell();
  }
}

/** Who may not hear of nf_tables, and where there is none, hears the rest. */
function ignoreRefused(error: Isol8Error): void {
  if (!['EPERM', 'EACCES', 'EPROTONOSUPPORT', 'ENOENT', 'EINVAL'].includes(error.code)) throw error;
}
