import { closeDescriptor, cString, trySyscall } from '../syscalls/binding.js';
import { AF, AT, O, SOCK } from '../syscalls/constants.js';

/** linux/rtnetlink.h, linux/net_namespace.h */
const RTM_GETNSID = 90;
const RTM_NEWNSID = 88;
const NLM_F_REQUEST = 1;
const NETNSA_NSID = 1;
const NETNSA_FD = 3;
/** struct nlmsghdr, then struct rtgenmsg with its padding. */
const ATTRIBUTES_AT = 20;
const ATTRIBUTE_SIZE = 8;

/**
 * The id that the reader's net namespace has given another one, by which links name it; undefined when it has given
 * none, or when the namespace cannot be opened. See ip-netns(8), list-id.
 */
export function netnsId(path: string): number | undefined {
  const namespace = trySyscall('openat', AT.FDCWD, cString(path), O.RDONLY | O.CLOEXEC, 0);
  if (namespace < 0) return undefined;
  const socket = trySyscall('socket', AF.NETLINK, SOCK.RAW | SOCK.CLOEXEC, 0);
  try {
    return socket < 0 ? undefined : ask(socket, namespace);
  } finally {
    closeDescriptor(namespace);
    if (socket >= 0) closeDescriptor(socket);
  }
}

function ask(socket: number, namespace: number): number | undefined {
  const request = Buffer.alloc(ATTRIBUTES_AT + ATTRIBUTE_SIZE);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(RTM_GETNSID, 4);
  request.writeUInt16LE(NLM_F_REQUEST, 6);
  request.writeUInt16LE(ATTRIBUTE_SIZE, ATTRIBUTES_AT);
  request.writeUInt16LE(NETNSA_FD, ATTRIBUTES_AT + 2);
  request.writeInt32LE(namespace, ATTRIBUTES_AT + 4);
  if (trySyscall('write', socket, request, request.length) < 0) return undefined;
  const answer = Buffer.alloc(4096);
  const length = trySyscall('read', socket, answer, answer.length);
  if (length < ATTRIBUTES_AT || answer.readUInt16LE(4) !== RTM_NEWNSID) return undefined;
  return nsidIn(answer.subarray(0, length));
}

function nsidIn(answer: Buffer): number | undefined {
  for (let at = ATTRIBUTES_AT; at + ATTRIBUTE_SIZE <= answer.length; ) {
    const size = answer.readUInt16LE(at);
    if (size < 4) return undefined;
    if (answer.readUInt16LE(at + 2) === NETNSA_NSID) {
      const id = answer.readInt32LE(at + 4);
      return id < 0 ? undefined : id;
    }
    at += (size + 3) & ~3;
  }
  return undefined;
}
