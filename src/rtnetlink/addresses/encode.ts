/** Requests that give links addresses and take them away; linux/if_addr.h. */
import { SpecError } from '../../foundation/errors.js';
import { familyOf } from '../../foundation/ip.js';
import { AttributeWriter } from '../../netlink/attribute-writer.js';
import { NLM_F } from '../../netlink/constants.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { AF, RTM } from '../constants.js';
import {
  checkBoolean,
  checkedIpBytes,
  checkIndex,
  checkInteger,
  checkNames,
  checkText,
  numberOf,
} from '../fields.js';
import { SCOPES, type Scope } from '../scopes.js';

export const IFA = {
  ADDRESS: 1,
  LOCAL: 2,
  LABEL: 3,
  BROADCAST: 4,
  ANYCAST: 5,
  CACHEINFO: 6,
  FLAGS: 8,
  RT_PRIORITY: 9,
  PROTO: 11,
} as const;

/** IFA_F_* that can be asked for, by the name of their field. */
const FLAGS = {
  noDad: 0x02,
  optimistic: 0x04,
  homeAddress: 0x10,
  manageTemporary: 0x100,
  noPrefixRoute: 0x200,
  autoJoin: 0x400,
} as const;
type FlagName = keyof typeof FLAGS;

/** An address of a link; see ip-address(8). */
export interface AddressSpec {
  /** The link, by interface index. */
  readonly link: number;
  readonly address: string;
  /** Of the network that is behind the link. */
  readonly prefixLength: number;
  /** The other end's address; the prefix is then that one's. */
  readonly peer?: string | undefined;
  /** For IPv4; the kernel makes none up. */
  readonly broadcast?: string | undefined;
  /** Default global, or host for 127.0.0.0/8. */
  readonly scope?: Scope | undefined;
  /** For IPv4: a name that begins with the link's. */
  readonly label?: string | undefined;
  /** Metric of the route to the prefix. */
  readonly metric?: number | undefined;
  /** Who has given it: ip-address(8), "proto". Since Linux 5.18. */
  readonly protocol?: number | undefined;
  /** Seconds; default for ever. */
  readonly validLifetime?: number | undefined;
  /** Seconds during which it is chosen for new connections; default for ever. */
  readonly preferredLifetime?: number | undefined;
  /** For IPv6: used at once, without asking first whether another has it, which takes about a second. */
  readonly noDad?: boolean | undefined;
  readonly optimistic?: boolean | undefined;
  readonly homeAddress?: boolean | undefined;
  readonly manageTemporary?: boolean | undefined;
  /** Without a route to the prefix. */
  readonly noPrefixRoute?: boolean | undefined;
  readonly autoJoin?: boolean | undefined;
}

/** What names an address that is to be removed. */
export type AddressTarget = Pick<AddressSpec, 'link' | 'address' | 'prefixLength' | 'peer'>;

const TARGET = ['link', 'address', 'prefixLength', 'peer'];
const FLAG_NAMES = Object.keys(FLAGS) as FlagName[];
const SPEC = [
  ...TARGET,
  ...['broadcast', 'scope', 'label', 'metric', 'protocol', 'validLifetime', 'preferredLifetime'],
  ...FLAG_NAMES,
];
/** What a listed address says beside: it does not name it. */
const SAID = [
  ...['family', 'anycast', 'created', 'updated', 'secondary', 'temporary', 'dadFailed', 'deprecated'],
  ...['tentative', 'permanent', 'stablePrivacy'],
];
const FOREVER = 0xffffffff;

/** Gives a link an address: `ip address add`. Throws SpecError. */
export function addAddress(spec: AddressSpec): NetlinkRequest {
  checkNames(spec, SPEC, '');
  return {
    type: RTM.NEWADDR,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: addressBody(spec),
    what: `add ${textOf(spec)}`,
    remedies: { EEXIST: 'The link has this address already', ENODEV: 'There is no such link' },
  };
}

