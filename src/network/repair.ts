/** What may have happened to a network while nobody looked: put right where that is ours to do, else named. */
import { Isol8Error } from '../foundation/errors.js';
import type { Route } from '../rtnetlink/routes/decode.js';
import { leadsOut6 } from './choose.js';
import { repairRules } from './firewall.js';
import { forward } from './forwarding.js';
import type { NetworkHost } from './host.js';
import { addressesOf, type MemberRecord, type NetworkRecord, writeNetwork } from './records.js';

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

/**
 * Each of a member's addresses must be reached by the network's bridge. `reachedBy` are the numbers of the links that lead there,
 * if any.
 *
 * @throws Isol8Error EEXIST for a route of the host that leads one elsewhere.
 */
export async function checkRoutes(
  host: NetworkHost,
  network: NetworkRecord,
  member: MemberRecord,
  reachedBy: readonly (number | undefined)[],
): Promise<void> {
  const astray = reachedBy.findIndex((index) => index !== network.bridge.index);
  if (astray < 0) return;
  const address = addressesOf(member)[astray];
  const index = reachedBy[astray];
  const link = index === undefined ? undefined : await host.link(index);
  throw new Isol8Error(
    'EEXIST',
    `network ${network.name}: a route that came later leads ${address} ${link ? `to ${link.name}` : 'nowhere'}, not to ` +
      `${network.bridge.name}. Remove that route (ip route get ${address} shows it), or make the network with another subnet.`,
  );
}
