/** Networks and members that there are, and what is said where there are none, or still some. */
import { Isol8Error } from '../foundation/errors.js';
import type { NetworkHost } from './host.js';
import { type MemberRecord, type NetworkRecord, readMembers, readNetwork } from './records.js';

/** Throws Isol8Error ENOENT when there is none of this name. */
export function existingNetwork(host: NetworkHost, name: string): NetworkRecord {
  const record = readNetwork(host.store, name);
  if (record?.state === 'ready') return record;
  throw new Isol8Error('ENOENT', `there is no network ${name}. See which there are: isol8 net ls`);
}

/** What a network is known by, whatever is made under its name later. */
export type NetworkIdentity = Pick<NetworkRecord, 'name' | 'bridge'>;

/** Throws Isol8Error ENOENT when it is gone, also where there is another one of its name. */
export function sameNetwork(host: NetworkHost, { name, bridge }: NetworkIdentity): NetworkRecord {
  const record = existingNetwork(host, name);
  if (record.bridge.index === bridge.index) return record;
  throw new Isol8Error(
    'ENOENT',
    `network ${name} was removed, and there is another one of that name now. Open it: Network.open('${name}')`,
  );
}

/** Members by a name or an address. Throws Isol8Error ENOENT when there is none. */
export function existingMembers(host: NetworkHost, { name }: NetworkRecord, member: string): MemberRecord[] {
  const found = readMembers(host.store, name).filter(
    ({ names, address, address6 }) => address === member || address6 === member || names.includes(member),
  );
  if (found.length === 0)
    throw new Isol8Error('ENOENT', `detach ${member}: network ${name} has no such member.`);
  return found;
}

/** Throws Isol8Error EBUSY while members are attached. */
export async function refuseInUse(host: NetworkHost, { name }: NetworkRecord): Promise<void> {
  const links = new Map((await host.links()).map((link) => [link.index, link.name]));
  const members = readMembers(host.store, name).filter(({ link }) => links.get(link.index) === link.name);
  if (members.length === 0) return;
  const who = members.slice(0, 3).map(({ names, address, address6 }) => names[0] ?? address ?? address6);
  const more = members.length > 3 ? ` and ${members.length - 3} more` : '';
  throw new Isol8Error(
    'EBUSY',
    `remove network ${name}: ${who.join(', ')}${more} ${members.length === 1 ? 'is' : 'are'} attached to it. ` +
      'Detach them first, or remove it by force.',
  );
}
