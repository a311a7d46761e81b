import type { Isol8Error } from '../foundation/errors.js';
import { Namespace } from '../namespaces/namespace.js';
import type { NamespaceTarget } from '../namespaces/open.js';
import type { Link } from '../rtnetlink/links/link.js';
import { attachNamespace } from './attach.js';
import { Attachment } from './attachment.js';
import { createNetwork } from './create.js';
import { describeNetwork, type NetworkDescription } from './describe.js';
import { existingMembers, existingNetwork, refuseInUse } from './existing.js';
import { lostForwarding } from './forwarding.js';
import { NetworkHost } from './host.js';
import { type NetworkRecord, networkNames, readMembers, readNetwork } from './records.js';
import { removeMember, removeNetwork } from './remove.js';
import {
  type AttachSpec,
  checkAttachSpec,
  checkNetworkName,
  checkNetworkSpec,
  type NetworkSpec,
} from './spec.js';
import { type NetworkLeftover, sweepNetworks } from './sweep.js';

/** Where networks are. */
export interface NetworkPlace {
  /** The network namespace that has the bridges. Default that of the calling thread. */
  readonly namespace?: Namespace | undefined;
}

/**
 * A bridge of the host with the namespaces that are attached to it, their addresses, NAT and names. Disposing of one that
 * {@link Network.create} gave removes it, unless it is persistent; one that {@link Network.open} gave stays.
 */
export class Network implements AsyncDisposable {
  readonly name: string;
  /** IPv4: `172.16.0.0/20`. */
  readonly subnet: string | undefined;
  readonly gateway: string | undefined;
  readonly subnet6: string | undefined;
  readonly gateway6: string | undefined;
  /** The bridge's name. */
  readonly bridge: string;
  readonly #host: NetworkHost;
  readonly #owned: boolean;

  private constructor(host: NetworkHost, record: NetworkRecord, owned: boolean) {
    this.name = record.name;
    this.subnet = record.subnet;
    this.gateway = record.gateway;
    this.subnet6 = record.subnet6;
    this.gateway6 = record.gateway6;
    this.bridge = record.bridge.name;
    this.#host = host;
    this.#owned = owned;
  }

  /**
   * Makes a network, or leaves nothing of it.
   *
   * @throws SpecError for a spec that cannot be.
   * @throws Isol8Error EEXIST when the name, the subnet or the bridge's name is taken, ENOSPC when no subnet is free.
   * @throws NetlinkError EPERM without CAP_NET_ADMIN.
   */
  static async create(spec: NetworkSpec, place: NetworkPlace = {}): Promise<Network> {
    const checked = checkNetworkSpec(spec);
    const host = await NetworkHost.open(place.namespace);
    try {
      const record = await host.store.locked(() => createNetwork(host, checked));
      return new Network(host, record, !record.persistent);
    } catch (error) {
      host[Symbol.dispose]();
      throw error;
    }
  }

  /** @throws Isol8Error ENOENT when there is none of this name. */
  static async open(name: string, place: NetworkPlace = {}): Promise<Network> {
    checkNetworkName(name);
    const host = await NetworkHost.open(place.namespace);
    try {
      return new Network(host, existingNetwork(host, name), false);
    } catch (error) {
      host[Symbol.dispose]();
      throw error;
    }
  }

  /** All networks of a namespace, with their members. */
  static async list(place: NetworkPlace = {}): Promise<NetworkDescription[]> {
    using host = await NetworkHost.open(place.namespace);
    const links = await host.links();
    return networkNames(host.store).flatMap((name) => {
      const record = readNetwork(host.store, name);
      return record === undefined ? [] : [describe(host, record, links)];
    });
  }

  /** Removes what crashed owners have left, and members whose namespace is gone. */
  static async sweep(options: NetworkPlace & { dryRun?: boolean } = {}): Promise<NetworkLeftover[]> {
    using host = await NetworkHost.open(options.namespace);
    if (!host.store.exists) return [];
    return await host.store.locked(() => sweepNetworks(host, { dryRun: options.dryRun ?? false }));
  }

  /**
   * Attaches a namespace, or that of a process: a link in it with its addresses, a default route, and published ports.
   *
   * @throws SpecError for a spec that cannot be.
   * @throws Isol8Error EADDRINUSE for an address or port that is taken, ENOSPC when the subnet is full, ENODEV when the bridge
   * was removed, EEXIST when a route of the host that came later leads the address elsewhere.
   */
  async attach(target: Namespace | NamespaceTarget | number, spec: AttachSpec = {}): Promise<Attachment> {
    const checked = checkAttachSpec(spec);
    const opened = target instanceof Namespace ? undefined : Namespace.open(target, 'net');
    const host = this.#host;
    try {
      const namespace = opened ?? (target as Namespace);
      const { member, held } = await host.store.locked(() =>
        attachNamespace(host, existingNetwork(host, this.name), namespace, checked),
      );
      return new Attachment(host, this.name, member, held);
    } finally {
      opened?.[Symbol.dispose]();
    }
  }

  /**
   * Detaches a member, by a name or an address of it.
   *
   * @throws Isol8Error ENOENT when there is none.
   */
  async detach(member: string): Promise<void> {
    const host = this.#host;
    await host.store.locked(async () => {
      const network = existingNetwork(host, this.name);
      for (const one of existingMembers(host, network, member)) await removeMember(host, network, one);
    });
  }

  /** What it is like now: its settings, its members, what is wrong with it. */
  async inspect(): Promise<NetworkDescription> {
    const links = await this.#host.links();
    return describe(this.#host, existingNetwork(this.#host, this.name), links);
  }

  /**
   * Takes the bridge and all that belongs to it away.
   *
   * @throws Isol8Error EBUSY while members are attached, unless with `force`; ENOENT when it is gone already.
   */
  async remove(options: { force?: boolean } = {}): Promise<void> {
    const host = this.#host;
    await host.store.locked(async () => {
      const record = existingNetwork(host, this.name);
      if (options.force !== true) await refuseInUse(host, record);
      await removeNetwork(host, record);
    });
  }

  /** Lets go of the sockets, and leaves the network as it is. */
  close(): void {
    this.#host[Symbol.dispose]();
  }

  /** Removes a network that {@link create} made, unless it is persistent, and lets go of the sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#owned) await this.remove({ force: true });
    } catch (error) {
      if ((error as Isol8Error).code !== 'ENOENT') throw error;
    } finally {
      this.close();
    }
  }
}

function describe(host: NetworkHost, record: NetworkRecord, links: readonly Link[]): NetworkDescription {
  return describeNetwork(
    record,
    readMembers(host.store, record.name),
    links,
    lostForwarding(host, record.name),
  );
}
