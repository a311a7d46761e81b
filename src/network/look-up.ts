/** Members by their names, for who is not among them and has not their hosts(5). */
import type { Isol8Error } from '../foundation/errors.js';
import type { Namespace } from '../namespaces/namespace.js';
import type { Link } from '../rtnetlink/links/link.js';
import { RouteSocket } from '../rtnetlink/route-socket.js';
import { HOST_NAME } from './fixed-names.js';
import { NetworkHost } from './host.js';
import { addressesOf, type MemberRecord, readMembers, readNetworks } from './records.js';

/** The addresses that a name has in the networks of a member's namespace, by default in all networks of this host. */
export async function lookUpName(name: string, from: Namespace | undefined): Promise<string[]> {
  const links = from && (await linksOf(from));
  using host = await NetworkHost.open().catch((error: Isol8Error) => {
    if (error.code !== 'EACCES') throw error; // no place for networks, so that there is none
    return undefined;
  });
  if (host === undefined) return [];
  return readNetworks(host.store).flatMap((network) => {
    const members = readMembers(host.store, network.name);
    if (links !== undefined && !members.some((member) => isOneOf(links, member))) return [];
    if (name === HOST_NAME) return [network.gateway, network.gateway6].filter((one) => one !== undefined);
    return members.filter(({ names }) => names.includes(name)).flatMap(addressesOf);
  });
}

async function linksOf(namespace: Namespace): Promise<Link[]> {
  using socket = await RouteSocket.open({ namespace });
  return await socket.links.list();
}

/** By what nobody changes: the number of the link, and its MAC address. */
const isOneOf = (links: readonly Link[], { inside, mac }: MemberRecord): boolean =>
  links.some(({ index, address }) => index === inside.index && address === mac);
