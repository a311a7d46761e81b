import { fstatSync } from 'node:fs';
import { alsoFailed, Isol8Error, SpecError } from '../foundation/errors.js';
import { ipBytes, ipText } from '../foundation/ip.js';
import { presentOwner } from '../kept/owner.js';
import { identityOf } from '../kept/record.js';
import type { Namespace } from '../namespaces/namespace.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { RouteSocket } from '../rtnetlink/route-socket.js';
import { forgetFlowsBefore } from './flows.js';
import type { NetworkHost } from './host.js';
import { checkAddress, freeAddress } from './leases.js';
import { attachRequests } from './member-requests.js';
import { writeNames } from './names.js';
import { type HeldPorts, holdPorts, recordClaims } from './port-claims.js';
import { type PublishedPort, parsePublished } from './published-ports.js';
import {
  addressesOf,
  type MemberRecord,
  memberIsReady,
  type NetworkRecord,
  readMembers,
  writeMember,
} from './records.js';
import { removeMember } from './remove.js';
import { checkRoutes, repair } from './repair.js';
import { checkPortFamilies, publishedRules } from './rules.js';
import type { AttachSpec } from './spec.js';
import { lookAfter, takeFromDead } from './sweep.js';
import { freshIndex, freshMac, memberLinkName, publishRequests } from './wiring.js';

