/** What operations on networks would do, decided as they decide it, and then told instead of done. */
import { fstatSync } from 'node:fs';
import { identityOf } from '../../kept/record.js';
import type { Namespace } from '../../namespaces/namespace.js';
import { RouteSocket } from '../../rtnetlink/route-socket.js';
import { chooseMember, freeName, publishedBy } from '../attach.js';
import { chooseNetwork, isDefault } from '../choose.js';
import { abandonedNetwork, refuseForeignBridge } from '../create.js';
import { existingMembers, existingNetwork, refuseInUse } from '../existing.js';
import { forwardingLinks, forwardingToPutBack, missingForwarding } from '../forwarding.js';
import { NetworkHost } from '../host.js';
import { holdPorts } from '../port-claims.js';
import type { MemberRecord, NetworkRecord } from '../records.js';
import { type AttachSpec, checkAttachSpec, checkNetworkSpec, type NetworkSpec } from '../spec.js';
import {
  attachLines,
  comment,
  createLines,
  detachLines,
  type MemberPlace,
  removeLines,
  unpublishedLines,
} from './script.js';

type Lines = readonly string[];

/** A network that is there, or one that would be made, and how. */
export interface ExplainedNetwork {
  readonly network: NetworkRecord;
  readonly lines: Lines;
}

/** Throws what {@link Network.create} throws for a spec that cannot be, and for what is taken. */
export async function explainCreate(spec: NetworkSpec): Promise<ExplainedNetwork> {
  const checked = checkNetworkSpec(spec);
  using host = await NetworkHost.open();
  const abandoned = abandonedNetwork(host, checked.name);
  const network = await chooseNetwork(host, checked);
  if (abandoned === undefined) await refuseForeignBridge(host, network);
  const settings = (await forwardingLinks(host, network, await host.routes())).flatMap(({ links, family }) =>
    missingForwarding(host, links, family),
  );
  const unique = [...new Map(settings.map((setting) => [setting.path, setting])).values()];
  const lower = network.vxlan?.lower;
  const below = lower === undefined ? undefined : (await host.link(lower))?.name;
  const before = abandoned === undefined ? [] : removalOf(host, abandoned);
  return { network, lines: [...before, ...createLines(network, unique, below)] };
}

/** A network that there is. Throws Isol8Error ENOENT when there is none of this name. */
export async function presentNetwork(name: string): Promise<ExplainedNetwork> {
  using host = await NetworkHost.open();
  return { network: existingNetwork(host, name), lines: [] };
}

/** Attaches a namespace that is there. Throws what {@link Network.attach} throws before it changes anything. */
export async function explainAttach(
  network: NetworkRecord,
  spec: AttachSpec,
  { namespace, ...words }: Omit<MemberPlace, 'defaultRoutes'> & { namespace: Namespace },
): Promise<Lines> {
  using inside = await RouteSocket.open({ namespace });
  const found = (await inside.routes.list()).filter(isDefault).map(({ family }) => family);
  const { lines } = await attached(network, spec, {
    place: { ...words, defaultRoutes: found },
    namespace: identityOf(fstatSync(namespace.fd, { bigint: true })),
    interface: spec.interface ?? (await freeName(inside)),
  });
  return lines;
}

/** The same for a namespace that is still to be made, and what takes the published ports back after its end. */
export async function explainAttachNew(
  network: NetworkRecord,
  spec: AttachSpec,
  words: Omit<MemberPlace, 'defaultRoutes'>,
): Promise<{ attach: Lines; after: Lines }> {
  const place: MemberPlace = { ...words, defaultRoutes: [] };
  const where = { place, namespace: 'new', interface: spec.interface ?? 'eth0' };
  const { lines, member } = await attached(network, spec, where);
  return { attach: lines, after: unpublishedLines(network, member) };
}

/** The ports are taken for a moment, so that one that is taken is an error here too. */
async function attached(
  network: NetworkRecord,
  spec: AttachSpec,
  where: { place: MemberPlace; namespace: string; interface: string },
): Promise<{ lines: Lines; member: MemberRecord }> {
  const checked = checkAttachSpec(spec);
  using host = await NetworkHost.open();
  using held = await holdPorts(host, publishedBy(network, checked));
  const member = chooseMember(host, network, checked, { ...where, ports: held.ports });
  const notes = [
    ...(member.names.length > 0 ? ['have hosts(5) of all members name it'] : []),
    ...(member.ports.length > 0 ? ['hold the published ports by sockets that never listen'] : []),
  ];
  const lines = attachLines(network, member, where.place);
  return { member, lines: [...lines, ...notes.map((note) => comment(`there is no command to ${note}`))] };
}

/** Throws what {@link Network.detach} throws. */
export async function explainDetach(name: string, member: string): Promise<Lines> {
  using host = await NetworkHost.open();
  const network = existingNetwork(host, name);
  return existingMembers(host, network, member).flatMap((one) => detachLines(network, one));
}

/** Throws what {@link Network.remove} throws. */
export async function explainRemove(name: string, options: { force: boolean }): Promise<Lines> {
  using host = await NetworkHost.open();
  const network = existingNetwork(host, name);
  if (!options.force) await refuseInUse(host, network);
  return removalOf(host, network);
}

/** What was set for the bridge goes with it. */
function removalOf(host: NetworkHost, network: NetworkRecord): Lines {
  const settings = forwardingToPutBack(host, network.name);
  const own = `/conf/${network.bridge.name}/`;
  return removeLines(
    network,
    settings.filter(({ path }) => !path.includes(own)),
  );
}
