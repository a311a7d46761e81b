import * as v from 'valibot';
import { SpecError } from '../foundation/errors.js';
import { familyOf, parsePrefix } from '../foundation/ip.js';
import { isNewName } from '../rtnetlink/links/name.js';
import { validate } from '../sandbox/parse.js';
import { flag, whole } from '../sandbox/schema.js';
import { isFixedName } from './fixed-names.js';
import type { PublishedPort } from './published-ports.js';
import { isForHosts, overlaps, subnetOf } from './subnets.js';
import { checkExtended } from './vxlan.js';

/** What a network is to be like. Only the name has to be given. */
export interface NetworkSpec {
  /** 1 to 63 letters, digits, `_`, `.` and `-`, the first of which is a letter or a digit. */
  readonly name: string;
  /** IPv4: `10.1.0.0/24`. Default one of 172.16.0.0/12 that overlaps no route of the host; false: no IPv4. */
  readonly subnet?: string | false;
  /** IPv6: `fd00:1::/64`. Default a random unique local one, or none where the host has no IPv6; false: no IPv6. */
  readonly subnet6?: string | false;
  /** The host's address in it. Default the subnet's first. */
  readonly gateway?: string;
  /** The same for IPv6. */
  readonly gateway6?: string;
  /** Packets that leave the host come from an address of the host. Default true, unless `internal`. */
  readonly masquerade?: boolean;
  /** There is no way out of it and none into it, but to and from the host. Default false. */
  readonly internal?: boolean;
  /** Members reach the host and the outside, but not each other. Default false. */
  readonly isolated?: boolean;
  /**
   * In bytes. Default that of the link with the default route, or 1500; with `vxlan` what its link, or the route to its `remote`,
   * can carry of it. There is no IPv6 below 1280.
   */
  readonly mtu?: number;
  /** Name servers of its members. Default the host's, as resolv.conf(5) has them. */
  readonly dns?: readonly string[];
  /** Stays when this process ends, until it is removed. Default false: then it is left for `isol8 gc` if nobody removes it. */
  readonly persistent?: boolean;
  /**
   * Extends the network to other hosts by VXLAN (RFC 7348). They must have the same `subnet`, each a `gateway` of its own in it, and
   * members an `address` that nobody else has. Without `subnet6` there is no IPv6.
   */
  readonly vxlan?: VxlanSpec;
}

/** A VXLAN tunnel to other hosts, see ip-link(8). */
export interface VxlanSpec {
  /** The VXLAN network identifier, 0 to 16,777,215. */
  readonly id: number;
  /** The other host, or a multicast group that all of them join. */
  readonly remote: string;
  /** This host's address for it. Default what the route to `remote` says. */
  readonly local?: string;
  /** The link it goes through; needed for a multicast group. */
  readonly link?: string;
  /** The UDP port. Default 4789, IANA's. */
  readonly port?: number;
}

/** How a namespace is attached to a network. */
export interface AttachSpec {
  /** By which the other members find it; aliases are further such names. Default none. */
  readonly name?: string;
  readonly aliases?: readonly string[];
  /** Its name servers. Default the network's. */
  readonly dns?: readonly string[];
  /** Other names that it is to know, as lines of hosts(5). Default none. */
  readonly extraHosts?: readonly { readonly name: string; readonly address: string }[];
  /** Its addresses in the network. Default the next that are free; to be given where VXLAN extends it to other hosts. */
  readonly address?: string;
  /** The same for IPv6. */
  readonly address6?: string;
  /** The MAC address. Default a random one that is administered locally. */
  readonly mac?: string;
  /** What the link is called inside. Default `eth0`, or the next number that is free there. */
  readonly interface?: string;
  /** Ports of the host that lead to it: objects, or text as docker-run(1) has it (`8080:80`). Default none. */
  readonly publish?: readonly (string | PublishedPort)[];
}

/** A cable between two namespaces: see {@link connectNamespaces}. All of it may be left open. */
export interface CableSpec {
  /** IPv4: `10.1.0.0/30`, of which each end has one of the first two addresses. Default a free /31; false: no IPv4. */
  readonly subnet?: string | false;
  /** IPv6: `fd00:1::/126`. Default a random unique local /127; false: no IPv6. */
  readonly subnet6?: string | false;
  /** What the links are called. Default `eth0`, or the next number that is free there. */
  readonly names?: readonly [string, string];
  /** In bytes. Default 1500. */
  readonly mtu?: number;
}

const name = v.pipe(
  v.string('must be a string'),
  v.regex(
    /^[A-Za-z0-9][\w.-]{0,62}$/,
    'must be 1 to 63 letters, digits, _, . and -, the first of them a letter or a digit',
  ),
);
const hostName = v.pipe(
  v.string('must be a string'),
  v.regex(
    /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$/,
    'must be a host name',
  ),
);
const memberName = v.pipe(
  hostName,
  v.check((text) => !isFixedName(text) && familyOf(text) === undefined, 'means something else already'),
);
const ofFamily = (family: 'inet' | 'inet6') =>
  v.pipe(
    v.string('must be a string'),
    v.check((text) => familyOf(text) === family, `must be an ${family === 'inet' ? 'IPv4' : 'IPv6'} address`),
  );
