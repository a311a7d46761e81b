/** The names of a network for whoever enters a namespace that is a member of it. */
import { fstatSync } from 'node:fs';
import type { Isol8Error } from '../foundation/errors.js';
import { identityOf } from '../kept/record.js';
import type { BindMount } from '../sandbox/spec.js';
import { NetworkHost } from './host.js';
import { nameMounts } from './names.js';
import { type MemberRecord, type NetworkRecord, readMembers, readNetworks } from './records.js';

/**
 * hosts(5) and resolv.conf(5) of the network that a net namespace is a member of, for the mounts of a program in it; those of
 * the first by name when there are several, and none when there is no network.
 */
export async function memberNameMounts(namespace: { readonly fd: number }): Promise<BindMount[]> {
  using host = await hostIfAny();
  if (host === undefined || !host.store.exists) return [];
  return await host.store.locked(async () => {
    const found = await membership(host, identityOf(fstatSync(namespace.fd, { bigint: true })));
    return found === undefined ? [] : nameMounts(host, found.network, found.member);
  });
}

/** Who may not keep networks has none. */
async function hostIfAny(): Promise<NetworkHost | undefined> {
  try {
    return await NetworkHost.open();
  } catch (error) {
    if (['EACCES', 'EPERM'].includes((error as Isol8Error).code)) return undefined;
    throw error;
  }
}

/** A namespace that nothing holds open may get another time, but as long as its link is there no other has its number. */
async function membership(
  host: NetworkHost,
  identity: string,
): Promise<{ network: NetworkRecord; member: MemberRecord } | undefined> {
  for (const network of readNetworks(host.store).filter(({ state }) => state === 'ready'))
    for (const member of readMembers(host.store, network.name)) {
      if (numberOf(member.namespace) !== numberOf(identity)) continue;
      const link = await host.link(member.link.index);
      if (link?.name === member.link.name) return { network, member };
    }
  return undefined;
}

const numberOf = (identity: string): string => identity.split(' ', 2).join(' ');
