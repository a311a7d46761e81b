/** What may have happened to a network while nobody looked: put right where that is ours to do, else named. */
import { Isol8Error } from '../foundation/errors.js';
import type { Route } from '../rtnetlink/routes/decode.js';
import { leadsOut6 } from './choose.js';
import { repairRules } from './firewall.js';
import { forward } from './forwarding.js';
import type { NetworkHost } from './host.js';
import { type MemberRecord, type NetworkRecord, writeNetwork } from './records.js';

/**
 * Puts rules back that are gone, switches forwarding on where it was switched off, or where a route came since, and looks whether
 * there is a way out for IPv6.
 * Only under the lock.
 *
 * @returns the network as it is then.
 * @throws Isol8Error ENODEV when the bridge is gone.
 */
export async function repair(host: NetworkHost, network: NetworkRecord): Promise<NetworkRecord> {
  await repairBridge(host, network);
  await repairRules(host, network);
  if (network.internal) return network;
  const routes = await host.routes();
  await forward(host, network, routes);
  return withWayOut(host, network, routes);
}

/** Members that come from now on have a default route for IPv6, or none, as the host has. */
function withWayOut(host: NetworkHost, network: NetworkRecord, routes: readonly Route[]): NetworkRecord {
  const outside6 = leadsOut6(routes);
  if (outside6 === network.outside6) return network;
  const now = { ...network, outside6 };
  writeNetwork(host.store, now);
  return now;
}

async function repairBridge(host: NetworkHost, { name, bridge }: NetworkRecord): Promise<void> {
  const found = await host.link(bridge.index);
  if (found?.name !== bridge.name)
    throw new Isol8Error(
      'ENODEV',
      `network ${name}: its bridge ${bridge.name} is gone. Remove the network, and create it again.`,
    );
  if (!found.up) await host.route.links.setUp(bridge.index);
}

/** The one that is looked for first; a member has at least one. */
export const addressOf = ({ address, address6 }: MemberRecord): string => address ?? (address6 as string);

/**
 * A member's address must be reached by the network's bridge; that of IPv6 comes with it. `reachedBy` is the number of the link
 * that leads there, if any.
 *
 * @throws Isol8Error EEXIST for a route of the host that leads it elsewhere.
 */
export async function checkRoute(
  host: NetworkHost,
  network: NetworkRecord,
  member: MemberRecord,
  reachedBy: number | undefined,
): Promise<void> {
  if (reachedBy === network.bridge.index) return;
  const address = addressOf(member);
  const link = reachedBy === undefined ? undefined : await host.link(reachedBy);
  throw new Isol8Error(
    'EEXIST',
    `network ${network.name}: a route that came later leads ${address} ${link ? `to ${link.name}` : 'nowhere'}, not to ` +
      `${network.bridge.name}. Remove that route (ip route get ${address} shows it), or make the network with another subnet.`,
  );
}
