/** IFLA_VXLAN_* of linux/if_link.h. */
import {
  be16,
  bool,
  checkInteger,
  type Field,
  type Fields,
  index,
  ip,
  type Named,
  named,
  u8,
  u32,
} from '../fields.js';

const DF = { unset: 0, set: 1, inherit: 2 } as const;
/** Whether the packets outside may be fragmented: VXLAN_DF_* of linux/if_link.h. */
export type VxlanDf = Named<typeof DF>;

/** UDP ports from the first to the last, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A tunnel of Ethernet frames in UDP, RFC 7348; see ip-link(8), "VXLAN Type Support". */
export interface VxlanOptions {
  /** The network's identifier, 24 bits. Needed unless {@link collectMetadata} is set. */
  readonly id: number;
  /** The link, by interface index, that the tunnel's packets take; needed for a group. */
  readonly link: number;
  readonly local: string;
  /** Where frames go that the fdb knows no place for: the other end, or a multicast group. */
  readonly remote: string;
  /** UDP port. Default 8472, that of Linux alone; 4789 is the one assigned by IANA. */
  readonly port: number;
  /** UDP ports that are sent from. */
  readonly sourcePorts: PortRange;
  readonly ttl: number;
  /** Take the ttl of the packet inside. */
  readonly ttlInherit: boolean;
  readonly tos: number;
  readonly df: VxlanDf;
  /** IPv6 flow label. */
  readonly flowLabel: number;
  /** Whether it learns which address is behind which other end. Default true. */
  readonly learning: boolean;
  /** Seconds after which a learned address is forgotten. Default 300. */
  readonly ageing: number;
  /** How many addresses it learns, 0 without limit. */
  readonly limit: number;
  readonly proxy: boolean;
  /** Route short circuit. */
  readonly rsc: boolean;
  readonly l2miss: boolean;
  readonly l3miss: boolean;
  readonly udpChecksum: boolean;
  readonly udpZeroChecksum6Tx: boolean;
  readonly udpZeroChecksum6Rx: boolean;
  readonly remoteChecksumTx: boolean;
  readonly remoteChecksumRx: boolean;
  /** Group policy extension. */
  readonly gbp: boolean;
  /** Generic protocol extension. */
  readonly gpe: boolean;
  /** What is sent says itself where it goes: `external` of ip-link(8). */
  readonly collectMetadata: boolean;
  readonly vniFilter: boolean;
}

/** struct ifla_vxlan_port_range: both in network order. */
const portRange = (attribute: number): Field<PortRange> => ({
  write: (writer, { first, last }, path) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt16BE(checkInteger(first, 0xffff, `${path}.first`));
    bytes.writeUInt16BE(checkInteger(last, 0xffff, `${path}.last`, first), 2);
    writer.bytesOf(attribute, bytes);
  },
  read: (attributes) => {
    const bytes = attributes.bytes(attribute, 4);
    return bytes && { first: bytes.readUInt16BE(0), last: bytes.readUInt16BE(2) };
  },
});

/** Written it says yes by being there and cannot say no; some of them the kernel answers as a number. */
const presence = (attribute: number): Field<boolean> => ({
  write: (writer, value) => {
    if (value) writer.flag(attribute);
  },
  read: (attributes) => {
    const bytes = attributes.bytes(attribute);
    return bytes && (bytes[0] ?? 1) !== 0;
  },
});

/** In network order, other than most numbers of rtnetlink. */
const flowLabel = (attribute: number): Field<number> => ({
  write: (writer, value, name) => {
    writer.be32(attribute, checkInteger(value, 0xfffff, name));
  },
  read: (attributes) => attributes.be32(attribute),
});

export const VXLAN: Fields<VxlanOptions> = {
  link: index(3),
  sourcePorts: portRange(10),
  ttl: u8(5),
  ttlInherit: presence(28),
  tos: u8(6),
  df: named('u8', 29, DF),
  flowLabel: flowLabel(26),
  ageing: u32(8),
  limit: u32(9),
  udpChecksum: bool(18),
  udpZeroChecksum6Tx: bool(19),
  udpZeroChecksum6Rx: bool(20),
  remoteChecksumTx: bool(21),
  remoteChecksumRx: bool(22),
  proxy: bool(11),
  rsc: bool(12),
  l2miss: bool(13),
  l3miss: bool(14),
  collectMetadata: bool(25),
  gbp: presence(23),
  gpe: presence(27),
  id: u32(1, 0xffffff),
  local: ip(4, 17),
  remote: ip(2, 16),
  learning: bool(7),
  port: be16(15),
  vniFilter: bool(30),
};
