/** Numbers that a network namespace has for others: see ip-netns(8), "list-id". NETNSA_* of linux/net_namespace.h. */
import { AttributeWriter } from '../netlink/attribute-writer.js';
import { attributesOf } from '../netlink/body.js';
import { NLM_F } from '../netlink/constants.js';
import type { NetlinkMessage, NetlinkRequest } from '../netlink/message.js';

export const RTM_NSID = { NEW: 88, DELETE: 89, GET: 90 } as const;
const NETNSA = { NSID: 1, FD: 3 } as const;
/** struct rtgenmsg, padded. */
const HEADER = 4;
/** NETNSA_NSID_NOT_ASSIGNED; in a request, that the kernel is to choose. */
const NONE = -1;

/** Asks which number the socket's namespace has for the one behind a descriptor. */
export function getNsid(fd: number): NetlinkRequest {
  const body = new AttributeWriter().raw(Buffer.alloc(HEADER)).u32(NETNSA.FD, fd).bytes;
  return { type: RTM_NSID.GET, flags: 0, body, what: 'get the number of a namespace' };
}

/** Has the kernel choose a number for the namespace behind a descriptor. EEXIST when it has one. */
export function addNsid(fd: number): NetlinkRequest {
  const writer = new AttributeWriter().raw(Buffer.alloc(HEADER));
  const body = writer.s32(NETNSA.NSID, NONE).u32(NETNSA.FD, fd).bytes;
  return {
    type: RTM_NSID.NEW,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body,
    what: 'number a namespace',
  };
}

/** The number in an answer to {@link getNsid}; undefined when there is none. Throws NetlinkDecodeError. */
export function decodeNsid(message: NetlinkMessage): number | undefined {
  const number = attributesOf(message, [RTM_NSID.NEW], HEADER).s32(NETNSA.NSID);
  return number === NONE ? undefined : number;
}
