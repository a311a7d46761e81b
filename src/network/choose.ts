/** What a new network is to have where its spec leaves it open, and whether what the spec asks for is free. */
import { Isol8Error, SpecError } from '../foundation/errors.js';
import { ipBytes, ipText, parsePrefix } from '../foundation/ip.js';
import { presentOwner } from '../kept/owner.js';
import type { Route } from '../rtnetlink/routes/decode.js';
import { readTextFileIfAny } from '../syscalls/files.js';
import type { NetworkHost } from './host.js';
import { type NetworkRecord, readNetworks } from './records.js';
import type { NetworkSpec } from './spec.js';
import {
  addressAt,
  freeSubnet,
  hostOffsets,
  overlaps,
  randomSubnet6,
  type Subnet,
  subnetOf,
  subnetText,
} from './subnets.js';
import { chooseVxlan, mtuWithin } from './vxlan.js';
import { BRIDGE_LINKS, freshGroup, freshIndex, freshMac } from './wiring.js';

const DEFAULT_MTU = 1500;
/** RFC 8200. The kernel has no IPv6 on a link with less. */
const SMALLEST_MTU6 = 1280;
const DISABLE_IPV6 = 'ipv6/conf/default/disable_ipv6';
const SHORTEST_ROUTE = 8;
const LONGEST_NAME = 12;

/** A subnet that something has already, and what that is. */
interface Taken {
  readonly subnet: Subnet;
  readonly by: string;
}

/** @throws Isol8Error EEXIST for a subnet that overlaps another, ENOSPC when there is no free one. */
export async function chooseNetwork(host: NetworkHost, spec: NetworkSpec): Promise<NetworkRecord> {
  const routes = await host.routes();
  const others = readNetworks(host.store);
  const taken = [...others.flatMap(takenByNetwork), ...routes.flatMap(takenByRoute)];
  const outside = (family: 'inet' | 'inet6'): Route | undefined =>
    routes.find((route) => route.family === family && isDefault(route));
  const internal = spec.internal ?? false;
  const mtu = spec.mtu ?? (await chooseMtu(host, spec, outside('inet') ?? outside('inet6')));
  const ipv6 = stateOfIpv6(host);
  return {
    ...{ name: spec.name, state: 'creating', owner: presentOwner(), persistent: spec.persistent ?? false },
    bridge: { name: bridgeName(spec.name), index: freshIndex(), mac: freshMac() },
    group: freshGroup(),
    ...chooseSubnet(spec, taken),
    ...chooseSubnet6(spec, taken, whyNoIpv6(spec.name, mtu, ipv6)),
    ...{ masquerade: spec.masquerade ?? !internal, internal, isolated: spec.isolated ?? false },
    mtu,
    linkLocal6: ipv6 !== 'lacking' && mtu >= SMALLEST_MTU6,
    outside6: leadsOut6(routes),
    ...(spec.dns === undefined ? {} : { dns: spec.dns }),
    ...(spec.vxlan === undefined ? {} : { vxlan: await chooseVxlan(host, spec.vxlan) }),
  };
}

function chooseSubnet(spec: NetworkSpec, taken: readonly Taken[]): Pick<NetworkRecord, 'subnet' | 'gateway'> {
  if (spec.subnet === false) return {};
  const subnet =
    spec.subnet === undefined ? freeSubnet(taken.map((one) => one.subnet)) : given(spec.subnet, taken);
  if (subnet === undefined) {
    const where = 'each of 172.16.0.0/12 and 10.128.0.0/9 overlaps a route of the host or another network';
    throw new Isol8Error('ENOSPC', `create network ${spec.name}: ${where}. Give one: subnet.`);
  }
  return { subnet: subnetText(subnet), gateway: spec.gateway ?? firstHost(subnet) };
}

