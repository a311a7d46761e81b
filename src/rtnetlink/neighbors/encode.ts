/** Requests about neighbours: who has which link-layer address, and the fdb of bridges; linux/neighbour.h. */
import { SpecError } from '../../foundation/errors.js';
import { AttributeWriter } from '../../netlink/attribute-writer.js';
import { NLM_F } from '../../netlink/constants.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { AF, RTM } from '../constants.js';
import {
  be16,
  checkBoolean,
  checkedIpBytes,
  checkIndex,
  checkNames,
  type Fields,
  index,
  type Named,
  named,
  numberOf,
  u16,
  u32,
  writeFields,
} from '../fields.js';
import { macBytes } from '../mac.js';
import { ROUTE_PROTOCOLS, type RouteProtocol } from '../scopes.js';

/** NUD_*: what is known of a neighbour. */
export const NEIGHBOR_STATES = {
  none: 0,
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noarp: 0x40,
  permanent: 0x80,
} as const;
/** NUD_* of linux/neighbour.h, as ip-neighbour(8) names them. */
export type NeighborState = Named<typeof NEIGHBOR_STATES>;

/** NTF_*, by the name of their field. */
export const NEIGHBOR_FLAGS = {
  use: 0x01,
  self: 0x02,
  master: 0x04,
  proxy: 0x08,
  externLearn: 0x10,
  offloaded: 0x20,
  sticky: 0x40,
  router: 0x80,
} as const;
const SETTABLE = ['use', 'self', 'master', 'proxy', 'externLearn', 'sticky', 'router'] as const;

export const NDA = { DST: 1, LLADDR: 2, FLAGS_EXT: 15 } as const;
export const NTF_EXT_MANAGED = 1;

/** What stands in attributes of its own. */
export interface NeighborOptions {
  /** In an fdb. */
  readonly vlan: number;
  /** In the fdb of a vxlan: the UDP port of the other end. */
  readonly port: number;
  readonly vni: number;
  readonly sourceVni: number;
  /** In the fdb of a vxlan: the link, by interface index, to reach the other end by. */
  readonly via: number;
  readonly protocol: RouteProtocol;
  /** In an fdb: a nexthop group by its number. */
  readonly nexthopId: number;
}

export const NEIGHBOR: Fields<NeighborOptions> = {
  vlan: u16(5),
  protocol: named('u8', 12, ROUTE_PROTOCOLS),
  nexthopId: u32(13),
  port: be16(6),
  vni: u32(7),
  sourceVni: u32(11),
  via: index(8),
};

/** Who has an address; see ip-neighbour(8) and, for the family bridge, the fdb of bridge(8). */
export interface NeighborSpec
  extends Partial<{ readonly [Name in keyof NeighborOptions]: NeighborOptions[Name] | undefined }> {
  /** `bridge` for an entry of a bridge's or vxlan's fdb. Default what the address says. */
  readonly family?: 'inet' | 'inet6' | 'bridge' | undefined;
  /** The link, by interface index; in an fdb the port. */
  readonly link: number;
  /** The IP address of the neighbour; in the fdb of a vxlan that of the other end. */
  readonly address?: string | undefined;
  /** The link-layer address. */
  readonly lladdr?: string | undefined;
  /** Default permanent. In an fdb: permanent is one of this machine's own, noarp a static one, reachable one that ages. */
  readonly state?: NeighborState | undefined;
  readonly use?: boolean | undefined;
  /** In the fdb of the link itself. Default for the family bridge without {@link master}. */
  readonly self?: boolean | undefined;
  /** In the fdb of the bridge that the link is a port of. */
  readonly master?: boolean | undefined;
  /** Answer for it: proxy ARP. */
  readonly proxy?: boolean | undefined;
  readonly externLearn?: boolean | undefined;
  readonly sticky?: boolean | undefined;
  readonly router?: boolean | undefined;
  /** Have the kernel keep it reachable. Since Linux 5.16. */
  readonly managed?: boolean | undefined;
}

const OPTIONS = Object.keys(NEIGHBOR) as (keyof NeighborOptions)[];
const SPEC = ['family', 'link', 'address', 'lladdr', 'state', 'managed', ...SETTABLE, ...OPTIONS];
/** What a listed entry says beside: it does not name it. */
const SAID = ['bridge', 'offloaded', 'probes', 'references', 'used', 'confirmed', 'updated'];
const REMEDIES = {
  EEXIST: 'There is an entry for this address already',
  ENOENT: 'There is no such entry',
  ENODEV: 'There is no such link',
};

/** Makes an entry: `ip neighbour add`, or `bridge fdb add` for the family bridge. Throws SpecError. */
export function addNeighbor(spec: NeighborSpec): NetlinkRequest {
  return make(spec, NLM_F.CREATE | NLM_F.EXCL, 'add');
}