/** Attaches a namespace, or leaves everything as it was. The ports are held until they are disposed of. Only under the lock. */
export async function attachNamespace(
  host: NetworkHost,
  known: NetworkRecord,
  namespace: Namespace,
  spec: AttachSpec,
): Promise<{ member: MemberRecord; held: HeldPorts }> {
  const wanted = publishedBy(known, spec);
  // rules for ports go into tables that must be there
  const network = await lookAfter(host, known, { always: wanted.length > 0 });
  using inside = await RouteSocket.open({ namespace });
  const place = {
    namespace: identityOf(fstatSync(namespace.fd, { bigint: true })),
    interface: spec.interface ?? FIRST_NAME,
  };
  const { chosen, held } = await takeFromDead(host, async () => {
    const ports = await holdPorts(host, wanted);
    try {
      return { held: ports, chosen: chooseMember(host, network, spec, { ...place, ports: ports.ports }) };
    } catch (error) {
      ports[Symbol.dispose]();
      throw error;
    }
  });
  try {
    const attachAs = (member: MemberRecord): Promise<MemberRecord> =>
      wire(host, network, { member, namespace, inside });
    const named = spec.interface !== undefined;
    const member = await (named ? attachAs(chosen) : underFreeName(inside, chosen, attachAs));
    return { member, held };
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** Decides what the spec leaves open, but for what depends on where the member is. */
export function chooseMember(
  host: NetworkHost,
  network: NetworkRecord,
  spec: AttachSpec,
  given: Pick<MemberRecord, 'namespace' | 'ports'> & { interface: string },
): MemberRecord {
  const index = freshIndex();
  const member: MemberRecord = {
    ...{ state: 'attaching', owner: presentOwner(), namespace: given.namespace },
    link: { name: memberLinkName(index), index },
    inside: { name: given.interface, index: freshIndex() },
    mac: chooseMac(host, network, spec),
    ...chooseAddresses(host, network, spec),
    names: [spec.name, ...(spec.aliases ?? [])].filter((name) => name !== undefined),
    ...(spec.dns === undefined ? {} : { dns: spec.dns }),
    ...(spec.extraHosts === undefined ? {} : { extraHosts: spec.extraHosts }),
    ports: given.ports,
  };
  checkPortFamilies(member);
  return member;
}

/** By its MAC the bridge finds a member: two that have the same one get each other's packets. */
function chooseMac(host: NetworkHost, network: NetworkRecord, spec: AttachSpec): string {
  if (spec.mac === undefined) return freshMac();
  const mac = spec.mac.toLowerCase();
  const others = [network.bridge.mac, ...readMembers(host.store, network.name).map((member) => member.mac)];
  if (!others.includes(mac)) return mac;
  const whose = mac === network.bridge.mac ? "it is the bridge's" : 'another member has it';
  throw new Isol8Error('EADDRINUSE', `attach to network ${network.name} with MAC address ${mac}: ${whose}.`);
}

async function wire(
  host: NetworkHost,
  network: NetworkRecord,
  { member, namespace, inside }: { member: MemberRecord; namespace: Namespace; inside: RouteSocket },
): Promise<MemberRecord> {
  writeMember(host.store, network.name, member);
  try {
    recordClaims(host, member.ports, { network: network.name, member: member.names[0] ?? member.link.name });
    const requests = attachRequests(network, member, namespace);
    await checkRoutes(host, network, member, await host.linksAfter(requests.outside, addressesOf(member)));
    await addInside(inside, requests.inside);
    if (member.ports.length > 0) {
      await host.route.batch(publishRequests(network));
      await host.nftables.commit(publishedRules(network, member));
      await forgetFlowsBefore(host, member);
    }
    const ready = memberIsReady(host.store, network.name, member);
    if (ready.names.length > 0) writeNames(host, network);
    return ready;
  } catch (error) {
    await removeMember(host, network, member).catch((left: Error) => {
      throw alsoFailed(error, left);
    });
    await repair(host, network).catch((better: Isol8Error) => {
      throw better.code === 'ENODEV' ? better : alsoFailed(error, better); // better words for a bridge that is gone
    });
    throw error;
  }
}

/** Who is in several networks has a way out by the first. */
async function addInside(inside: RouteSocket, requests: readonly NetlinkRequest[]): Promise<void> {
  const errors = await inside.tryBatch(requests);
  const failed = errors.find((error) => error !== undefined && !isSecondDefault(error));
  if (failed !== undefined) throw failed;
}

const isSecondDefault = (error: Isol8Error & { operation?: string }): boolean =>
  error.code === 'EEXIST' && error.operation?.startsWith('add route') === true;

export function publishedBy(network: NetworkRecord, { publish = [] }: AttachSpec): PublishedPort[] {
  if (publish.length > 0 && network.internal)
    throw new SpecError('publish', `network ${network.name} is internal: nothing from outside gets into it`);
  const ports = publish.flatMap((port, i) =>
    typeof port === 'string' ? parsePublished(port, `publish[${i}]`) : [port],
  );
  const onLoopback = ports.findIndex(({ hostAddress }) => hostAddress === '::1');
  if (onLoopback >= 0)
    throw new SpecError(
      `publish[${onLoopback}].hostAddress`,
      'the kernel routes nothing from ::1: publish on 127.0.0.1, or on another IPv6 address of the host',
    );
  return ports;
}

const FIRST_NAME = 'eth0';

/** Most namespaces have nothing but lo, so that nobody asks before the name turns out to be taken. */
async function underFreeName(
  inside: RouteSocket,
  member: MemberRecord,
  attachAs: (member: MemberRecord) => Promise<MemberRecord>,
): Promise<MemberRecord> {
  try {
    return await attachAs(member);
  } catch (error) {
    const { name } = member.inside;
    const free = (error as Isol8Error).code === 'EEXIST' ? await freeName(inside) : name;
    if (free === name) throw error;
    return await attachAs({ ...member, inside: { ...member.inside, name: free } });
  }
}

export async function freeName(inside: RouteSocket): Promise<string> {
  for (let number = 0; ; number++)
    if ((await inside.links.find(`eth${number}`)) === undefined) return `eth${number}`;
}

function chooseAddresses(
  host: NetworkHost,
  network: NetworkRecord,
  spec: AttachSpec,
): Pick<MemberRecord, 'address' | 'address6'> {
  const { subnet, gateway, subnet6, gateway6 } = network;
  const choose = (
    wanted: string | undefined,
    net: string | undefined,
    gate: string | undefined,
  ): string | undefined => {
    if (wanted === undefined) return net && gate ? freeAddress(host.store, network, net, gate) : undefined;
    const address = ipText(ipBytes(wanted));
    checkAddress(host.store, network, { subnet: net, gateway: gate }, address);
    return address;
  };
  const address = choose(spec.address, subnet, gateway);
  const address6 = choose(spec.address6, subnet6, gateway6);
  return { ...(address === undefined ? {} : { address }), ...(address6 === undefined ? {} : { address6 }) };
}
