import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AT, IOCTL, O } from '../../syscalls/constants.js';
import { StatusReader } from '../../syscalls/statx.js';
import { ALL_KINDS, KINDS, type NamespaceKind } from '../kinds.js';
import type { Census, Found } from './census.js';

const EMPTY = cString('');
const BY_FLAG = new Map(ALL_KINDS.map((kind) => [KINDS[kind].flag as number, kind]));

/** What an open descriptor is, undefined when it is no namespace. */
export function kindOf(descriptor: number): NamespaceKind | undefined {
  return BY_FLAG.get(trySyscall('ioctl', descriptor, IOCTL.NS_GET_NSTYPE, 0));
}

/**
 * Asks every namespace for its owner and its parent, and those for theirs: each keeps them alive. See ioctl_nsfs(2).
 * What lies outside the reader's own namespaces is not told.
 */
export function readRelations(census: Census): void {
  const status = new StatusReader();
  const queue = [...census.found.values()];
  for (const record of queue) {
    const descriptor = record.descriptor ?? openAt(record.path);
    if (descriptor < 0) continue;
    record.descriptor = undefined;
    const relate = (request: number, kind: NamespaceKind): Found | undefined => {
      const other = trySyscall('ioctl', descriptor, request, 0);
      if (other < 0) return undefined;
      status.read(other, EMPTY, AT.EMPTY_PATH);
      const isNew = !census.found.has(status.inode);
      const related = census.at(kind, status.inode);
      census.take(related, other);
      if (isNew) queue.push(related);
      return related;
    };
    const owner = relate(IOCTL.NS_GET_USERNS, 'user');
    record.owner = owner?.inode;
    if (record.kind === 'user') record.parent = record.owner;
    const parent = record.kind === 'pid' ? relate(IOCTL.NS_GET_PARENT, 'pid') : undefined;
    if (parent) record.parent = parent.inode;
    readOwnFacts(record, descriptor);
    closeDescriptor(descriptor);
    hold(record, record.kind === 'user' ? owner : parent, 'child');
    if (record.kind !== 'user') hold(record, owner, 'owned');
  }
}

/** One child and one namespace owned say enough. */
function hold(record: Found, holding: Found | undefined, by: 'child' | 'owned'): void {
  if (holding === undefined || holding.processes.length > 0) return;
  if (!holding.holders.some((holder) => holder.by === by)) holding.holders.push({ by, inode: record.inode });
}

function readOwnFacts(record: Found, descriptor: number): void {
  if (record.kind === 'user') {
    const uid = new Uint32Array(1);
    if (trySyscall('ioctl', descriptor, IOCTL.NS_GET_OWNER_UID, uid) >= 0) record.ownerUid = uid[0];
  }
  if (record.kind === 'mnt') {
    // struct mnt_ns_info of linux/nsfs.h: its size, the number of mounts, an id.
    const info = new Uint32Array([16, 0, 0, 0]);
    if (trySyscall('ioctl', descriptor, IOCTL.NS_MNT_GET_INFO, info) >= 0) record.mounts = info[1];
  }
}

function openAt(path: string | undefined): number {
  if (path === undefined) return -1;
  return trySyscall('openat', AT.FDCWD, cString(path), O.RDONLY | O.CLOEXEC | O.NONBLOCK, 0);
}
