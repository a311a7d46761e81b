/** Requests that make, change and remove links. */
import { SpecError, UnsupportedError } from '../../foundation/errors.js';
import { AttributeWriter } from '../../netlink/attribute-writer.js';
import { NLM_F } from '../../netlink/constants.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { AF, IFLA, IFLA_INFO, RTM } from '../constants.js';
import { checkIndex, checkInteger, checkNames, checkText, join, writeFields } from '../fields.js';
import { macBytes } from '../mac.js';
import { BRIDGE_PORT } from './bridge-port.js';
import { flagsOf } from './flags.js';
import { writeFamilyOptions } from './inet-conf.js';
import { KINDS_WITH_OPTIONS, type KindWithOptions, missingKind, optionsOf } from './kinds.js';
import type { LinkChanges, LinkSpec, LinkTarget, NetnsChoice, VethPeer } from './spec.js';

const VETH_INFO_PEER = 1;
const SLAVE_KIND_OF_BRIDGE = 'bridge_slave';

const BASE = [
  'mtu',
  'address',
  'broadcast',
  'txQueueLength',
  'group',
  'up',
  'promiscuous',
  'allMulticast',
  'multicast',
  'arp',
];
const BORN = ['name', 'index', 'netns', 'txQueues', 'rxQueues', ...BASE];
const SETTINGS = ['alias', 'addrGenMode', 'inet', 'bridgePort'];
const ADDED = ['kind', 'master', 'veth', ...KINDS_WITH_OPTIONS, ...BORN];
const CHANGED = ['name', 'master', 'netns', 'index', ...KINDS_WITH_OPTIONS, ...BASE, ...SETTINGS];

/**
 * Makes a link: `ip link add`. A veth is made together with its other end, which may be in another namespace, with a name
 * and up, in this one message. Settings that the kernel takes only afterwards are for {@link changeLink}.
 *
 * @throws SpecError
 * @throws UnsupportedError for tun and tap, which /dev/net/tun makes.
 */
export function addLink(spec: LinkSpec): NetlinkRequest {
  checkAdded(spec);
  const kind = kindOf(spec);
  const writer = new AttributeWriter().raw(linkHeader(spec.index, spec, ''));
  writeBirth(writer, spec, '');
  const lower = lowerOf(spec, kind);
  if (lower !== undefined) writer.u32(IFLA.LINK, lower);
  writer.text(IFLA.IFNAME, checkName(spec.name, 'name'));
  writer.nest(IFLA.LINKINFO, (info) => writeKind(info, kind, spec));
  return {
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: writer.bytes,
    what: `add ${kind} ${spec.name}`,
    remedies: { ...missingKind(kind), EEXIST: 'There is a link with this name or this index already' },
  };
}

/**
 * Changes a link: `ip link set`.
 *
 * @throws SpecError
 */
export function changeLink(target: LinkTarget, changes: LinkChanges): NetlinkRequest {
  checkNames(changes, CHANGED, '');
  checkChanged(target, changes);
  const { name, master, netns, index, alias, bridgePort } = changes;
  const writer = new AttributeWriter().raw(linkHeader(indexOf(target), changes, ''));
  writeFamilyOptions(writer, changes);
  writeShared(writer, changes, '');
  if (alias !== undefined) writer.bytesOf(IFLA.IFALIAS, Buffer.from(checkText(alias, 255, 'alias')));
  if (master !== undefined) writer.u32(IFLA.MASTER, master === null ? 0 : checkIndex(master, 'master'));
  writeNetns(writer, netns, 'netns');
  if (index !== undefined) writer.u32(IFLA.NEW_IFINDEX, checkIndex(index, 'index'));
  writeTarget(writer, target);
  if (name !== undefined) writer.text(IFLA.IFNAME, checkName(name, 'name'));
  const kind = KINDS_WITH_OPTIONS.find((one) => changes[one] !== undefined);
  if (kind !== undefined) writer.nest(IFLA.LINKINFO, (info) => writeKind(info, kind, changes));
  if (bridgePort !== undefined)
    writer.nest(IFLA.LINKINFO, (info) => {
      info.bytesOf(IFLA_INFO.KIND, Buffer.from(SLAVE_KIND_OF_BRIDGE));
      info.nest(IFLA_INFO.SLAVE_DATA, (data) => writeFields(data, BRIDGE_PORT, bridgePort, 'bridgePort'));
    });
  return {
    type: RTM.NEWLINK,
    flags: 0,
    body: writer.bytes,
    what: `change link ${target}`,
    // Each of these waits for all processors, as removing a link does.
    slow: netns !== undefined || master === null || changes.up === false,
  };
}

