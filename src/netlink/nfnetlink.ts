/** What all messages of NETLINK_NETFILTER begin with: linux/netfilter/nfnetlink.h. */
import type { Attributes } from './attributes.js';
import { attributesBehind } from './body.js';
import type { NetlinkMessage } from './message.js';

const SIZE = 4;

/** struct nfgenmsg */
export const nfgenmsg = (family: number, resource = 0): Uint8Array =>
  Uint8Array.of(family, 0, resource >> 8, resource & 0xff);

/** The family of a message, and its attributes. Throws NetlinkDecodeError. */
export function openNfnetlink(message: NetlinkMessage): { family: number; attributes: Attributes } {
  return { attributes: attributesBehind(message, SIZE), family: message.body.readUInt8(0) };
}