/** Makes an entry or changes the one that is there: `ip neighbour replace`. Throws SpecError. */
export function replaceNeighbor(spec: NeighborSpec): NetlinkRequest {
  return make(spec, NLM_F.CREATE | NLM_F.REPLACE, 'replace');
}

/** Makes a further entry for the address: `bridge fdb append`, for vxlan with several other ends. Throws SpecError. */
export function appendNeighbor(spec: NeighborSpec): NetlinkRequest {
  return make(spec, NLM_F.CREATE | NLM_F.APPEND, 'append');
}

/** Removes an entry: `ip neighbour delete`, `bridge fdb delete`. Throws SpecError. */
export function removeNeighbor(target: NeighborSpec): NetlinkRequest {
  return { ...make(target, 0, 'remove', [...SPEC, ...SAID]), type: RTM.DELNEIGH };
}

function make(
  spec: NeighborSpec,
  flags: number,
  verb: string,
  names: readonly string[] = SPEC,
): NetlinkRequest {
  checkNames(spec, names, '');
  const what = `${verb} ${textOf(spec)}`;
  return { type: RTM.NEWNEIGH, flags, body: neighborBody(spec), what, remedies: REMEDIES };
}

function neighborBody(spec: NeighborSpec): Uint8Array {
  const address = spec.address === undefined ? undefined : checkedIpBytes(spec.address, 'address');
  const lladdr = spec.lladdr === undefined ? undefined : macBytes(spec.lladdr, 'lladdr');
  const writer = new AttributeWriter().raw(neighborHeader(spec, address));
  const bridge = spec.family === 'bridge';
  if (bridge && lladdr === undefined) throw new SpecError('lladdr', 'is needed in an fdb');
  if (bridge && lladdr !== undefined) writer.bytesOf(NDA.LLADDR, lladdr);
  const there = OPTIONS.filter((name) => spec[name] !== undefined);
  const options = Object.fromEntries(there.map((name) => [name, spec[name]]));
  if (!bridge) writeFields(writer, NEIGHBOR, options);
  if (address !== undefined) writer.bytesOf(NDA.DST, address);
  if (!bridge && lladdr !== undefined) writer.bytesOf(NDA.LLADDR, lladdr);
  if (bridge) writeFields(writer, NEIGHBOR, options);
  if (checkBoolean(spec.managed ?? false, 'managed')) writer.u32(NDA.FLAGS_EXT, NTF_EXT_MANAGED);
  return writer.bytes;
}

/** struct ndmsg. */
function neighborHeader(spec: NeighborSpec, address: Uint8Array | undefined): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(spec, address), 0);
  header.writeInt32LE(checkIndex(spec.link, 'link'), 4);
  header.writeUInt16LE(stateOf(spec), 8);
  header.writeUInt8(flagsOf(spec), 10);
  return header;
}

function familyNumber({ family }: NeighborSpec, address: Uint8Array | undefined): number {
  if (family === 'bridge') return AF.BRIDGE;
  if (address === undefined) throw new SpecError('address', 'is needed, unless the family is bridge');
  const own = address.length === 4 ? 'inet' : 'inet6';
  if (family !== undefined && family !== own)
    throw new SpecError('family', `the address is ${own}, not ${family}`);
  return address.length === 4 ? AF.INET : AF.INET6;
}

/** The kernel wants NUD_NOARP in an fdb with all that does not age. */
function stateOf({ family, state = 'permanent', managed }: NeighborSpec): number {
  const number =
    managed === true && state === 'permanent' ? 0 : numberOf(NEIGHBOR_STATES, state, 0xffff, 'state');
  if (family !== 'bridge') return number;
  if (number === NEIGHBOR_STATES.noarp) return number | NEIGHBOR_STATES.reachable;
  return number === NEIGHBOR_STATES.permanent ? number | NEIGHBOR_STATES.noarp : number;
}

function flagsOf(spec: NeighborSpec): number {
  const asked = SETTABLE.filter((name) => spec[name] !== undefined && checkBoolean(spec[name], name));
  const flags = asked.reduce((sum, name) => sum | NEIGHBOR_FLAGS[name], 0);
  const somewhere = flags & (NEIGHBOR_FLAGS.self | NEIGHBOR_FLAGS.master);
  return spec.family === 'bridge' && somewhere === 0 ? flags | NEIGHBOR_FLAGS.self : flags;
}

function textOf({ family, address, lladdr, link }: NeighborSpec): string {
  const noun = family === 'bridge' ? 'fdb entry' : 'neighbour';
  const key = family === 'bridge' ? lladdr : address;
  return `${noun} ${key} of link ${link}`;
}
