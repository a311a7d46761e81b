import type { Some } from '../fields.js';
import type { BridgeOptions } from './bridge.js';
import type { BridgePortOptions } from './bridge-port.js';
import type { AddrGenMode, InetConf } from './inet-conf.js';
import type { IpvlanOptions } from './ipvlan.js';
import type { MacvlanOptions } from './macvlan.js';
import type { VlanOptions } from './vlan.js';
import type { VxlanOptions } from './vxlan.js';

/** A network namespace, by a descriptor (a `Namespace` is one) or by a process that is in it. */
export type NetnsChoice = { readonly fd: number } | { readonly pid: number };

/** A link by its interface index, or by its name or an alternative one. */
export type LinkTarget = number | string;

/** What a link is born with as well as what can be changed later. */
interface LinkBase {
  /** Bytes. */
  readonly mtu?: number | undefined;
  /** Link-layer address: `02:00:00:00:00:01`. Default a random one. */
  readonly address?: string | undefined;
  readonly broadcast?: string | undefined;
  /** Packets. */
  readonly txQueueLength?: number | undefined;
  /** A number that links can be listed and removed by. Default 0. */
  readonly group?: number | undefined;
  readonly up?: boolean | undefined;
  readonly promiscuous?: boolean | undefined;
  readonly allMulticast?: boolean | undefined;
  readonly multicast?: boolean | undefined;
  readonly arp?: boolean | undefined;
}

/**
 * A link to be made; see ip-link(8). What stands under a kind's name are that kind's own options, and alone they say the
 * kind: `{ name: 'br0', bridge: { stp: false } }`.
 */
export interface LinkSpec extends LinkBase {
  /** At most 15 bytes, without `/`, `:`, `%` and white space; not `all` or `default`. */
  readonly name: string;
  /** `bridge`, `veth`, `dummy`, `vlan`, `vxlan`, `macvlan`, `ipvlan`, `ifb` or what else the kernel knows. */
  readonly kind?: string | undefined;
  /** The interface index to have; default the next free one. */
  readonly index?: number | undefined;
  /** The interface index of the bridge to be a port of. In the namespace where the link is made. */
  readonly master?: number | undefined;
  /** Where it is made. Default the namespace of the socket, where a {@link LowerLink} is looked up in any case. */
  readonly netns?: NetnsChoice | undefined;
  /** Default 1 for most, for veth the number of processors. */
  readonly txQueues?: number | undefined;
  readonly rxQueues?: number | undefined;
  readonly bridge?: Some<BridgeOptions> | undefined;
  readonly veth?: VethOptions | undefined;
  readonly vlan?: (Some<VlanOptions> & LowerLink & { readonly id: number }) | undefined;
  readonly vxlan?: Some<VxlanOptions> | undefined;
  readonly macvlan?: (Some<MacvlanOptions> & LowerLink) | undefined;
  readonly ipvlan?: (Some<IpvlanOptions> & LowerLink) | undefined;
}

/** For kinds that are on top of another link. */
export interface LowerLink {
  /** The interface index of the link below, in the namespace of the socket. */
  readonly link: number;
}

/** A pair of links, each other's cable. */
export interface VethOptions {
  /**
   * The other end. Without a name the kernel chooses one, without `netns` it is in the namespace of the socket. It has no
   * options of a kind, and no master: the kernel would ignore it. It can have an index only if the first end has one too.
   * The kernel sets it up only once both ends are there (ENOTCONN), which takes a second request: {@link Links.add} makes
   * that, also in another namespace, {@link addLink} does not.
   */
  readonly peer?: VethPeer | undefined;
}

/** The other end of a veth: a link of its own. Default name one that the kernel chooses. */
export type VethPeer = Omit<
  LinkSpec,
  'name' | 'kind' | 'master' | 'bridge' | 'veth' | 'vlan' | 'vxlan' | 'macvlan' | 'ipvlan'
> & { readonly name?: string | undefined };

/** What a link has that the kernel takes only once the link is there. */
export interface LinkSettings {
  /** At most 255 bytes for people to read. */
  readonly alias?: string | undefined;
  /** How IPv6 makes the link-local address. To be set before the link is up. */
  readonly addrGenMode?: AddrGenMode | undefined;
  /** `{ forwarding: 1, route_localnet: 1 }`: settings of IPv4 for this link, named as in /proc/sys/net/ipv4/conf. */
  readonly inet?: Some<InetConf> | undefined;
  /** What the bridge does with this port; it must be one already. */
  readonly bridgePort?: Some<BridgePortOptions> | undefined;
}

/** What to change of a link. What is not named stays. */
export interface LinkChanges extends LinkBase, LinkSettings {
  /** A new name. The link is then to be given by its index. Up links can be renamed since Linux 6.2. */
  readonly name?: string | undefined;
  /** The interface index of a bridge; null takes the link out of the one it is in. */
  readonly master?: number | null | undefined;
  /** Where to move the link. Addresses and routes are lost, and it is down there. */
  readonly netns?: NetnsChoice | undefined;
  /** With `netns`: the interface index to have there. Default the same where it is free. Since Linux 5.15. */
  readonly index?: number | undefined;
  readonly bridge?: Some<BridgeOptions> | undefined;
  readonly vlan?: Some<Pick<VlanOptions, 'flags' | 'ingressQos' | 'egressQos'>> | undefined;
  readonly vxlan?: Some<VxlanOptions> | undefined;
  readonly macvlan?: Some<MacvlanOptions> | undefined;
  readonly ipvlan?: Some<IpvlanOptions> | undefined;
}
