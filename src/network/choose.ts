/** What a new network is to have where its spec leaves it open, and whether what the spec asks for is free. */
import { Isol8Error, SpecError } from '../foundation/errors.js';
import { parsePrefix } from '../foundation/ip.js';
import { presentOwner } from '../kept/owner.js';
import type { Link } from '../rtnetlink/links/link.js';
import type { Route } from '../rtnetlink/routes/decode.js';
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
import { freshGroup, freshIndex, freshMac } from './wiring.js';

const DEFAULT_MTU = 1500;
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
  return {
    ...{ name: spec.name, state: 'creating', owner: presentOwner(), persistent: spec.persistent ?? false },
    bridge: { name: bridgeName(spec.name), index: freshIndex(), mac: freshMac() },
    group: freshGroup(),
    ...chooseSubnet(spec, taken),
    ...chooseSubnet6(spec, taken),
    ...{ masquerade: spec.masquerade ?? !internal, internal, isolated: spec.isolated ?? false },
    mtu: spec.mtu ?? (await mtuOf(host, outside('inet') ?? outside('inet6'))),
    outside6: outside('inet6') !== undefined,
    ...(spec.dns === undefined ? {} : { dns: spec.dns }),
    ...(spec.vxlan === undefined ? {} : { vxlan: await chooseVxlan(host, spec.vxlan) }),
  };
}

async function chooseVxlan(
  host: NetworkHost,
  vxlan: NonNullable<NetworkSpec['vxlan']>,
): Promise<NonNullable<NetworkRecord['vxlan']>> {
  const index = freshIndex();
  const link = vxlan.link === undefined ? {} : { lower: (await requireLink(host, vxlan.link)).index };
  return { ...vxlan, ...link, name: `i8x${index.toString(16)}`, index };
}

async function requireLink(host: NetworkHost, name: string): Promise<Link> {
  const link = await host.link(name);
  if (link === undefined) throw new SpecError('vxlan.link', `there is no link ${name}`);
  return link;
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

function chooseSubnet6(
  spec: NetworkSpec,
  taken: readonly Taken[],
): Pick<NetworkRecord, 'subnet6' | 'gateway6'> {
  if (spec.subnet6 === false) return {};
  const subnet =
    spec.subnet6 === undefined ? randomSubnet6(taken.map((one) => one.subnet)) : given(spec.subnet6, taken);
  return { subnet6: subnetText(subnet), gateway6: spec.gateway6 ?? firstHost(subnet) };
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

/** Every route to somewhere in particular; link-local and multicast ones are everywhere. */
export function takenByRoute({ type, destination: address, prefixLength: length }: Route): Taken[] {
  if (length === 0 || type === 'multicast' || type === 'anycast') return [];
  const subnet = subnetOf({ address, length });
  return [{ subnet, by: `the host's route ${subnetText(subnet)}` }];
}

function takenByNetwork({ name, subnet, subnet6 }: NetworkRecord): Taken[] {
  const present = [subnet, subnet6].filter((text) => text !== undefined);
  return present.map((text) => ({ subnet: subnetOf(parsePrefix(text)), by: `network ${name}` }));
}

async function mtuOf(host: NetworkHost, route: Route | undefined): Promise<number> {
  if (route?.mtu !== undefined) return route.mtu;
  const link = route?.link === undefined ? undefined : await host.link(route.link);
  return link?.mtu ?? DEFAULT_MTU;
}

/** Short names as they are, so that a person finds them. */
export function bridgeName(network: string): string {
  if (network.length <= LONGEST_NAME) return `i8-${network}`;
  let hash = 0x811c9dc5; // FNV-1a
  for (const byte of Buffer.from(network)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `i8-${network.slice(0, 3)}-${hash.toString(16).padStart(8, '0')}`;
}
