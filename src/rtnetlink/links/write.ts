/** The parts of messages about links. */
import { SpecError } from '../../foundation/errors.js';
import type { AttributeWriter } from '../../netlink/attribute-writer.js';
import { AF, IFLA, IFLA_INFO } from '../constants.js';
import { checkIndex, checkInteger, checkNames, checkText, join, writeFields } from '../fields.js';
import { macBytes } from '../mac.js';
import { flagsOf } from './flags.js';
import { type KindWithOptions, optionsOf } from './kinds.js';
import { checkName, checkNewName } from './name.js';
import type { LinkChanges, LinkSpec, LinkTarget, NetnsChoice, VethPeer } from './spec.js';

const VETH_INFO_PEER = 1;

/** Fields of every link that can be changed, and with them those of one that is made. */
export const BASE = [
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
export const BORN = ['name', 'index', 'netns', 'txQueues', 'rxQueues', ...BASE];

/** struct ifinfomsg. */
export function linkHeader(
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

export function writeShared(
  writer: AttributeWriter,
  spec: LinkSpec | LinkChanges | VethPeer,
  path: string,
): void {
  const { mtu, address, broadcast, txQueueLength, group } = spec;
  if (mtu !== undefined) writer.u32(IFLA.MTU, checkInteger(mtu, 0x7fffffff, join(path, 'mtu')));
  if (address !== undefined) writer.bytesOf(IFLA.ADDRESS, macBytes(address, join(path, 'address')));
  if (broadcast !== undefined) writer.bytesOf(IFLA.BROADCAST, macBytes(broadcast, join(path, 'broadcast')));
  if (txQueueLength !== undefined)
    writer.u32(IFLA.TXQLEN, checkInteger(txQueueLength, 0x7fffffff, join(path, 'txQueueLength')));
  if (group !== undefined) writer.u32(IFLA.GROUP, checkInteger(group, 0x7fffffff, join(path, 'group')));
}

export function writeBirth(writer: AttributeWriter, spec: LinkSpec | VethPeer, path: string): void {
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

export function writeNetns(writer: AttributeWriter, netns: NetnsChoice | undefined, name: string): void {
  if (netns === undefined) return;
  if ('fd' in netns) writer.u32(IFLA.NET_NS_FD, checkInteger(netns.fd, 0x7fffffff, `${name}.fd`));
  else writer.u32(IFLA.NET_NS_PID, checkInteger(netns.pid, 0x7fffffff, `${name}.pid`, 1));
}

const LOWER: readonly string[] = ['vlan', 'macvlan', 'ipvlan'];

export function lowerOf(spec: LinkSpec, kind: string): number | undefined {
  if (!LOWER.includes(kind)) return undefined;
  const { link } = (spec[kind as 'vlan'] ?? {}) as { link?: number };
  return checkIndex(link, `${kind}.link`);
}

/** Without NUL, as iproute2 writes it. */
export function writeKind(writer: AttributeWriter, kind: string, spec: LinkSpec | LinkChanges): void {
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
  if (peer.name !== undefined) writer.text(IFLA.IFNAME, checkNewName(peer.name, `${path}.name`));
}

/** Only an alternative name can be longer than 15 bytes; a shorter one is looked for among both. Throws SpecError. */
export function writeTarget(writer: AttributeWriter, target: LinkTarget): void {
  if (typeof target !== 'string') return;
  if (Buffer.byteLength(target) > 15) writer.text(IFLA.ALT_IFNAME, checkText(target, 127, 'link'));
  else writer.text(IFLA.IFNAME, checkName(target, 'link'));
}

export const indexOf = (target: LinkTarget): number | undefined => {
  if (typeof target === 'string') return undefined;
  return checkIndex(target, 'link');
};
