import { NETLINK, NLM_F } from '../../netlink/constants.js';
import { decodeMessages, encodeMessages } from '../../netlink/message.js';
import { decodeNsid, getNsid, RTM_NSID } from '../../rtnetlink/nsids.js';
import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AF, AT, O, SOCK } from '../../syscalls/constants.js';

/**
 * The id that the reader's net namespace has given another one, by which links name it; undefined when it has given
 * none, or when the namespace cannot be opened. See ip-netns(8), list-id.
 */
export function netnsId(path: string): number | undefined {
  const namespace = trySyscall('openat', AT.FDCWD, cString(path), O.RDONLY | O.CLOEXEC, 0);
  if (namespace < 0) return undefined;
  const socket = trySyscall('socket', AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, NETLINK.ROUTE);
  try {
    return socket < 0 ? undefined : ask(socket, namespace);
  } finally {
    closeDescriptor(namespace);
    if (socket >= 0) closeDescriptor(socket);
  }
}

function ask(socket: number, namespace: number): number | undefined {
  const request = encodeMessages([{ ...getNsid(namespace), flags: NLM_F.REQUEST, sequence: 0 }], 0);
  if (trySyscall('write', socket, request, request.length) < 0) return undefined;
  const answer = Buffer.alloc(4096);
  const length = trySyscall('read', socket, answer, answer.length);
  const [message] = length < 0 ? [] : decodeMessages(answer.subarray(0, length));
  return message?.type === RTM_NSID.NEW ? decodeNsid(message) : undefined;
}
