/** Requests that make, change and remove links. */
import { SpecError, UnsupportedError } from '../../foundation/errors.js';
import { AttributeWriter } from '../../netlink/attribute-writer.js';
import { NLM_F } from '../../netlink/constants.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { IFLA, IFLA_INFO, RTM } from '../constants.js';
import { checkIndex, checkNames, checkText, writeFields } from '../fields.js';
import { BRIDGE_PORT } from './bridge-port.js';
import { writeFamilyOptions } from './inet-conf.js';
import { KINDS_WITH_OPTIONS, missingKind } from './kinds.js';
import { checkNewName } from './name.js';
import type { LinkChanges, LinkSpec, LinkTarget } from './spec.js';
import {
  BASE,
  BORN,
  indexOf,
  linkHeader,
  lowerOf,
  writeBirth,
  writeKind,
  writeNetns,
  writeShared,
  writeTarget,
} from './write.js';

const SLAVE_KIND_OF_BRIDGE = 'bridge_slave';

const REMEDIES = { ENODEV: 'There is no such link' };
const SETTINGS = ['alias', 'addrGenMode', 'inet', 'bridgePort'];
const ADDED = ['kind', 'master', 'veth', ...KINDS_WITH_OPTIONS, ...BORN];
const CHANGED = ['name', 'master', 'netns', 'index', ...KINDS_WITH_OPTIONS, ...BASE, ...SETTINGS];

/**
 * Makes a link: `ip link add`. A veth is made together with its other end, which may be in another namespace, with a name
 * and an address, in this one message. Settings that the kernel takes only afterwards are for {@link changeLink}.
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
  writer.text(IFLA.IFNAME, checkNewName(spec.name, 'name'));
  writer.nest(IFLA.LINKINFO, (info) => writeKind(info, kind, spec));
  return {
    type: RTM.NEWLINK,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: writer.bytes,
    what: `add ${kind} ${spec.name}`,
    remedies: {
      ...missingOption(spec),
      ...missingKind(kind),
      EEXIST: 'There is a link with this name or this index already',
    },
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
  if (name !== undefined) writer.text(IFLA.IFNAME, checkNewName(name, 'name'));
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
    what: `change ${namesOf(changes)} of link ${target}`,
    remedies: {
      ...REMEDIES,
      ...missingOption(changes),
      ...(name === undefined ? {} : { EBUSY: 'Before Linux 6.2 a link must be down to be renamed' }),
    },
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
  return {
    type: RTM.DELLINK,
    flags: 0,
    body: writer.bytes,
    what: `remove link ${target}`,
    slow: true,
    remedies: REMEDIES,
  };
}

function namesOf(changes: LinkChanges): string {
  const there = Object.entries(changes).filter(([, value]) => value !== undefined);
  return there.map(([name]) => name).join(', ') || 'nothing';
}

/** What an option takes that not every kernel has, or not every link. */
function missingOption({ bridge, bridgePort }: LinkChanges): Readonly<Record<string, string>> {
  if (bridgePort !== undefined) return { EOPNOTSUPP: 'It must be a port of a bridge already' };
  const lacking = Object.keys(bridge ?? {}).flatMap((name) => {
    if (name.startsWith('vlan')) return ['CONFIG_BRIDGE_VLAN_FILTERING'];
    return name.startsWith('multicast') ? ['CONFIG_BRIDGE_IGMP_SNOOPING'] : [];
  });
  if (lacking.length === 0) return {};
  return { EOPNOTSUPP: `It takes a kernel with ${[...new Set(lacking)].join(' and ')}` };
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
