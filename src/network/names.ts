/**
 * The names of a network's members: one hosts(5) for all of them, bound over /etc/hosts in each. It is rewritten in its place
 * when members come and go, and the C library reads it at each look-up, so that nobody has to answer questions.
 */
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import type { BindMount } from '../sandbox/spec.js';
import { HOST_NAME, LOCAL_NAMES } from './fixed-names.js';
import type { NetworkHost } from './host.js';
import { type MemberRecord, type NetworkRecord, networkFolder, readMembers } from './records.js';
import { resolverText } from './resolver-file.js';

/** The text for a network with these members. */
export function hostsText(
  network: Pick<NetworkRecord, 'gateway' | 'gateway6'>,
  members: readonly Pick<MemberRecord, 'address' | 'address6' | 'names'>[],
): string {
  const gateways = [network.gateway, network.gateway6].filter((one) => one !== undefined);
  const rows = [
    ...LOCAL_NAMES,
    ...gateways.map((address) => [address, HOST_NAME]),
    ...members
      .filter(({ names }) => names.length > 0)
      .flatMap(({ address, address6, names }) =>
        [address, address6].filter((one) => one !== undefined).map((one) => [one, names.join(' ')]),
      ),
  ];
  return rows.map(([address, names]) => `${address}\t${names}\n`).join('');
}

const sharedFile = (host: NetworkHost, network: string, name: string): string =>
  `${networkFolder(host.store, network)}/${name}`;
const ownFolder = (host: NetworkHost, network: string, member: MemberRecord): string =>
  `${networkFolder(host.store, network)}/files/${member.link.name}`;

/** Tells all members who is there now. Only under the lock. */
export function writeNames(host: NetworkHost, network: NetworkRecord): void {
  const members = readMembers(host.store, network.name);
  const text = hostsText(network, members);
  overwrite(sharedFile(host, network.name, 'hosts'), text);
  for (const member of members) {
    if (member.extraHosts === undefined) continue;
    const extra = member.extraHosts.map(({ address, name }) => `${address}\t${name}\n`);
    const folder = ownFolder(host, network.name, member);
    mkdirSync(folder, { recursive: true });
    overwrite(`${folder}/hosts`, text + extra.join(''));
  }
}

/** What a member is to have mounted: its hosts(5) and resolv.conf(5), which are written if need be. Only under the lock. */
export function nameMounts(host: NetworkHost, network: NetworkRecord, member: MemberRecord): BindMount[] {
  const { dns, extraHosts } = member;
  const own = ownFolder(host, network.name, member);
  if (dns !== undefined || extraHosts !== undefined) mkdirSync(own, { recursive: true });
  const resolver = dns === undefined ? sharedFile(host, network.name, 'resolv.conf') : `${own}/resolv.conf`;
  // Out of an internal network no server of the host is reached: look-ups are to fail at once instead of waiting for it.
  overwrite(resolver, resolverText({ dns: dns ?? network.dns ?? (network.internal ? [] : undefined) }));
  writeNames(host, network);
  const hosts = extraHosts === undefined ? sharedFile(host, network.name, 'hosts') : `${own}/hosts`;
  const bind = (source: string, destination: string): BindMount => ({
    ...{ type: 'bind', source, destination, readOnly: true },
  });
  return [bind(hosts, '/etc/hosts'), bind(resolver, '/etc/resolv.conf')];
}

export function removeNames(host: NetworkHost, network: NetworkRecord, member: MemberRecord): void {
  rmSync(ownFolder(host, network.name, member), { recursive: true, force: true });
  if (member.names.length > 0) writeNames(host, network);
}

/**
 * In one write, so that a reader sees all of the old text or all of the new one, unless it is shorter: then for a moment whole
 * lines of the old one are behind it. The file stays the same one, which others have bound.
 */
function overwrite(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
  try {
    const bytes = Buffer.from(text);
    writeSync(fd, bytes, 0, bytes.length, 0);
    ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}