const address = v.pipe(
  v.string('must be a string'),
  v.check((text) => familyOf(text) !== undefined, 'must be an IP address'),
);
const prefixOf = (family: 'inet' | 'inet6', longest: number) =>
  v.union([
    v.literal(false),
    v.pipe(
      v.string('must be a string, or false'),
      v.check((text) => isPrefix(text, family, longest), `must be a subnet as in ${EXAMPLES[family]}`),
    ),
  ]);
const EXAMPLES = { inet: '10.1.0.0/24', inet6: 'fd00:1::/64' } as const;
const linkName = v.pipe(
  v.string('must be a string'),
  v.check(
    (text) => isNewName(text),
    'must be 1 to 15 bytes, without white space, /, : and %, and not ., .., all or default',
  ),
);
const mac = v.pipe(
  v.string('must be a string'),
  v.regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i, 'must be of the form 02:00:00:00:00:01'),
  v.check((text) => (Number.parseInt(text.slice(0, 2), 16) & 1) === 0, 'must not be a multicast address'),
  v.check((text) => !/^[0:]+$/.test(text), 'must not be zero'),
);
const port = whole(1, 65535);

const vxlanSchema = v.strictObject({
  id: whole(0, 0xffffff),
  remote: address,
  local: v.optional(address),
  link: v.optional(linkName),
  port: v.optional(port),
});

const networkSchema = v.strictObject({
  name,
  subnet: v.optional(prefixOf('inet', 30)),
  subnet6: v.optional(prefixOf('inet6', 126)),
  gateway: v.optional(ofFamily('inet')),
  gateway6: v.optional(ofFamily('inet6')),
  masquerade: v.optional(flag),
  internal: v.optional(flag),
  isolated: v.optional(flag),
  persistent: v.optional(flag),
  mtu: v.optional(whole(68, 65535)),
  dns: v.optional(v.array(address)),
  vxlan: v.optional(vxlanSchema),
});

const published = v.strictObject({
  hostAddress: v.optional(address),
  hostPort: v.optional(port),
  port,
  protocol: v.optional(v.picklist(['tcp', 'udp'], 'must be tcp or udp')),
});

const attachSchema = v.strictObject({
  name: v.optional(memberName),
  aliases: v.optional(v.array(memberName)),
  dns: v.optional(v.array(address)),
  extraHosts: v.optional(v.array(v.strictObject({ name: hostName, address }))),
  address: v.optional(ofFamily('inet')),
  address6: v.optional(ofFamily('inet6')),
  mac: v.optional(mac),
  interface: v.optional(linkName),
  publish: v.optional(v.array(v.union([v.string(), published], 'must be text as 8080:80, or an object'))),
});

/** Throws SpecError naming the first field that is wrong. */
export function checkNetworkSpec(spec: NetworkSpec): NetworkSpec {
  const checked = validate(networkSchema, spec, '') as NetworkSpec;
  if (checked.internal && checked.masquerade)
    throw new SpecError('masquerade', 'an internal network has no way out that could be masqueraded');
  if (checked.subnet === false && checked.subnet6 === false)
    throw new SpecError('subnet6', 'without IPv4 and IPv6 there is nothing left');
  checkUsual('subnet', checked.subnet);
  checkUsual('subnet6', checked.subnet6);
  for (const [field, gateway, subnet] of [
    ['gateway', checked.gateway, checked.subnet],
    ['gateway6', checked.gateway6, checked.subnet6],
  ] as const)
    if (gateway !== undefined) checkGateway(field, gateway, subnet);
  checkExtended(checked);
  return checked;
}

function checkGateway(field: string, gateway: string, subnet: string | false | undefined): void {
  if (subnet === undefined || subnet === false)
    throw new SpecError(field, 'needs the subnet that it lies in to be given');
  if (!isForHosts(subnetOf(parsePrefix(subnet)), gateway))
    throw new SpecError(field, `${gateway} is no address for a host in ${subnet}`);
}

/** RFC 6890: of this host, for loopback, for groups, and everybody; of IPv6 also for a single link. */
const SPECIAL = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '::/8',
  'fe80::/10',
  'ff00::/8',
];

function checkUsual(field: string, text: string | false | undefined): void {
  if (text === undefined || text === false) return;
  const subnet = subnetOf(parsePrefix(text));
  const special = SPECIAL.find((one) => overlaps(subnetOf(parsePrefix(one)), subnet));
  if (special !== undefined)
    throw new SpecError(field, `${text} has addresses of ${special}, which are not for hosts of a network`);
}

const cableSchema = v.strictObject({
  subnet: v.optional(prefixOf('inet', 31)),
  subnet6: v.optional(prefixOf('inet6', 127)),
  names: v.optional(v.tuple([linkName, linkName], 'must be two names')),
  mtu: v.optional(whole(68, 65535)),
});

/** Throws SpecError naming the first field that is wrong. */
export const checkCableSpec = (spec: CableSpec): CableSpec => validate(cableSchema, spec, '') as CableSpec;

/** Throws SpecError naming the first field that is wrong. */
export function checkAttachSpec(spec: AttachSpec): AttachSpec {
  return validate(attachSchema, spec, '') as AttachSpec;
}

export const checkNetworkName = (given: string): string => validate(name, given, 'name');

function isPrefix(text: string, family: 'inet' | 'inet6', longest: number): boolean {
  try {
    const { address: first, length } = parsePrefix(text);
    return familyOf(first) === family && text.includes('/') && length >= 8 && length <= longest;
  } catch {
    return false;
  }
}
