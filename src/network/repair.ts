/** What may have happened to a network while nobody looked: put right where that is ours to do, else named. */
import { Isol8Error } from '../foundation/errors.js';
import { forward } from './create.js';
import { lostForwarding } from './forwarding.js';
import type { NetworkHost } from './host.js';
import type { MemberRecord, NetworkRecord } from './records.js';

/**
 * Switches forwarding on again where it was switched off.
 *
 * @throws Isol8Error ENODEV when the bridge is gone.
 */
export async function repair(host: NetworkHost, network: NetworkRecord): Promise<void> {
  const { name, bridge } = network;
  const found = await host.link(bridge.index);
  if (found?.name !== bridge.name)
    throw new Isol8Error(
      'ENODEV',
      `network ${name}: its bridge ${bridge.name} is gone. Remove the network, and create it again.`,
    );
  if (!found.up) await host.route.links.setUp(bridge.index);
  if (lostForwarding(host, name).length > 0) await forward(host, network);
}

/**
 * A member's address must be reached by the network's bridge; that of IPv6 comes with it.
 *
 * @throws Isol8Error EEXIST for a route of the host that leads it elsewhere.
 */
export async function checkRoute(
  host: NetworkHost,
  network: NetworkRecord,
  member: MemberRecord,
): Promise<void> {
  const address = member.address ?? (member.address6 as string);
  const index = await host.linkTo(address);
  if (index === network.bridge.index) return;
  const link = index === undefined ? undefined : await host.link(index);
  throw new Isol8Error(
    'EEXIST',
    `network ${network.name}: a route that came later leads ${address} ${link ? `to ${link.name}` : 'nowhere'}, not to ` +
      `${network.bridge.name}. Remove that route (ip route get ${address} shows it), or make the network with another subnet.`,
  );
}
