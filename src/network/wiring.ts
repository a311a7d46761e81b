/** The netlink requests that make a network and attach a member: pure functions of what was decided. */
import { randomInt } from 'node:crypto';
import { isMulticast, parsePrefix } from '../foundation/ip.js';
import { AttributeWriter } from '../netlink/attribute-writer.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { addAddress } from '../rtnetlink/addresses/encode.js';
import { IFLA, RTM } from '../rtnetlink/constants.js';
import { addLink, changeLink } from '../rtnetlink/links/encode.js';
import type { LinkChanges } from '../rtnetlink/links/spec.js';
import { macText } from '../rtnetlink/mac.js';
import { replaceNeighbor } from '../rtnetlink/neighbors/encode.js';
import { addRoute } from '../rtnetlink/routes/encode.js';
import { addressesOf, type MemberRecord, type NetworkRecord } from './records.js';

const LOOPBACK = 1;

/** Numbers above those that the kernel counts up to by itself, so that they are free. */
export const freshIndex = (): number => randomInt(1 << 24, 2 ** 31 - 1);
/** Groups below are for people; see ip-link(8), group. */
export const freshGroup = (): number => randomInt(1 << 24, 2 ** 31 - 1);

/** Administered locally, unicast. */
export function freshMac(): string {
  const random = randomInt(2 ** 40);
  const high = Math.floor(random / 2 ** 32);
  return macText(Uint8Array.of(2, high, random >>> 24, random >>> 16, random >>> 8, random));
}

/** What the names of bridges begin with. */
export const BRIDGE_LINKS = 'i8-';

/** What the names of members' links on the host begin with. */
export const MEMBER_LINKS = 'i8v';

/** Eleven characters, of the 15 that the kernel has room for. */
export const memberLinkName = (index: number): string =>
  `${MEMBER_LINKS}${index.toString(16).padStart(8, '0')}`;

/** What the names of the links to other hosts begin with. */
export const TUNNEL_LINKS = 'i8x';

export const tunnelLinkName = (index: number): string => `${TUNNEL_LINKS}${index.toString(16)}`;

/** The UDP port of VXLAN, IANA's. */
export const VXLAN_PORT = 4789;

const lengthOf = (subnet: string): number => parsePrefix(subnet).length;

/** No address is made from the MAC, which every port of the bridge would hear of. */
const silentLink = ({ linkLocal6 }: NetworkRecord): LinkChanges =>
  linkLocal6 ? { addrGenMode: 'none' } : {};

/** The bridge with its addresses, up; after these everything about it is in place but nf_tables and forwarding. */
export function bridgeRequests(network: NetworkRecord): NetlinkRequest[] {
  const { bridge, mtu, group } = network;
  const { name, index, mac } = bridge;
  return [
    addLink({
      ...{ name, index, kind: 'bridge', address: mac, group },
      // Ports forward at once, and members' reports of groups that nobody routes are not kept.
      bridge: { forwardDelay: 0, stp: false, multicastSnooping: false },
    }),
    // What is set after its birth stays when its last port has gone.
    changeLink(index, { mtu, ...silentLink(network), alias: `isol8 network ${network.name}` }),
    ...gatewayAddresses(network).map(({ address, prefixLength }) =>
      addAddress({ link: index, address, prefixLength, noDad: true }),
    ),
    changeLink(index, { up: true }),
    ...vxlanRequests(network),
  ];
}

function vxlanRequests(network: NetworkRecord): NetlinkRequest[] {
  const { vxlan, bridge, group, mtu, isolated } = network;
  if (vxlan === undefined) return [];
  const { name, index, id, remote, local, lower, port = VXLAN_PORT } = vxlan;
  return [
    addLink({
      ...{ name, index, kind: 'vxlan', mtu, group, master: bridge.index },
      vxlan: {
        id,
        remote,
        port,
        ...(isMulticast(remote) ? {} : { learning: false }), // all goes to the one host
        ...(local === undefined ? {} : { local }),
        ...(lower === undefined ? {} : { link: lower }),
      },
    }),
    changeLink(index, silentLink(network)),
    ...(isolated ? [changeLink(index, { bridgePort: { isolated } })] : []), // members of other hosts are members
    changeLink(index, { up: true }),
  ];
}

