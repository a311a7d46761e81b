/** Addresses of a network's members. One is taken as long as a member's file is called by it. */
import { Isol8Error, SpecError } from '../foundation/errors.js';
import { parsePrefix } from '../foundation/ip.js';
import { Recent } from '../foundation/recent.js';
import { leasedAddresses, type NetworkRecord } from './records.js';
import type { NetworkStore } from './store.js';
import { addressAt, hostOffsets, isForHosts, type Subnet, subnetOf } from './subnets.js';

/** Where to look next, so that an address does not come again at once. Lost with the process, which does not matter. */
const next = new Map<string, bigint>();

const parsed = new Recent<Subnet>(32);

/** How far an IPv6 subnet is counted through before it starts again. */
const FAR = 1n << 32n;

/**
 * @throws Isol8Error ENOSPC when the subnet is full.
 * @throws SpecError where other hosts lease addresses of the subnet, too, and know nothing of each other.
 */
export function freeAddress(
  store: NetworkStore,
  network: NetworkRecord,
  subnet: string,
  gateway: string,
): string {
  const found = parsed.get(subnet, () => subnetOf(parsePrefix(subnet)));
  if (network.vxlan !== undefined)
    throw new SpecError(
      found.family === 'inet' ? 'address' : 'address6',
      `is needed: VXLAN extends network ${network.name} to other hosts, which may have given any of its addresses`,
    );
  const leased = leasedAddresses(store, network.name);
  const { first, last } = hostOffsets(found);
  const end = last < FAR ? last : FAR;
  const key = `${store.folder} ${network.bridge.index} ${subnet}`;
  let offset = next.get(key) ?? first;
  for (let tried = first; tried <= end; tried++, offset++) {
    if (offset > end) offset = first;
    const address = addressAt(found, offset);
    if (address === gateway || leased.has(address)) continue;
    next.set(key, offset + 1n);
    return address;
  }
  throw new Isol8Error(
    'ENOSPC',
    `attach to network ${network.name}: each address of ${subnet} is taken. Detach members, or make a larger network.`,
  );
}

/** @throws Isol8Error EADDRINUSE, or EADDRNOTAVAIL for one that no member can have. */
export function checkAddress(
  store: NetworkStore,
  network: NetworkRecord,
  place: { subnet: string | undefined; gateway: string | undefined },
  address: string,
): void {
  const what = `attach to network ${network.name} as ${address}`;
  const subnet = place.subnet === undefined ? undefined : subnetOf(parsePrefix(place.subnet));
  if (subnet === undefined || !isForHosts(subnet, address))
    throw new Isol8Error('EADDRNOTAVAIL', `${what}: it is no address for a host in ${place.subnet ?? 'it'}.`);
  if (address === place.gateway) throw new Isol8Error('EADDRINUSE', `${what}: it is the gateway's.`);
  if (leasedAddresses(store, network.name).has(address))
    throw new Isol8Error('EADDRINUSE', `${what}: another member has it.`);
}
