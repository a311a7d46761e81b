import { Isol8Error } from '../foundation/errors.js';
import type { NetlinkChannel } from '../netlink/channel.js';
import { HEADER_SIZE, type NetlinkRequest } from '../netlink/message.js';
import { trySyscall } from '../syscalls/binding.js';
import { SO, SOL_SOCKET } from '../syscalls/constants.js';

/** A socket has more than this from the start. */
const ENOUGH = 64 * 1024;

/** A batch is one datagram, which the socket's buffer has to hold. */
export function makeRoom(channel: NetlinkChannel, requests: readonly NetlinkRequest[]): void {
  const size = requests.reduce((sum, { body }) => sum + HEADER_SIZE + body.length + 3, 0);
  if (size <= ENOUGH) return;
  const value = new Uint32Array([size]);
  const option = (name: number): number => trySyscall('setsockopt', channel.fd, SOL_SOCKET, name, value, 4);
  if (option(SO.SNDBUFFORCE) < 0) option(SO.SNDBUF);
}

/** What to say when there was no room all the same. */
export function tooLarge(error: unknown): unknown {
  if ((error as Isol8Error).code !== 'EMSGSIZE') return error;
  const remedy = 'Have net.core.wmem_max raised, or make the changes in smaller steps.';
  return new Isol8Error(
    'EMSGSIZE',
    `change the ruleset: EMSGSIZE. This is more than may be sent at once. ${remedy}`,
    {
      cause: error,
    },
  );
}
