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
  /** Whether members have a default route for IPv6: whether the host had one. */
  readonly outside6: boolean;
  readonly dns?: readonly string[];
  readonly vxlan?: VxlanSpec & { readonly name: string; readonly index: number };
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
  readonly interface: string;
  readonly mac: string;
  readonly address?: string;
  readonly address6?: string;
  readonly names: readonly string[];
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
const memberFile = (network: string, key: string): string => `${folderOf(network)}/members/${key}.json`;

/** By what a member's file is called: an address of its own. */
export const memberKey = ({ address, address6 }: Pick<MemberRecord, 'address' | 'address6'>): string =>
  address ?? (address6 as string);

export const networkNames = (store: NetworkStore): string[] => store.names('net').sort();

export const readNetwork = (store: NetworkStore, name: string): NetworkRecord | undefined =>
  store.read<NetworkRecord>(networkFile(name));

export const writeNetwork = (store: NetworkStore, record: NetworkRecord): void =>
  store.write(networkFile(record.name), record);

/** With its members. */
export const forgetNetwork = (store: NetworkStore, name: string): void => store.remove(folderOf(name));

/** Where a network's other files are, such as its hosts(5). */
export const networkFolder = (store: NetworkStore, name: string): string =>
  `${store.folder}/${folderOf(name)}`;

export function readNetworks(store: NetworkStore): NetworkRecord[] {
  return networkNames(store).flatMap((name) => readNetwork(store, name) ?? []);
}

export function readMembers(store: NetworkStore, network: string): MemberRecord[] {
  return store
    .names(`${folderOf(network)}/members`)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => store.read<MemberRecord>(`${folderOf(network)}/members/${file}`) ?? []);
}

export const readMember = (store: NetworkStore, network: string, key: string): MemberRecord | undefined =>
  store.read<MemberRecord>(memberFile(network, key));

export const writeMember = (store: NetworkStore, network: string, record: MemberRecord): void =>
  store.write(memberFile(network, memberKey(record)), record);

export const forgetMember = (store: NetworkStore, network: string, key: string): void =>
  store.remove(memberFile(network, key));