/** IPv6 that nobody has asked for is left out where it cannot be, and where VXLAN connects hosts: it would be random on each. */
function chooseSubnet6(
  spec: NetworkSpec,
  taken: readonly Taken[],
  impossible: Isol8Error | undefined,
): Pick<NetworkRecord, 'subnet6' | 'gateway6'> {
  if (spec.subnet6 === false) return {};
  if (impossible !== undefined && (spec.subnet6 !== undefined || spec.subnet === false)) throw impossible;
  if (impossible !== undefined || (spec.subnet6 === undefined && spec.vxlan !== undefined)) return {};
  const subnet =
    spec.subnet6 === undefined ? randomSubnet6(taken.map((one) => one.subnet)) : given(spec.subnet6, taken);
  if (subnet === undefined) {
    const where = 'routes of the host or other networks have fd00::/8';
    throw new Isol8Error('ENOSPC', `create network ${spec.name}: ${where}. Give another prefix: subnet6.`);
  }
  const gateway6 = spec.gateway6 === undefined ? firstHost(subnet) : ipText(ipBytes(spec.gateway6));
  return { subnet6: subnetText(subnet), gateway6 };
}

type Ipv6State = 'on' | 'off' | 'lacking';

/** Of links that will be made. */
function stateOfIpv6(host: NetworkHost): Ipv6State {
  const disabled = host.inside(() => readTextFileIfAny(`/proc/sys/net/${DISABLE_IPV6}`));
  if (disabled === undefined) return 'lacking';
  return disabled.trim() === '0' ? 'on' : 'off';
}

function whyNoIpv6(name: string, mtu: number, state: Ipv6State): Isol8Error | undefined {
  if (mtu < SMALLEST_MTU6)
    return new SpecError('mtu', `${mtu} bytes are too few for IPv6, which takes ${SMALLEST_MTU6}`);
  if (state === 'on') return undefined;
  const why =
    state === 'off'
      ? `it is switched off (net.${DISABLE_IPV6.replaceAll('/', '.')}=1)`
      : 'the kernel has none';
  return new Isol8Error('EAFNOSUPPORT', `create network ${name}: there is no IPv6 for subnet6: ${why}.`);
}

const firstHost = (subnet: Subnet): string => addressAt(subnet, hostOffsets(subnet).first);

function given(text: string, taken: readonly Taken[]): Subnet {
  const subnet = subnetOf(parsePrefix(text));
  const conflict = taken.find((one) => overlaps(one.subnet, subnet));
  if (conflict !== undefined)
    throw new Isol8Error(
      'EEXIST',
      `subnet ${text} overlaps ${subnetText(conflict.subnet)} of ${conflict.by}.`,
    );
  return subnet;
}

export const isDefault = ({ type, prefixLength }: Route): boolean => type === 'unicast' && prefixLength === 0;

export const leadsOut6 = (routes: readonly Route[]): boolean =>
  routes.some((route) => route.family === 'inet6' && isDefault(route));

/**
 * Every route to somewhere in particular; link-local and multicast ones are everywhere. VPNs have two for one half of all addresses
 * each in the place of a default route.
 */
export function takenByRoute({ type, destination: address, prefixLength: length }: Route): Taken[] {
  if (length < SHORTEST_ROUTE || type === 'multicast' || type === 'anycast') return [];
  const subnet = subnetOf({ address, length });
  return [{ subnet, by: `the host's route ${subnetText(subnet)}` }];
}

function takenByNetwork({ name, subnet, subnet6 }: NetworkRecord): Taken[] {
  const present = [subnet, subnet6].filter((text) => text !== undefined);
  return present.map((text) => ({ subnet: subnetOf(parsePrefix(text)), by: `network ${name}` }));
}

async function chooseMtu(
  host: NetworkHost,
  { vxlan }: NetworkSpec,
  wayOut: Route | undefined,
): Promise<number> {
  const within = vxlan === undefined ? undefined : await mtuWithin(host, vxlan);
  return within ?? (await host.mtuOf(wayOut)) ?? DEFAULT_MTU;
}

/** Short names as they are, so that a person finds them. */
export function bridgeName(network: string): string {
  if (network.length <= LONGEST_NAME) return `${BRIDGE_LINKS}${network}`;
  let hash = 0x811c9dc5; // FNV-1a
  for (const byte of Buffer.from(network)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `${BRIDGE_LINKS}${network.slice(0, 3)}-${hash.toString(16).padStart(8, '0')}`;
}
