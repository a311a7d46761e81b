import { alsoFailed, Isol8Error } from '../foundation/errors.js';
import { chooseNetwork } from './choose.js';
import { forward } from './forwarding.js';
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
    await forward(host, network, await host.routes());
    const ready: NetworkRecord = { ...network, state: 'ready' };
    writeNetwork(host.store, ready);
    return ready;
  } catch (error) {
    await removeNetwork(host, network).catch((left: Error) => {
      throw alsoFailed(error, left);
    });
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
