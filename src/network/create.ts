import { Isol8Error } from '../foundation/errors.js';
import type { IpFamily } from '../foundation/ip.js';
import { chooseNetwork, isDefault } from './choose.js';
import { enableForwarding } from './forwarding.js';
import type { NetworkHost } from './host.js';
import { type NetworkRecord, readNetwork, writeNetwork } from './records.js';
import { isAbandoned, removeNetwork } from './remove.js';
import { networkRules } from './rules.js';
import type { NetworkSpec } from './spec.js';
import { bridgeRequests } from './wiring.js';

/** Makes a network, or leaves nothing of it. Only under the lock. */
export async function createNetwork(host: NetworkHost, spec: NetworkSpec): Promise<NetworkRecord> {
  host.store.removeFormer();
  const abandoned = abandonedNetwork(host, spec.name);
  if (abandoned !== undefined) await removeNetwork(host, abandoned);
  const network = await chooseNetwork(host, spec);
  await refuseForeignBridge(host, network);
  writeNetwork(host.store, network);
  try {
    await host.route.batch(bridgeRequests(network));
    await host.nftables.commit(networkRules(network));
    await forward(host, network);
    const ready: NetworkRecord = { ...network, state: 'ready' };
    writeNetwork(host.store, ready);
    return ready;
  } catch (error) {
    await removeNetwork(host, network);
    throw error;
  }
}

/** What a crash left under this name. Throws Isol8Error EEXIST when there is a network of this name. */
export function abandonedNetwork(host: NetworkHost, name: string): NetworkRecord | undefined {
  const present = readNetwork(host.store, name);
  if (present === undefined || isAbandoned(present)) return present;
  throw new Isol8Error('EEXIST', `create network ${name}: there is one. Remove it, or choose another name.`);
}

export async function refuseForeignBridge(host: NetworkHost, { name, bridge }: NetworkRecord): Promise<void> {
  const found = await host.link(bridge.name);
  if (found === undefined) return;
  throw new Isol8Error(
    'EEXIST',
    `create network ${name}: its bridge would be called ${bridge.name}, and there is a ${found.kind ?? 'link'} of that name ` +
      `which isol8 does not know. Remove it (ip link delete ${bridge.name}), or choose another name.`,
  );
}

/** On the bridge, and on the links that lead out of the host. */
export async function forward(host: NetworkHost, network: NetworkRecord): Promise<void> {
  for (const { family, links } of await forwardingLinks(host, network))
    enableForwarding(host, network.name, links, family);
}

/** The links that are to forward, by what. */
export async function forwardingLinks(
  host: NetworkHost,
  network: NetworkRecord,
): Promise<{ family: IpFamily; links: string[] }[]> {
  if (network.internal) return [];
  const routes = await host.routes();
  const found: { family: IpFamily; links: string[] }[] = [];
  for (const family of ['inet', 'inet6'] as const) {
    if ((family === 'inet' ? network.subnet : network.subnet6) === undefined) continue;
    const outside = routes.filter((route) => route.family === family && isDefault(route));
    const links = await Promise.all(
      [...new Set(outside.flatMap(({ link }) => link ?? []))].map((index) => host.link(index)),
    );
    found.push({ family, links: [network.bridge.name, ...links.flatMap((link) => link?.name ?? [])] });
  }
  return found;
}
