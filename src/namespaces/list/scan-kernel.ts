import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AT } from '../../syscalls/constants.js';
import { StatusReader } from '../../syscalls/statx.js';
import { openById } from '../namespace-id.js';
import type { Census } from './census.js';
import { kindOf } from './relations.js';

const EMPTY = cString('');
const ROOM = 1024;
const REQUEST_SIZE = 32;
const ID_AT = 8;

/**
 * Adds what the kernel itself lists: namespaces that nothing visible keeps, a socket on its way to another process for
 * one. listns(2) came after Linux 6.18; where it is missing or not allowed nothing is added.
 */
export function scanKernel(census: Census): void {
  const status = new StatusReader();
  for (const id of listIds()) {
    const descriptor = openById(id);
    if (descriptor < 0) continue;
    const kind = kindOf(descriptor);
    if (kind === undefined || status.read(descriptor, EMPTY, AT.EMPTY_PATH) < 0) {
      closeDescriptor(descriptor);
      continue;
    }
    const isNew = !census.found.has(status.inode);
    const record = census.at(kind, status.inode);
    census.take(record, descriptor);
    if (isNew) record.holders.push({ by: 'unknown' });
  }
}

/** struct ns_id_req of linux/nsfs.h: size, spare, the id to go on after, kinds (0: all), spare, the owner (0: any). */
function* listIds(): Generator<bigint> {
  const request = Buffer.alloc(REQUEST_SIZE);
  request.writeUInt32LE(REQUEST_SIZE, 0);
  const ids = Buffer.alloc(ROOM * 8);
  for (;;) {
    const count = trySyscall('listns', request, ids, ROOM, 0);
    if (count <= 0) return;
    for (let i = 0; i < count; i++) yield ids.readBigUInt64LE(i * 8);
    request.writeBigUInt64LE(ids.readBigUInt64LE((count - 1) * 8), ID_AT);
  }
}
