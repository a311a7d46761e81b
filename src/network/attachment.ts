import { Isol8Error } from '../foundation/errors.js';
import type { Namespace } from '../namespaces/namespace.js';
import type { BindMount } from '../sandbox/spec.js';
import { type NetworkIdentity, sameNetwork } from './existing.js';
import { NetworkHost } from './host.js';
import { nameMounts } from './names.js';
import type { HeldPorts } from './port-claims.js';
import { isMember, type MemberRecord, type ResolvedPort, readNetwork } from './records.js';
import { removeMember } from './remove.js';

/** A namespace in a network. Disposing of it detaches it; it also ends with the namespace. */
export class Attachment implements AsyncDisposable {
  readonly network: string;
  readonly address: string | undefined;
  readonly address6: string | undefined;
  readonly mac: string;
  /** The link's name inside. */
  readonly interface: string;
  /** The name of the other end, a port of the bridge. */
  readonly hostInterface: string;
  /** With the ports that were chosen. */
  readonly ports: readonly ResolvedPort[];
  readonly #identity: NetworkIdentity;
  readonly #place: Namespace | undefined;
  readonly #held: HeldPorts;
  readonly #member: MemberRecord;

  /** @internal */
  constructor(
    host: NetworkHost,
    network: NetworkIdentity,
    attached: { readonly member: MemberRecord; readonly held: HeldPorts },
  ) {
    const { member, held } = attached;
    this.network = network.name;
    this.#identity = network;
    this.address = member.address;
    this.address6 = member.address6;
    this.mac = member.mac;
    this.interface = member.inside.name;
    this.hostInterface = member.link.name;
    this.ports = member.ports;
    this.#place = host.namespace;
    this.#member = member;
    this.#held = held;
  }

  /**
   * What a program in the namespace is to have mounted for the names of the network: hosts(5), which is kept up to date as
   * members come and go, and resolv.conf(5). For `mounts` of a SandboxSpec; a process that runs already keeps what it has.
   *
   * @throws Isol8Error ENOENT when the network is gone, or the namespace was detached.
   */
  async nameMounts(): Promise<BindMount[]> {
    using host = await NetworkHost.open(this.#place);
    return await host.store.locked(async () => {
      const network = sameNetwork(host, this.#identity);
      if (!isMember(host.store, network.name, this.#member))
        throw new Isol8Error(
          'ENOENT',
          `names of network ${this.network}: ${this.address ?? this.address6} was detached. Attach the namespace again.`,
        );
      return nameMounts(host, network, this.#member);
    });
  }

  /** Takes the link out of the namespace. What is gone already does not matter, and what is another's by now stays. Throws NetlinkError. */
  async detach(): Promise<void> {
    using host = await NetworkHost.open(this.#place);
    await host.store.locked(async () => {
      const network = readNetwork(host.store, this.network);
      if (network?.bridge.index === this.#identity.bridge.index)
        await removeMember(host, network, this.#member);
    });
    this.#held[Symbol.dispose]();
  }

  /** Detaches the namespace: see {@link detach}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.detach();
  }
}
