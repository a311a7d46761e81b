/**
 * The names of a network's members: one hosts(5) for all of them, bound over /etc/hosts in each. It is rewritten in its place
 * when members come and go, and the C library reads it at each look-up, so that nobody has to answer questions.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { BindMount } from '../sandbox/spec.js';
import { readTextFileIfAny } from '../syscalls/files.js';
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
const ownFolders = (host: NetworkHost, network: string): string =>
  `${networkFolder(host.store, network)}/files`;
const ownFolder = (host: NetworkHost, network: string, member: MemberRecord): string =>
  `${ownFolders(host, network)}/${member.link.name}`;

/** Tells all members who is there now: where the shared file is right, so are all others. Only under the lock. */
export function writeNames(host: NetworkHost, network: NetworkRecord): void {
  const members = readMembers(host.store, network.name);
  const text = hostsText(network, members);
  for (const member of members) {
    if (member.extraHosts === undefined) continue;
    const extra = member.extraHosts.map(({ address, name }) => `${address}\t${name}\n`);
    const folder = ownFolder(host, network.name, member);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    overwrite(`${folder}/hosts`, text + extra.join(''));
  }
  overwrite(sharedFile(host, network.name, 'hosts'), text);
}

/** Writes what whoever was killed between a member's coming or going and its names has not. Only under the lock. */
export function mendNames(host: NetworkHost, network: NetworkRecord): void {
  const members = readMembers(host.store, network.name);
  const links = new Set(members.map(({ link }) => link.name));
  const folder = ownFolders(host, network.name);
  const left = (existsSync(folder) ? readdirSync(folder) : []).filter((name) => !links.has(name));
  for (const name of left) rmSync(`${folder}/${name}`, { recursive: true, force: true });
  const present = readTextFileIfAny(sharedFile(host, network.name, 'hosts'));
  const needed = present !== undefined || members.some(({ names }) => names.length > 0);
  if (needed && present !== hostsText(network, members)) writeNames(host, network);
}

/** What a member is to have mounted: its hosts(5) and resolv.conf(5), which are written if need be. Only under the lock. */
export function nameMounts(host: NetworkHost, network: NetworkRecord, member: MemberRecord): BindMount[] {
  const { dns, extraHosts } = member;
  const own = ownFolder(host, network.name, member);
  if (dns !== undefined || extraHosts !== undefined) mkdirSync(own, { recursive: true, mode: 0o755 });
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
 * In one write, so that a reader sees all of the old text or all of the new one. Where the old one is longer, empty lines that mean
 * nothing cover the rest of it until it is cut off. The file stays the same one, which others have bound.
 */
function overwrite(path: string, text: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
  try {
    const length = Buffer.byteLength(text);
    const bytes = Buffer.alloc(Math.max(length, fstatSync(fd).size), '\n');
    bytes.write(text);
    writeSync(fd, bytes, 0, bytes.length, 0);
    ftruncateSync(fd, length);
  } finally {
    closeSync(fd);
  }
}
