/** What the store holds: a file per network, per member of one, and per published port. */
import type { Owner } from '../kept/owner.js';
import type { VxlanSpec } from './spec.js';
import type { NetworkStore } from './store.js';

/**
 * What has an owner is being made or taken away by it, or lives as long as it: when that process is dead, nobody needs it any
 * more. Links have numbers that were chosen before they were made, so that what a crash left can be told from what came later.
 */
export interface NetworkRecord {
  readonly name: string;
  readonly state: 'creating' | 'ready' | 'removing';
  readonly owner: Owner;
  /** Stays when the owner ends. */
  readonly persistent: boolean;
  readonly bridge: LinkRecord & { readonly mac: string };
  /** Of all its links (IFLA_GROUP), which are removed together. */
  readonly group: number;
  readonly subnet?: string;
  readonly gateway?: string;
  readonly subnet6?: string;
  readonly gateway6?: string;
  readonly masquerade: boolean;
  readonly internal: boolean;
  readonly isolated: boolean;
  readonly mtu: number;
  /** Whether its links would make link-local addresses by themselves. */
  readonly linkLocal6: boolean;
  /**
   * Whether members that come have a default route for IPv6, which those with published ports always have: whether the host had
   * one when it was looked last.
   */
  readonly outside6: boolean;
  readonly dns?: readonly string[];
  /** `lower` is the number of the link it goes through. */
  readonly vxlan?: VxlanSpec & LinkRecord & { readonly lower?: number };
}

export interface LinkRecord {
  readonly name: string;
  readonly index: number;
}

export interface MemberRecord {
  readonly state: 'attaching' | 'ready';
  readonly owner: Owner;
  /** The network namespace: see identityOf of src/kept. */
  readonly namespace: string;
  /** The host's end of the pair. */
  readonly link: LinkRecord;
  /** The member's end. */
  readonly inside: LinkRecord;
  readonly mac: string;
  readonly address?: string;
  readonly address6?: string;
  readonly names: readonly string[];
  /** Name servers of its own. */
  readonly dns?: readonly string[];
  /** Lines that only its hosts(5) has. */
  readonly extraHosts?: readonly { readonly name: string; readonly address: string }[];
  readonly ports: readonly ResolvedPort[];
}

/** A published port with everything decided. Without `hostAddress` on all addresses. */
export interface ResolvedPort {
  readonly hostAddress?: string;
  readonly hostPort: number;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

const folderOf = (network: string): string => `net/${network}`;
const networkFile = (network: string): string => `${folderOf(network)}/network.json`;
const memberFolder = (network: string): string => `${folderOf(network)}/members`;
/** What the name of a member's file ends with says its state: becoming ready is a rename. */
const ENDINGS = { attaching: '.attaching', ready: '.json' } as const;
const stateOf = (file: string): MemberRecord['state'] =>
  file.endsWith(ENDINGS.attaching) ? 'attaching' : 'ready';

/** Its file in a state: the name is the lease of its addresses. */
const fileOf = (
  network: string,
  { address = '', address6 = '' }: MemberRecord,
  state: MemberRecord['state'],
): string => `${memberFolder(network)}/${address},${address6}${ENDINGS[state]}`;

export const networkNames = (store: NetworkStore): string[] => store.names('net').sort();

export const readNetwork = (store: NetworkStore, name: string): NetworkRecord | undefined =>
  store.cached(networkFile(name), () => store.read<NetworkRecord>(networkFile(name)));

export function writeNetwork(store: NetworkStore, record: NetworkRecord): void {
  store.forget(networkFile(record.name));
  store.write(networkFile(record.name), record);
}

/** With its members. */
export function forgetNetwork(store: NetworkStore, name: string): void {
  store.forget(networkFile(name));
  store.forget(memberFolder(name));
  store.remove(folderOf(name));
  if (store.names('net').length === 0) store.remove('net');
}

/** Where a network's other files are, such as its hosts(5). */
export const networkFolder = (store: NetworkStore, name: string): string =>
  `${store.folder}/${folderOf(name)}`;

export function readNetworks(store: NetworkStore): NetworkRecord[] {
  return networkNames(store).flatMap((name) => readNetwork(store, name) ?? []);
}

export function readMembers(store: NetworkStore, network: string): MemberRecord[] {
  return memberFiles(store, network).flatMap((file) => {
    const content = store.read<MemberRecord>(`${memberFolder(network)}/${file}`);
    return content === undefined ? [] : [{ ...content, state: stateOf(file) }];
  });
}

/** Whether the member is still there: its addresses may be another's by now. */
export function isMember(store: NetworkStore, network: string, member: MemberRecord): boolean {
  const states = ['ready', 'attaching'] as const;
  const files = states.map((state) => store.read<MemberRecord>(fileOf(network, member, state)));
  return files.some((stored) => stored?.link.index === member.link.index);
}

const memberFiles = (store: NetworkStore, network: string): string[] =>
  store.names(memberFolder(network)).filter((file) => ENDS_AS_MEMBER.test(file));

const ENDS_AS_MEMBER = /\.(?:attaching|json)$/;

/** Addresses that members have: the names of their files are their leases. */
export function leasedAddresses(store: NetworkStore, network: string): Set<string> {
  return store.cached(memberFolder(network), () => {
    const leases = memberFiles(store, network).flatMap((file) => file.replace(ENDS_AS_MEMBER, '').split(','));
    return new Set(leases.filter((one) => one !== ''));
  });
}

/** Takes back the addresses of whoever was killed while he wrote a member's file, before anything was made. Only under the lock. */
export function dropUnreadable(store: NetworkStore, network: string): void {
  for (const file of memberFiles(store, network)) {
    const path = `${memberFolder(network)}/${file}`;
    if (stateOf(file) === 'ready' || store.read(path) !== undefined) continue;
    store.forget(memberFolder(network));
    store.remove(path);
  }
}

/** Nothing of it has been made yet: {@link dropUnreadable} finds half a file. */
export function writeMember(store: NetworkStore, network: string, member: MemberRecord): void {
  const leased = leasedAddresses(store, network);
  store.writeFresh(fileOf(network, member, 'attaching'), member);
  for (const address of addressesOf(member)) leased.add(address);
}

export function memberIsReady(store: NetworkStore, network: string, member: MemberRecord): MemberRecord {
  store.rename(fileOf(network, member, 'attaching'), fileOf(network, member, 'ready'));
  return { ...member, state: 'ready' };
}

export function forgetMember(store: NetworkStore, network: string, member: MemberRecord): void {
  const leased = leasedAddresses(store, network);
  for (const state of ['attaching', 'ready'] as const) store.remove(fileOf(network, member, state));
  for (const address of addressesOf(member)) leased.delete(address);
}

export const addressesOf = ({ address, address6 }: MemberRecord): string[] =>
  [address, address6].filter((one) => one !== undefined);
