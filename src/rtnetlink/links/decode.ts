import type { Attributes } from '../../netlink/attributes.js';
import { attributesOf, needed } from '../../netlink/body.js';
import { NetlinkDecodeError } from '../../netlink/errors.js';
import type { NetlinkMessage } from '../../netlink/message.js';
import { AF, IFLA, IFLA_INFO, RTM } from '../constants.js';
import { type Fields, nameOf, readFields } from '../fields.js';
import { BRIDGE_STATE } from './bridge.js';
import { BRIDGE_PORT, BRIDGE_PORT_INFO } from './bridge-port.js';
import { flagNames, IFF } from './flags.js';
import { readFamilyOptions } from './inet-conf.js';
import { KIND_OPTIONS } from './kinds.js';
import { type KindFacts, LINK, LINK_TYPES, type Link, XDP } from './link.js';
import { MACVLAN_STATE } from './macvlan.js';
import { readStatistics } from './statistics.js';
import { TUN } from './tun.js';

/** struct ifinfomsg. */
const HEADER = 16;
const IFLA_STATS64 = 23;
const IFLA_XDP = 43;

/** Tables of what is said of a link of a kind, by its name. */
const KINDS: { readonly [Kind in keyof KindFacts]: Fields<Required<KindFacts[Kind]>> } = {
  ...KIND_OPTIONS,
  bridge: { ...KIND_OPTIONS.bridge, ...BRIDGE_STATE },
  macvlan: { ...KIND_OPTIONS.macvlan, ...MACVLAN_STATE },
  tun: TUN,
};
const PORT = { ...BRIDGE_PORT, ...BRIDGE_PORT_INFO };

/**
 * Whether a message is about a link itself. Those of the family bridge are about a port: RTM_DELLINK then says that the link
 * has left its bridge, not that it is gone.
 */
export const isAboutLink = ({ type, body }: NetlinkMessage): boolean =>
  (type === RTM.NEWLINK || type === RTM.DELLINK) && body[0] === AF.UNSPEC;

/** Reads RTM_NEWLINK or RTM_DELLINK. Throws NetlinkDecodeError. */
export function decodeLink(message: NetlinkMessage): Link {
  const attributes = attributesOf(message, [RTM.NEWLINK, RTM.DELLINK], HEADER);
  const { body } = message;
  if (body[0] !== AF.UNSPEC) throw new NetlinkDecodeError(`a link of family ${body[0]}`);
  const flags = body.readUInt32LE(8);
  const statistics = readStatistics(attributes.bytes(IFLA_STATS64));
  return {
    index: body.readInt32LE(4),
    name: needed(attributes.text(IFLA.IFNAME), 'the name of a link'),
    altNames: altNamesOf(attributes),
    linkType: nameOf(LINK_TYPES, body.readUInt16LE(2)),
    flags: flagNames(flags),
    up: (flags & IFF.UP) !== 0,
    mtu: needed(attributes.u32(IFLA.MTU), 'the MTU of a link'),
    ...readFields(attributes, LINK),
    ...readLinkInfo(attributes.nest(IFLA.LINKINFO)),
    ...readFamilyOptions(attributes),
    ...(statistics === undefined ? {} : { statistics }),
    ...readXdp(attributes.nest(IFLA_XDP)),
  };
}

function altNamesOf(attributes: Attributes): string[] {
  const list = attributes.nest(IFLA.PROP_LIST)?.entries() ?? [];
  return list
    .filter(({ type }) => type === IFLA.ALT_IFNAME)
    .map(({ bytes }) => bytes.toString('utf8', 0, bytes.indexOf(0) < 0 ? bytes.length : bytes.indexOf(0)));
}

function readLinkInfo(
  info: Attributes | undefined,
): Pick<Link, 'kind' | 'portKind' | 'bridgePort'> & Partial<KindFacts> {
  const kind = info?.text(IFLA_INFO.KIND);
  const portKind = info?.text(IFLA_INFO.SLAVE_KIND);
  const port = portKind === 'bridge' ? info?.nest(IFLA_INFO.SLAVE_DATA) : undefined;
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(kind !== undefined && Object.hasOwn(KINDS, kind) ? readKind(info, kind as keyof KindFacts) : {}),
    ...(portKind === undefined ? {} : { portKind }),
    ...(port === undefined ? {} : { bridgePort: readFields(port, PORT) }),
  };
}

function readKind(info: Attributes | undefined, kind: keyof KindFacts): Partial<KindFacts> {
  const data = info?.nest(IFLA_INFO.DATA);
  return data === undefined ? {} : { [kind]: readFields(data, KINDS[kind] as Fields<object>) };
}

function readXdp(xdp: Attributes | undefined): Pick<Link, 'xdp'> {
  const mode = xdp === undefined || !XDP.any.read(xdp) ? undefined : XDP.mode.read(xdp);
  const program = xdp && XDP.program.read(xdp);
  return mode === undefined ? {} : { xdp: { mode, ...(program === undefined ? {} : { program }) } };
}