/** Gives a link an address, or changes the lifetimes, flags and metric of one it has: `ip address replace`. */
export function replaceAddress(spec: AddressSpec): NetlinkRequest {
  return { ...addAddress(spec), flags: NLM_F.CREATE | NLM_F.REPLACE, what: `replace ${textOf(spec)}` };
}

/** Takes an address from a link: `ip address delete`. Throws SpecError. */
export function removeAddress(target: AddressTarget): NetlinkRequest {
  checkNames(target, [...SPEC, ...SAID], '');
  const { link, address, prefixLength, peer } = target;
  return {
    type: RTM.DELADDR,
    flags: 0,
    body: addressBody({ link, address, prefixLength, peer }),
    what: `remove ${textOf(target)}`,
    remedies: { EADDRNOTAVAIL: 'The link has no such address' },
  };
}

const textOf = ({ address, prefixLength, link }: AddressTarget): string =>
  `address ${address}/${prefixLength} of link ${link}`;

function addressBody(spec: AddressSpec): Uint8Array {
  const local = checkedIpBytes(spec.address, 'address');
  const peer = spec.peer === undefined ? local : sameFamily(spec.peer, local, 'peer');
  const flags = flagsOf(spec);
  const writer = new AttributeWriter().raw(addressHeader(spec, local, flags));
  writer.bytesOf(IFA.LOCAL, local);
  if (spec.label !== undefined) writer.text(IFA.LABEL, checkText(spec.label, 15, 'label'));
  if (spec.metric !== undefined) writer.u32(IFA.RT_PRIORITY, checkInteger(spec.metric, 0xffffffff, 'metric'));
  if (spec.protocol !== undefined) writer.u8(IFA.PROTO, checkInteger(spec.protocol, 0xff, 'protocol'));
  if (flags > 0xff) writer.u32(IFA.FLAGS, flags);
  writer.bytesOf(IFA.ADDRESS, peer);
  if (spec.broadcast !== undefined)
    writer.bytesOf(IFA.BROADCAST, sameFamily(spec.broadcast, local, 'broadcast'));
  writeLifetimes(writer, spec);
  return writer.bytes;
}

/** struct ifaddrmsg. */
function addressHeader(spec: AddressSpec, local: Uint8Array, flags: number): Buffer {
  const header = Buffer.alloc(8);
  const scope = spec.scope ?? (local.length === 4 && local[0] === 127 ? 'host' : 'global');
  header.writeUInt8(local.length === 4 ? AF.INET : AF.INET6, 0);
  header.writeUInt8(checkInteger(spec.prefixLength, 8 * local.length, 'prefixLength'), 1);
  header.writeUInt8(flags > 0xff ? 0 : flags, 2);
  header.writeUInt8(numberOf(SCOPES, scope, 0xff, 'scope'), 3);
  header.writeUInt32LE(checkIndex(spec.link, 'link'), 4);
  return header;
}

function flagsOf(spec: AddressSpec): number {
  const asked = FLAG_NAMES.filter((name) => spec[name] !== undefined && checkBoolean(spec[name], name));
  return asked.reduce((sum, name) => sum | FLAGS[name], 0);
}

/** struct ifa_cacheinfo, of which the kernel reads the first two. */
function writeLifetimes(writer: AttributeWriter, spec: AddressSpec): void {
  const { validLifetime = FOREVER, preferredLifetime = validLifetime } = spec;
  if (spec.validLifetime === undefined && spec.preferredLifetime === undefined) return;
  const valid = checkInteger(validLifetime, FOREVER, 'validLifetime', 1);
  const preferred = checkInteger(preferredLifetime, valid, 'preferredLifetime');
  writer.bytesOf(IFA.CACHEINFO, new Uint8Array(new Uint32Array([preferred, valid, 0, 0]).buffer));
}

function sameFamily(value: string, local: Uint8Array, name: string): Uint8Array {
  const bytes = checkedIpBytes(value, name);
  if (bytes.length === local.length) return bytes;
  throw new SpecError(name, `${value} is ${familyOf(value)}, other than the address`);
}