function gatewayAddresses(network: NetworkRecord): { address: string; prefixLength: number }[] {
  const { subnet, gateway, subnet6, gateway6 } = network;
  return [
    ...(subnet && gateway ? [{ address: gateway, prefixLength: lengthOf(subnet) }] : []),
    ...(subnet6 && gateway6 ? [{ address: gateway6, prefixLength: lengthOf(subnet6) }] : []),
  ];
}

/** The ports of published members let packets out by the port they came in by; the host reaches them from 127.0.0.1. */
export const publishRequests = ({ bridge }: NetworkRecord): NetlinkRequest[] => [
  changeLink(bridge.index, { inet: { route_localnet: 1 } }),
];

/** All links of a network at once, which costs the kernel no more than one. */
export function removeLinks({ group, name }: NetworkRecord): NetlinkRequest {
  const anyLink = Buffer.alloc(16); // struct ifinfomsg
  const body = new AttributeWriter().raw(anyLink).u32(IFLA.GROUP, group).bytes;
  return { type: RTM.DELLINK, flags: 0, body, what: `remove the links of network ${name}`, slow: true };
}

/**
 * On the host's side: the pair, whose other end appears in the member's namespace, and who has which address. What is for its MAC
 * address goes there, whoever else sends with it.
 */
export function memberRequests(
  network: NetworkRecord,
  member: MemberRecord,
  namespace: { readonly fd: number },
): NetlinkRequest[] {
  const { bridge, mtu, group, isolated } = network;
  const { name, index } = member.link;
  const queues = { txQueues: 1, rxQueues: 1 }; // one per processor would cost most of the time
  const port = { ...(isolated ? { isolated } : {}), ...(member.ports.length > 0 ? { hairpin: true } : {}) };
  return [
    addLink({
      ...{ name, index, kind: 'veth', mtu, group, master: bridge.index, up: true, ...queues },
      veth: {
        peer: { ...member.inside, address: member.mac, mtu, netns: { fd: namespace.fd }, ...queues },
      },
    }),
    ...(Object.keys(port).length > 0 ? [changeLink(index, { bridgePort: port })] : []),
    replaceNeighbor({
      ...{ family: 'bridge', link: index, lladdr: member.mac, state: 'noarp', master: true, sticky: true },
    }),
    ...addressesOf(member).map((address) =>
      replaceNeighbor({ link: bridge.index, address, lladdr: member.mac, state: 'permanent' }),
    ),
  ];
}

/** In the member's namespace. */
export function insideRequests(network: NetworkRecord, member: MemberRecord): NetlinkRequest[] {
  const { subnet, gateway, subnet6, gateway6, internal, outside6, bridge } = network;
  const { address, address6, ports } = member;
  const link = member.inside.index;
  // Who asks for a published port may be a neighbour of a host that has no IPv6 beyond, and is to be answered.
  const leads6 = outside6 || ports.length > 0;
  const gateways = [address && gateway, address6 && gateway6].filter((one) => typeof one === 'string');
  return [
    changeLink(LOOPBACK, { up: true }),
    changeLink(link, silentLink(network)),
    changeLink(link, { up: true }),
    ...(address && subnet ? [addAddress({ link, address, prefixLength: lengthOf(subnet) })] : []),
    ...(address6 && subnet6
      ? [addAddress({ link, address: address6, prefixLength: lengthOf(subnet6), noDad: true })]
      : []),
    ...gateways.map((one) => replaceNeighbor({ link, address: one, lladdr: bridge.mac, state: 'permanent' })),
    ...(address && gateway && !internal ? [addRoute({ link, gateway })] : []),
    ...(address6 && gateway6 && !internal && leads6 ? [addRoute({ link, gateway: gateway6 })] : []),
  ];
}
