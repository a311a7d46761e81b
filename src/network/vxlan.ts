/** Networks that VXLAN (RFC 7348) extends to other hosts, whose networks know nothing of this one. */
import { SpecError } from '../foundation/errors.js';
import { familyOf } from '../foundation/ip.js';
import type { Link } from '../rtnetlink/links/link.js';
import type { NetworkHost } from './host.js';
import type { NetworkRecord } from './records.js';
import type { NetworkSpec, VxlanSpec } from './spec.js';
import { freshIndex, tunnelLinkName } from './wiring.js';

/** What VXLAN puts before a packet: Ethernet, VXLAN, UDP and IP. */
const HEADERS = { inet: 50, inet6: 70 } as const;

/** Hosts would choose the same gateway, or different subnets. Throws SpecError. */
export function checkExtended({ vxlan, subnet, subnet6, gateway, gateway6 }: NetworkSpec): void {
  if (vxlan === undefined) return;
  const why = 'is needed with vxlan, since the other hosts';
  if (subnet === undefined)
    throw new SpecError('subnet', `${why} must have the same one; or false for no IPv4`);
  if (subnet !== false && gateway === undefined)
    throw new SpecError('gateway', `${why} must each have one of their own in the subnet`);
  if (subnet === false && subnet6 === undefined)
    throw new SpecError('subnet6', `${why} must have the same one`);
  if (subnet6 && gateway6 === undefined)
    throw new SpecError('gateway6', `${why} must each have one of their own in the subnet`);
}

export async function chooseVxlan(
  host: NetworkHost,
  vxlan: VxlanSpec,
): Promise<NonNullable<NetworkRecord['vxlan']>> {
  const index = freshIndex();
  const link = vxlan.link === undefined ? {} : { lower: (await requireLink(host, vxlan.link)).index };
  return { ...vxlan, ...link, name: tunnelLinkName(index), index };
}

async function requireLink(host: NetworkHost, name: string): Promise<Link> {
  const link = await host.link(name);
  if (link === undefined) throw new SpecError('vxlan.link', `there is no link ${name}`);
  return link;
}

/** What fits into a packet between the hosts; undefined where no route leads to the other one yet. */
export async function mtuWithin(host: NetworkHost, vxlan: VxlanSpec): Promise<number | undefined> {
  const mtu =
    vxlan.link === undefined ? await host.mtuTo(vxlan.remote) : (await requireLink(host, vxlan.link)).mtu;
  return mtu === undefined ? undefined : mtu - HEADERS[familyOf(vxlan.remote) ?? 'inet'];
}