/**
 * Removes a link, and what is on top of it: `ip link delete`. The kernel waits 20 to 50 milliseconds for all processors, so
 * that this is sent from another thread. Closing a link's namespace does not wait.
 */
export function removeLink(target: LinkTarget): NetlinkRequest {
  const writer = new AttributeWriter().raw(linkHeader(indexOf(target), {}, ''));
  writeTarget(writer, target);
  return { type: RTM.DELLINK, flags: 0, body: writer.bytes, what: `remove link ${target}`, slow: true };
}

function checkAdded(spec: LinkSpec): void {
  if (spec.index === undefined && spec.veth?.peer?.index !== undefined)
    throw new SpecError('veth.peer.index', 'counts only when the first end has an index of its own too');
  const early = SETTINGS.find((name) => (spec as object as Record<string, unknown>)[name] !== undefined);
  if (early !== undefined)
    throw new SpecError(
      early,
      'the kernel ignores it in a link that is being made: change the link afterwards',
    );
  checkNames(spec, ADDED, '');
}

function checkChanged(target: LinkTarget, changes: LinkChanges): void {
  if (typeof target === 'string' && changes.name !== undefined)
    throw new SpecError('name', 'to rename a link, give it by its interface index');
  if (changes.index !== undefined && changes.netns === undefined)
    throw new SpecError('index', 'an interface index changes only with the namespace (netns)');
  const kinds = [...KINDS_WITH_OPTIONS, 'bridgePort' as const].filter((one) => changes[one] !== undefined);
  if (kinds.length > 1)
    throw new SpecError(kinds[1] as string, `cannot be changed together with ${kinds[0]}`);
}

/** The kind that is named, or the one whose options are there. Throws SpecError. */
function kindOf(spec: LinkSpec): string {
  const named = [...KINDS_WITH_OPTIONS, 'veth' as const].filter((one) => spec[one] !== undefined);
  const kind = spec.kind ?? named[0];
  if (kind === undefined) throw new SpecError('kind', 'is needed: bridge, veth, dummy, …');
  const other = named.find((one) => one !== kind);
  if (other !== undefined) throw new SpecError(other, `a link of kind ${kind} has no options of this kind`);
  if (kind === 'tun' || kind === 'tap')
    throw new UnsupportedError(
      `add ${kind} ${spec.name}: links of this kind are not made by rtnetlink but by /dev/net/tun: use addTunTap()`,
    );
  return checkText(kind, 55, 'kind');
}

/** struct ifinfomsg. */
function linkHeader(
  index: number | undefined,
  flags: object,
  path: string,
  family: number = AF.UNSPEC,
): Buffer {
  const header = Buffer.alloc(16);
  const { set, counted } = flagsOf(flags, path);
  header.writeUInt8(family, 0);
  if (index !== undefined) header.writeInt32LE(checkIndex(index, join(path, 'index')), 4);
  header.writeUInt32LE(set, 8);
  header.writeUInt32LE(counted, 12);
  return header;
}

function writeShared(writer: AttributeWriter, spec: LinkSpec | LinkChanges | VethPeer, path: string): void {
  const { mtu, address, broadcast, txQueueLength, group } = spec;
  if (mtu !== undefined) writer.u32(IFLA.MTU, checkInteger(mtu, 0x7fffffff, join(path, 'mtu')));
  if (address !== undefined) writer.bytesOf(IFLA.ADDRESS, macBytes(address, join(path, 'address')));
  if (broadcast !== undefined) writer.bytesOf(IFLA.BROADCAST, macBytes(broadcast, join(path, 'broadcast')));
  if (txQueueLength !== undefined)
    writer.u32(IFLA.TXQLEN, checkInteger(txQueueLength, 0x7fffffff, join(path, 'txQueueLength')));
  if (group !== undefined) writer.u32(IFLA.GROUP, checkInteger(group, 0x7fffffff, join(path, 'group')));
}

