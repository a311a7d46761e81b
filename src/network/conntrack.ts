/** What the kernel tracks of connections, as ctnetlink has it: linux/netfilter/nfnetlink_conntrack.h. */
import { ipText } from '../foundation/ip.js';
import { AttributeWriter, NLA_F_NESTED } from '../netlink/attribute-writer.js';
import type { Attributes } from '../netlink/attributes.js';
import type { NetlinkMessage, NetlinkRequest } from '../netlink/message.js';
import { nfgenmsg, openNfnetlink } from '../netlink/nfnetlink.js';

const NFNL_SUBSYS_CTNETLINK = 1;
const message = (number: number): number => (NFNL_SUBSYS_CTNETLINK << 8) | number;
export const IPCTNL_MSG_CT = { NEW: message(0), GET: message(1), DELETE: message(2) } as const;
export const CTA = { TUPLE_ORIG: 1, TUPLE_REPLY: 2, ID: 12, ZONE: 18 } as const;
export const CTA_TUPLE = { IP: 1, PROTO: 2 } as const;
export const CTA_IP = { V4_SRC: 1, V4_DST: 2, V6_SRC: 3, V6_DST: 4 } as const;
export const CTA_PROTO = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 } as const;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Packets of one direction. */
export interface Direction {
  readonly source: Endpoint;
  readonly destination: Endpoint;
}

/** Packets between two sockets: as the first of them was sent, and as those that answer are, where they are not translated. */
export interface Flow {
  /** IPPROTO_* */
  readonly protocol: number;
  readonly original: Direction;
  readonly reply: Direction;
  /** Takes it out of the table. */
  readonly removal: NetlinkRequest;
}

/** Asks for all there are: `conntrack --dump`. */
export const listFlows = (): NetlinkRequest => ({
  ...{ type: IPCTNL_MSG_CT.GET, flags: 0, body: nfgenmsg(0), what: 'list the connections that are tracked' },
});

/** undefined for what has no ports. Throws NetlinkDecodeError. */
export function decodeFlow(message: NetlinkMessage): Flow | undefined {
  const { family, attributes } = openNfnetlink(message);
  const [original, reply] = [CTA.TUPLE_ORIG, CTA.TUPLE_REPLY].map((type) => attributes.nest(type));
  const protocol = original?.nest(CTA_TUPLE.PROTO)?.u8(CTA_PROTO.NUM);
  const [there, back] = [original && directionOf(original), reply && directionOf(reply)];
  if (protocol === undefined || there === undefined || back === undefined) return undefined;
  const removal = removeFlow(family, attributes);
  return { protocol, original: there, reply: back, removal };
}

function directionOf(tuple: Attributes): Direction | undefined {
  const ip = tuple.nest(CTA_TUPLE.IP);
  const ports = tuple.nest(CTA_TUPLE.PROTO);
  const from = ip?.bytes(CTA_IP.V4_SRC, 4) ?? ip?.bytes(CTA_IP.V6_SRC, 16);
  const to = ip?.bytes(CTA_IP.V4_DST, 4) ?? ip?.bytes(CTA_IP.V6_DST, 16);
  const [source, destination] = [ports?.be16(CTA_PROTO.SRC_PORT), ports?.be16(CTA_PROTO.DST_PORT)];
  if (!from || !to || source === undefined || destination === undefined) return undefined;
  return {
    source: { address: ipText(from), port: source },
    destination: { address: ipText(to), port: destination },
  };
}

/** By its number too, so that another one that came into its place stays. */
function removeFlow(family: number, attributes: Attributes): NetlinkRequest {
  const writer = new AttributeWriter().raw(nfgenmsg(family));
  writer.bytesOf(CTA.TUPLE_ORIG | NLA_F_NESTED, attributes.bytes(CTA.TUPLE_ORIG) as Buffer);
  for (const type of [CTA.ID, CTA.ZONE]) {
    const bytes = attributes.bytes(type);
    if (bytes !== undefined) writer.bytesOf(type, bytes);
  }
  return { type: IPCTNL_MSG_CT.DELETE, flags: 0, body: writer.bytes, what: 'forget a tracked connection' };
}
