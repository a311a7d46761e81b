/**
 * The kernel translates packets of a flow as it did the first of them, whatever the rules say meanwhile. Connections of TCP end
 * and begin anew, while a UDP client that keeps its port has one flow for as long as it sends: it is forgotten when its port
 * comes to be published, or is no more.
 */
import type { Isol8Error } from '../foundation/errors.js';
import { familyOf } from '../foundation/ip.js';
import { NETLINK } from '../netlink/constants.js';
import { NetlinkSocket } from '../netlink/socket.js';
import { decodeFlow, type Flow, listFlows } from './conntrack.js';
import type { NetworkHost } from './host.js';
import { addressesOf, type MemberRecord, type ResolvedPort } from './records.js';

const IPPROTO_UDP = 17;
/** A kernel without ctnetlink. */
const LACKING = ['EINVAL', 'EOPNOTSUPP', 'EPROTONOSUPPORT'];
/** How many requests go into one datagram. */
const AT_ONCE = 100;

const udpPorts = ({ ports }: MemberRecord): ResolvedPort[] =>
  ports.filter(({ protocol }) => protocol === 'udp');

/** Of members that are published no more: their clients are to reach whoever has the ports next. */
export async function forgetFlowsTo(host: NetworkHost, members: readonly MemberRecord[]): Promise<void> {
  const ends = new Set(
    members.flatMap((member) =>
      addressesOf(member).flatMap((address) =>
        udpPorts(member).map(({ port }) => endText({ address, port })),
      ),
    ),
  );
  if (ends.size > 0) await forgetFlows(host, ({ reply }) => ends.has(endText(reply.source)));
}

/** Of a member that has just been published: they began before, and go to the host, or to who had its ports. */
export async function forgetFlowsBefore(host: NetworkHost, member: MemberRecord): Promise<void> {
  const ports = udpPorts(member);
  if (ports.length === 0) return;
  const own = new Set((await host.route.addresses.list()).map(({ address }) => address));
  const isOwn = (address: string): boolean => own.has(address) || address.startsWith('127.');
  await forgetFlows(host, ({ original: { destination } }) =>
    ports.some((port) => leadsTo(port, destination) && isOwn(destination.address)),
  );
}

const endText = ({ address, port }: { address: string; port: number }): string => `${address} ${port}`;

function leadsTo({ hostAddress, hostPort }: ResolvedPort, to: { address: string; port: number }): boolean {
  if (to.port !== hostPort) return false;
  if (hostAddress === undefined || hostAddress === to.address) return true;
  return ['0.0.0.0', '::'].includes(hostAddress) && familyOf(hostAddress) === familyOf(to.address);
}

/** What the kernel does not let go of ends by itself, when nothing was sent for some time. */
async function forgetFlows(host: NetworkHost, isMeant: (flow: Flow) => boolean): Promise<void> {
  using socket = await NetlinkSocket.open({ protocol: NETLINK.NETFILTER, namespace: host.namespace });
  const found = await socket.dump(listFlows()).catch((error: Isol8Error) => {
    if (!LACKING.includes(error.code)) throw error;
    return [];
  });
  const removals = found.flatMap((message) => {
    const flow = decodeFlow(message);
    return flow?.protocol === IPPROTO_UDP && isMeant(flow) ? [flow.removal] : [];
  });
  for (let from = 0; from < removals.length; from += AT_ONCE)
    await socket.tryBatch(removals.slice(from, from + AT_ONCE));
}