function writeBirth(writer: AttributeWriter, spec: LinkSpec | VethPeer, path: string): void {
  const { txQueues, rxQueues } = spec;
  writeShared(writer, spec, path);
  if (txQueues !== undefined)
    writer.u32(IFLA.NUM_TX_QUEUES, checkInteger(txQueues, 4096, join(path, 'txQueues'), 1));
  if (rxQueues !== undefined)
    writer.u32(IFLA.NUM_RX_QUEUES, checkInteger(rxQueues, 4096, join(path, 'rxQueues'), 1));
  if ('master' in spec && spec.master !== undefined)
    writer.u32(IFLA.MASTER, checkIndex(spec.master, join(path, 'master')));
  writeNetns(writer, spec.netns, join(path, 'netns'));
}

function writeNetns(writer: AttributeWriter, netns: NetnsChoice | undefined, name: string): void {
  if (netns === undefined) return;
  if ('fd' in netns) writer.u32(IFLA.NET_NS_FD, checkInteger(netns.fd, 0x7fffffff, `${name}.fd`));
  else writer.u32(IFLA.NET_NS_PID, checkInteger(netns.pid, 0x7fffffff, `${name}.pid`, 1));
}

const LOWER: readonly string[] = ['vlan', 'macvlan', 'ipvlan'];

function lowerOf(spec: LinkSpec, kind: string): number | undefined {
  if (!LOWER.includes(kind)) return undefined;
  const { link } = (spec[kind as 'vlan'] ?? {}) as { link?: number };
  return checkIndex(link, `${kind}.link`);
}

/** Without NUL, as iproute2 writes it. */
function writeKind(writer: AttributeWriter, kind: string, spec: LinkSpec | LinkChanges): void {
  writer.bytesOf(IFLA_INFO.KIND, Buffer.from(kind));
  const data = kind === 'veth' ? (spec as LinkSpec).veth : spec[kind as KindWithOptions];
  if (data === undefined) return;
  if (kind === 'veth') {
    const { peer } = data as NonNullable<LinkSpec['veth']>;
    checkNames(data, ['peer'], 'veth');
    if (peer !== undefined)
      writer.nest(IFLA_INFO.DATA, (inner) => inner.nest(VETH_INFO_PEER, (end) => writePeer(end, peer)));
    return;
  }
  const { link, ...rest } = data as { link?: number };
  const options = LOWER.includes(kind) ? rest : data;
  if (Object.values(options).some((value) => value !== undefined))
    writer.nest(IFLA_INFO.DATA, (inner) =>
      writeFields(inner, optionsOf(kind as KindWithOptions), options, kind),
    );
}

function writePeer(writer: AttributeWriter, peer: VethPeer): void {
  const path = 'veth.peer';
  checkNames(peer, BORN, path);
  if (peer.up === true)
    throw new SpecError(
      `${path}.up`,
      'the kernel sets it up only once both ends are there: change it afterwards',
    );
  writer.raw(linkHeader(peer.index, peer, path));
  writeBirth(writer, peer, path);
  if (peer.name !== undefined) writer.text(IFLA.IFNAME, checkName(peer.name, `${path}.name`));
}

/** Only an alternative name can be longer than 15 bytes; a shorter one is looked for among both. Throws SpecError. */
export function writeTarget(writer: AttributeWriter, target: LinkTarget): void {
  if (typeof target !== 'string') return;
  if (Buffer.byteLength(target) > 15) writer.text(IFLA.ALT_IFNAME, checkText(target, 127, 'link'));
  else writer.text(IFLA.IFNAME, checkName(target, 'link'));
}

const indexOf = (target: LinkTarget): number | undefined => {
  if (typeof target === 'string') return undefined;
  return checkIndex(target, 'link');
};

/** What dev_valid_name() of the kernel takes. Throws SpecError. */
export function checkName(value: unknown, name: string): string {
  const valid = typeof value === 'string' && /^[^\s/:\0]+$/.test(value) && value !== '.' && value !== '..';
  if (valid && Buffer.byteLength(value) <= 15) return value;
  throw new SpecError(
    name,
    `${JSON.stringify(value)} cannot be the name of a link: 1 to 15 bytes, without "/", ":" and white space`,
  );
}
