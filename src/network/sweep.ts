/** What a crash or the end of a namespace has left of networks. */
import type { Isol8Error } from '../foundation/errors.js';
import type { NetworkHost } from './host.js';
import { mendNames } from './names.js';
import {
  dropUnreadable,
  type MemberRecord,
  type NetworkRecord,
  readMembers,
  readNetworks,
} from './records.js';
import { isAbandoned, removeMember, removeNetwork } from './remove.js';
import { repair } from './repair.js';

/** A network or member that nobody needs any more. */
export interface NetworkLeftover {
  readonly network: string;
  /** The member's address; without one the network itself is meant. */
  readonly member?: string;
  /** Half a sentence. */
  readonly why: string;
  /** What kept it from being removed, so that it is still there. */
  readonly error?: string;
}

/**
 * Removes networks and members that were being made, or had a process for an owner, when it was killed, and members whose
 * namespace is gone. Only under the lock.
 *
 * @returns what was removed, or with `dryRun` would be; what cannot be does not keep others from it. With `keepReady` networks
 * that were made to their end stay, whatever became of their owner.
 */
export async function sweepNetworks(
  host: NetworkHost,
  { dryRun, keepReady = false }: { dryRun: boolean; keepReady?: boolean },
): Promise<NetworkLeftover[]> {
  const links = new Map((await host.links()).map(({ index, name }) => [index, name]));
  const found: NetworkLeftover[] = [];
  const remove = async (leftover: NetworkLeftover, work: () => Promise<void>): Promise<void> => {
    const failure = dryRun ? undefined : await work().then(() => undefined, messageOf);
    found.push(failure === undefined ? leftover : { ...leftover, error: failure });
  };
  if (!dryRun) host.store.dropUnwritten();
  for (const network of readNetworks(host.store)) {
    const { name } = network;
    const why = keepReady && network.state === 'ready' ? undefined : whyNetwork(network, links);
    if (why !== undefined) await remove({ network: name, why }, () => removeNetwork(host, network));
    else {
      if (!dryRun) dropUnreadable(host.store, name);
      for (const { member, reason } of deadMembers(host, network, links)) {
        const leftover = { network: name, member: member.address ?? member.address6 ?? '', why: reason };
        await remove(leftover, () => removeMember(host, network, member));
      }
      if (!dryRun) mendNames(host, network);
    }
  }
  if (!dryRun) host.store.removeIfEmpty();
  return found;
}

const TAKEN = ['ENOSPC', 'EADDRINUSE'];

/**
 * Takes something and, where it is taken, once more after what dead members had is taken back, in all networks: they are looked
 * after from time to time only. Networks whose owner has ended stay, since they may have living members. Only under the lock.
 */
export async function takeFromDead<Result>(
  host: NetworkHost,
  take: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await take();
  } catch (error) {
    if (!TAKEN.includes((error as Isol8Error).code)) throw error;
    const left = await sweepNetworks(host, { dryRun: false, keepReady: true });
    if (left.length === 0) throw error;
    return await take();
  }
}

const messageOf = (error: unknown): string => (error as Error).message;

/** Looking after a network takes longer with every member, so it may take a fiftieth of the time at most. */
const REST_MILLISECONDS = 1000;
const REST_FACTOR = 50;

/** One that was made just now is as a look would leave it. */
export function restAfterCreation({ nextLook }: NetworkHost, { bridge }: NetworkRecord): void {
  nextLook.set(bridge.index, performance.now() + REST_MILLISECONDS);
}

/**
 * Repairs a network and its names, and takes back what members had whose namespace has ended; unless `always`, not when that was done just now.
 * Only under the lock. Gives and throws what {@link repair} does.
 */
export async function lookAfter(
  host: NetworkHost,
  network: NetworkRecord,
  { always }: { always: boolean },
): Promise<NetworkRecord> {
  const begin = performance.now();
  if (!always && begin < (host.nextLook.get(network.bridge.index) ?? 0)) return network;
  const repaired = await repair(host, network);
  dropUnreadable(host.store, network.name);
  const links = new Map((await host.links()).map(({ index, name }) => [index, name]));
  for (const { member } of deadMembers(host, network, links)) await removeMember(host, network, member);
  mendNames(host, network);
  const end = performance.now();
  const rest = Math.max(REST_MILLISECONDS, REST_FACTOR * (end - begin));
  host.nextLook.set(network.bridge.index, end + rest);
  return repaired;
}

function whyNetwork(network: NetworkRecord, links: ReadonlyMap<number, string>): string | undefined {
  if (isAbandoned(network)) {
    return network.state === 'ready'
      ? 'its owner has ended without removing it'
      : 'a process was killed before it was done with it';
  }
  const { index, name } = network.bridge;
  return network.state === 'ready' && links.get(index) !== name ? 'its bridge is gone' : undefined;
}

/** A pair of links ends with the namespace that one of them is in. */
function deadMembers(
  host: NetworkHost,
  network: NetworkRecord,
  links: ReadonlyMap<number, string>,
): { member: MemberRecord; reason: string }[] {
  return readMembers(host.store, network.name).flatMap((member) => {
    if (member.state === 'attaching')
      return [{ member, reason: 'a process was killed before it was attached' }];
    const gone = links.get(member.link.index) !== member.link.name;
    return gone ? [{ member, reason: 'its namespace is gone' }] : [];
  });
}
