import type { Isol8Error } from '../foundation/errors.js';
import { ownerLives } from '../kept/owner.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { removeLink } from '../rtnetlink/links/encode.js';
import { removeNeighbor } from '../rtnetlink/neighbors/encode.js';
import { forgetFlowsTo } from './flows.js';
import { releaseForwarding } from './forwarding.js';
import type { NetworkHost } from './host.js';
import { removeNames } from './names.js';
import { hasClaims, releaseClaims } from './port-claims.js';
import {
  addressesOf,
  forgetMember,
  forgetNetwork,
  isMember,
  type MemberRecord,
  type NetworkRecord,
  readMembers,
  writeNetwork,
} from './records.js';
import { removeNetworkRules, unpublishedRules } from './rules.js';
import { removeLinks } from './wiring.js';

/** Under the lock nobody is at work on one that is not ready: who was has been killed. */
export const isAbandoned = ({ state, persistent, owner }: NetworkRecord): boolean =>
  state !== 'ready' || (!persistent && !ownerLives(owner));

/**
 * Takes away what there is of a network, also where that is only a part. Links that came later and have its names are left
 * alone. Only under the lock.
 */
export async function removeNetwork(host: NetworkHost, network: NetworkRecord): Promise<void> {
  const { store } = host;
  writeNetwork(store, { ...network, state: 'removing' });
  // Reading a thousand members takes as long as a tenth of their removal.
  const published = hasClaims(host) ? readMembers(store, network.name) : [];
  const [error] = await host.route.tryBatch([removeLinks(network)]);
  const refused = error?.code === 'ENODEV' ? undefined : error; // ENODEV: there is none left
  if (refused !== undefined && !(await neverWas(host, network, refused))) throw refused;
  if (refused === undefined) {
    await host.nftables.commit(removeNetworkRules(network));
    await forgetFlowsTo(host, published);
  }
  releaseForwarding(host, network.name);
  releaseClaims(
    host,
    published.flatMap((member) => member.ports),
  );
  forgetNetwork(store, network.name);
  store.removeIfEmpty();
}

function unlessFlushed(error: Isol8Error): void {
  if (error.code !== 'ENOENT') throw error;
}

/** The bridge no longer knows who has the addresses. */
export const forgetRequests = ({ bridge }: NetworkRecord, member: MemberRecord): NetlinkRequest[] =>
  addressesOf(member).map((address) => removeNeighbor({ link: bridge.index, address }));

/** The link, and that the bridge knows who has the addresses: also when the link went with its namespace. */
async function removeFromBridge(
  host: NetworkHost,
  network: NetworkRecord,
  member: MemberRecord,
): Promise<void> {
  const link = await host.link(member.link.index);
  const present = link?.name === member.link.name ? [removeLink(link.index)] : [];
  const errors = await host.route.tryBatch([...present, ...forgetRequests(network, member)]);
  const [failed] = present.length > 0 ? errors : [];
  if (failed !== undefined && failed.code !== 'ENODEV') throw failed; // ENODEV: it went since
}

/** Who may not remove links could not make any, so that the record is all there is. */
async function neverWas(host: NetworkHost, { bridge }: NetworkRecord, refused: Isol8Error): Promise<boolean> {
  return refused.code === 'EPERM' && (await host.link(bridge.index))?.name !== bridge.name;
}

/**
 * Takes one member's link, rules and files away; what of these is gone already does not matter. One that others have removed
 * before has nothing any more: its addresses may be another's. Only under the lock.
 */
export async function removeMember(
  host: NetworkHost,
  network: NetworkRecord,
  member: MemberRecord,
): Promise<void> {
  if (!isMember(host.store, network.name, member)) return;
  await host.nftables.commit(unpublishedRules(network, member)).catch(unlessFlushed);
  await forgetFlowsTo(host, [member]);
  await removeFromBridge(host, network, member);
  releaseClaims(host, member.ports);
  forgetMember(host.store, network.name, member);
  removeNames(host, network, member);
}
