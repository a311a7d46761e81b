import type { IpFamily } from '../../foundation/ip.js';
import { attributesOf, needed, trueFlags } from '../../netlink/body.js';
import { NetlinkDecodeError } from '../../netlink/errors.js';
import type { NetlinkMessage } from '../../netlink/message.js';
import { AF, RTM } from '../constants.js';
import { ipTextOf, nameOf } from '../fields.js';
import { SCOPES, type Scope } from '../scopes.js';
import { IFA } from './encode.js';

/** struct ifaddrmsg. */
const HEADER = 8;

/** IFA_F_*, by the name of their field; those that a spec has too are called as there. */
const FLAGS = {
  noDad: 0x02,
  optimistic: 0x04,
  dadFailed: 0x08,
  homeAddress: 0x10,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  manageTemporary: 0x100,
  noPrefixRoute: 0x200,
  autoJoin: 0x400,
  stablePrivacy: 0x800,
} as const;
const SECONDARY = 0x01;
const FOREVER = 0xffffffff;

/** An address of a link, as the kernel has it. */
export interface Address {
  readonly link: number;
  readonly family: IpFamily;
  readonly address: string;
  readonly prefixLength: number;
  readonly peer?: string;
  readonly broadcast?: string;
  readonly anycast?: string;
  readonly scope: Scope;
  readonly label?: string;
  readonly metric?: number;
  readonly protocol?: number;
  /** Seconds from now; not there when it stays for ever. */
  readonly validLifetime?: number;
  readonly preferredLifetime?: number;
  /** When it was made and changed last, in hundredths of a second since the machine was started. */
  readonly created?: number;
  readonly updated?: number;
  /** For IPv4: not the first of its network. */
  readonly secondary?: true;
  /** For IPv6: made by privacy extensions, RFC 8981. */
  readonly temporary?: true;
  readonly noDad?: true;
  readonly optimistic?: true;
  /** Another has it. */
  readonly dadFailed?: true;
  readonly homeAddress?: true;
  /** Its preferred lifetime is over. */
  readonly deprecated?: true;
  /** It is still being asked whether another has it. */
  readonly tentative?: true;
  /** Without a lifetime. */
  readonly permanent?: true;
  readonly manageTemporary?: true;
  readonly noPrefixRoute?: true;
  readonly autoJoin?: true;
  readonly stablePrivacy?: true;
}

/** Reads RTM_NEWADDR or RTM_DELADDR. Throws NetlinkDecodeError. */
export function decodeAddress(message: NetlinkMessage): Address {
  const attributes = attributesOf(message, [RTM.NEWADDR, RTM.DELADDR], HEADER);
  const { body } = message;
  const family = familyName(body.readUInt8(0));
  const ip = (attribute: number): string | undefined => {
    const bytes = attributes.bytes(attribute);
    return bytes && ipTextOf(bytes, family);
  };
  const near = ip(IFA.LOCAL);
  const far = ip(IFA.ADDRESS);
  const address = needed(near ?? far, 'the address');
  const flags = attributes.u32(IFA.FLAGS) ?? body.readUInt8(2);
  return {
    link: body.readUInt32LE(4),
    family,
    address,
    prefixLength: checkedLength(body.readUInt8(1), family),
    ...(far === undefined || far === address ? {} : { peer: far }),
    ...present({ broadcast: ip(IFA.BROADCAST), anycast: ip(IFA.ANYCAST), label: attributes.text(IFA.LABEL) }),
    scope: nameOf(SCOPES, body.readUInt8(3)),
    ...present({ metric: attributes.u32(IFA.RT_PRIORITY), protocol: attributes.u8(IFA.PROTO) }),
    ...readLifetimes(attributes.bytes(IFA.CACHEINFO, 16)),
    ...(flags & SECONDARY && (family === 'inet' ? { secondary: true } : { temporary: true })),
    ...trueFlags(flags, FLAGS),
  };
}

export function familyName(family: number): IpFamily {
  if (family === AF.INET) return 'inet';
  if (family === AF.INET6) return 'inet6';
  throw new NetlinkDecodeError(`family ${family} is neither inet nor inet6`);
}

/** Throws NetlinkDecodeError. */
export function checkedLength(length: number, family: IpFamily): number {
  if (length <= (family === 'inet' ? 32 : 128)) return length;
  throw new NetlinkDecodeError(`a prefix of ${length} bits`);
}

/** struct ifa_cacheinfo. */
function readLifetimes(
  bytes: Buffer | undefined,
): Pick<Address, 'validLifetime' | 'preferredLifetime' | 'created' | 'updated'> {
  if (bytes === undefined) return {};
  const seconds = (at: number): number | undefined => {
    const value = bytes.readUInt32LE(at);
    return value === FOREVER ? undefined : value;
  };
  return {
    ...present({ validLifetime: seconds(4), preferredLifetime: seconds(0) }),
    created: bytes.readUInt32LE(8),
    updated: bytes.readUInt32LE(12),
  };
}

/** Without what is undefined. */
export function present<Of extends object>(
  values: Of,
): { [Name in keyof Of]?: Exclude<Of[Name], undefined> } {
  const found = { ...values } as { [Name in keyof Of]?: Exclude<Of[Name], undefined> };
  for (const name in found) if (found[name] === undefined) delete found[name];
  return found;
}
