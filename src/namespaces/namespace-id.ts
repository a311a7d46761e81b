/** Namespaces by the id that the kernel gives each, unique since boot, other than inodes: NS_GET_ID of ioctl_nsfs(2). */
import { trySyscall } from '../syscalls/binding.js';
import { O } from '../syscalls/constants.js';
import { errnoNumber } from '../syscalls/errno.js';
import { KINDS, type NamespaceKind } from './kinds.js';

/** linux/fcntl.h */
const FD_NSFS_ROOT = -10003;
/** linux/exportfs.h */
const FILEID_NSFS = 0xf1;
const HANDLE_SIZE = 16;

/**
 * Opens a namespace by its id as a file handle; or a negated errno. Linux 6.18 opens no handle that lacks the kind and the
 * inode, later ones need the id alone.
 */
export function openById(id: bigint, known?: { kind: NamespaceKind; inode: number }): number {
  const handle = Buffer.alloc(8 + HANDLE_SIZE);
  handle.writeUInt32LE(HANDLE_SIZE, 0);
  handle.writeInt32LE(FILEID_NSFS, 4);
  handle.writeBigUInt64LE(id, 8);
  if (known) {
    handle.writeUInt32LE(KINDS[known.kind].flag, 16);
    handle.writeUInt32LE(known.inode, 20);
  }
  return trySyscall('open_by_handle_at', FD_NSFS_ROOT, handle, O.RDONLY | O.CLOEXEC);
}

/** The same, where the id alone is not enough with the inode of each namespace that can be seen from here. */
export async function findById(kind: NamespaceKind, id: bigint): Promise<number> {
  const opened = openById(id);
  if (opened !== -errnoNumber('ESTALE')) return opened;
  const { list } = await import('./list.js');
  for (const { kind: other, inode } of list().namespaces) {
    if (other !== kind) continue;
    const found = openById(id, { kind, inode });
    if (found !== -errnoNumber('ESTALE')) return found;
  }
  return opened;
}
