import { type Isol8Error, SpecError } from '../foundation/errors.js';
import { Namespace } from '../namespaces/namespace.js';
import type { NamespaceTarget } from '../namespaces/open.js';
import { attachNamespace } from './attach.js';
import { Attachment } from './attachment.js';
import { createNetwork } from './create.js';
import { describeNetwork, type NetworkDescription } from './describe.js';
import {
  existingMembers,
  existingNetwork,
  type NetworkIdentity,
  refuseInUse,
  sameNetwork,
} from './existing.js';
import { filterState } from './firewall.js';
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
import { type NetworkLeftover, restAfterCreation, sweepNetworks } from './sweep.js';

/** Where networks are. */
export interface NetworkPlace {
  /** The network namespace that has the bridges. Default that of the calling thread. */
  readonly namespace?: Namespace | undefined;
}

/**
 * A bridge of the host with the namespaces that are attached to it, their addresses, NAT and names. Disposing of one that
 * {@link Network.create} gave removes it, unless it is persistent; one that {@link Network.open} gave stays. Once
 * the network was removed, its methods throw ENOENT, also when there is another one of its name.
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
  /** There is no way out of it. */
  readonly internal: boolean;
  readonly #host: NetworkHost;
  readonly #identity: NetworkIdentity;
  readonly #owned: boolean;

  private constructor(host: NetworkHost, record: NetworkRecord, owned: boolean) {
    this.name = record.name;
    this.subnet = record.subnet;
    this.gateway = record.gateway;
    this.subnet6 = record.subnet6;
    this.gateway6 = record.gateway6;
    this.bridge = record.bridge.name;
    this.internal = record.internal;
    this.#host = host;
    this.#identity = record;
    this.#owned = owned;
  }

  /**
   * Makes a network, or leaves nothing of it.
   *
   * @throws SpecError for a spec that cannot be.
   * @throws Isol8Error EEXIST when the name, the subnet or the bridge's name is taken, ENOSPC when no subnet is free, EACCES when
   * there is no folder to keep its state in (/run/isol8, or one below XDG_RUNTIME_DIR) or forwarding cannot be switched on.
   * @throws NetlinkError EPERM without CAP_NET_ADMIN.
   */
  static async create(spec: NetworkSpec, place: NetworkPlace = {}): Promise<Network> {
    const checked = checkNetworkSpec(spec);
    const host = await NetworkHost.open(place.namespace);
    try {
      const record = await host.store.locked(() => createNetwork(host, checked));
      restAfterCreation(host, record);
      return new Network(host, record, !record.persistent);
    } catch (error) {
      host[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * One that is there already.
   *
   * @throws SpecError for what cannot be a name.
   * @throws Isol8Error ENOENT when there is none of this name, EACCES when there is no folder that could have its state, EPERM for a
   * namespace that the caller may not enter.
   */
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

  /**
   * All networks of a namespace, with their members.
   *
   * @throws Isol8Error EACCES when there is no folder that could have their state, EPERM for a namespace that the caller may not enter.
   */
  static async list(place: NetworkPlace = {}): Promise<NetworkDescription[]> {
    using host = await NetworkHost.open(place.namespace);
    const describe = await describer(host);
    return networkNames(host.store).flatMap((name) => {
      const record = readNetwork(host.store, name);
      return record === undefined ? [] : [describe(record)];
    });
  }

  /**
   * Removes what crashed owners have left, and members whose namespace is gone. What cannot be removed has an `error`.
   *
   * @throws Isol8Error EPERM for a namespace that the caller may not enter.
   */
  static async sweep(options: NetworkPlace & { dryRun?: boolean } = {}): Promise<NetworkLeftover[]> {
    using host = await NetworkHost.open(options.namespace).catch(unlessNowhere);
    if (host?.store.exists !== true) return [];
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
      if (namespace.inode === host.inode)
        throw new SpecError(
          'target',
          `network ${this.name} is in this namespace: the host cannot be attached itself`,
        );
      const { member, held } = await host.store.locked(() =>
        attachNamespace(host, sameNetwork(host, this.#identity), namespace, checked),
      );
      return new Attachment(host, this.#identity, { member, held });
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
      const network = sameNetwork(host, this.#identity);
      for (const one of existingMembers(host, network, member)) await removeMember(host, network, one);
    });
  }

  /** What it is like now: its settings, its members, what is wrong with it. */
  async inspect(): Promise<NetworkDescription> {
    const describe = await describer(this.#host);
    return describe(sameNetwork(this.#host, this.#identity));
  }

  /**
   * Takes the bridge and all that belongs to it away.
   *
   * @throws Isol8Error EBUSY while members are attached, unless with `force`; ENOENT when it is gone already.
   */
  async remove(options: { force?: boolean } = {}): Promise<void> {
    const host = this.#host;
    await host.store.locked(async () => {
      const record = sameNetwork(host, this.#identity);
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

/** Who has no place to keep networks has none. */
function unlessNowhere(error: Isol8Error): undefined {
  if (error.code !== 'EACCES') throw error;
}

/** Describes networks by what there is now. */
async function describer(host: NetworkHost): Promise<(record: NetworkRecord) => NetworkDescription> {
  const links = await host.links();
  const filter = await filterState(host);
  return (record) => {
    const members = readMembers(host.store, record.name);
    return describeNetwork(record, {
      members,
      links,
      lostForwarding: lostForwarding(host, record.name),
      filter,
    });
  };
}
