/** Settings of IPv4 and IPv6 on one link: IFLA_AF_SPEC of linux/if_link.h. */
import { SpecError } from '../../foundation/errors.js';
import { type AttributeWriter, NLA_F_NESTED } from '../../netlink/attribute-writer.js';
import type { Attributes } from '../../netlink/attributes.js';
import { AF, IFLA } from '../constants.js';
import { checkNames, type Named, nameOf, numberOf, type Some } from '../fields.js';

/** How IPv6 gets its link-local address: IN6_ADDR_GEN_MODE_*. */
export const ADDR_GEN_MODES = { eui64: 0, none: 1, stable_secret: 2, random: 3 } as const;
/** How a link makes its IPv6 addresses: IN6_ADDR_GEN_MODE_* of linux/if_link.h. */
export type AddrGenMode = Named<typeof ADDR_GEN_MODES>;

/**
 * IPV4_DEVCONF_* of linux/ip.h: what /proc/sys/net/ipv4/conf/LINK has, under the same names, explained in the kernel's
 * networking/ip-sysctl.rst.
 */
export const INET_CONF = {
  forwarding: 1,
  mc_forwarding: 2,
  proxy_arp: 3,
  accept_redirects: 4,
  secure_redirects: 5,
  send_redirects: 6,
  shared_media: 7,
  rp_filter: 8,
  accept_source_route: 9,
  bootp_relay: 10,
  log_martians: 11,
  tag: 12,
  arp_filter: 13,
  medium_id: 14,
  disable_xfrm: 15,
  disable_policy: 16,
  force_igmp_version: 17,
  arp_announce: 18,
  arp_ignore: 19,
  promote_secondaries: 20,
  arp_accept: 21,
  arp_notify: 22,
  accept_local: 23,
  src_valid_mark: 24,
  proxy_arp_pvlan: 25,
  route_localnet: 26,
  igmpv2_unsolicited_report_interval: 27,
  igmpv3_unsolicited_report_interval: 28,
  ignore_routes_with_linkdown: 29,
  drop_unicast_in_l2_multicast: 30,
  drop_gratuitous_arp: 31,
  bc_forwarding: 32,
  arp_evict_nocarrier: 33,
} as const;

/** Numbers by the names of /proc/sys/net/ipv4/conf/LINK. */
export type InetConf = Readonly<Record<keyof typeof INET_CONF, number>>;

const INET_NAMES = Object.keys(INET_CONF) as (keyof InetConf)[];
export const IFLA_INET_CONF = 1;
const IFLA_INET6_ADDR_GEN_MODE = 8;

export interface FamilyOptions {
  readonly inet?: Some<InetConf> | undefined;
  readonly addrGenMode?: AddrGenMode | undefined;
}

export function writeFamilyOptions(writer: AttributeWriter, { inet, addrGenMode }: FamilyOptions): void {
  if (inet === undefined && addrGenMode === undefined) return;
  writer.nest(IFLA.AF_SPEC, (spec) => {
    if (inet !== undefined) spec.nest(AF.INET, (family) => writeInet(family, inet));
    if (addrGenMode !== undefined) {
      const mode = numberOf(ADDR_GEN_MODES, addrGenMode, 3, 'addrGenMode');
      spec.nest(AF.INET6, (family) => family.u8(IFLA_INET6_ADDR_GEN_MODE, mode));
    }
  });
}

function writeInet(writer: AttributeWriter, inet: Some<InetConf>): void {
  checkNames(inet, INET_NAMES, 'inet');
  writer.nest(IFLA_INET_CONF | NLA_F_NESTED, (conf) => {
    for (const name of INET_NAMES) {
      const value = inet[name];
      if (value === undefined) continue;
      if (!Number.isInteger(value) || value < -0x80000000 || value > 0x7fffffff)
        throw new SpecError(`inet.${name}`, `${value} is not an integer of 32 bits`);
      conf.s32(INET_CONF[name], value);
    }
  });
}

export interface FamilyState {
  /** Not there where the link has no IPv4. */
  readonly inet?: Partial<InetConf>;
  /** Not there where the link has no IPv6. */
  readonly addrGenMode?: AddrGenMode;
}

export function readFamilyOptions(attributes: Attributes): FamilyState {
  const spec = attributes.nest(IFLA.AF_SPEC);
  const values = spec?.nest(AF.INET)?.bytes(IFLA_INET_CONF);
  const mode = spec?.nest(AF.INET6)?.u8(IFLA_INET6_ADDR_GEN_MODE);
  return {
    ...(values === undefined ? {} : { inet: readInet(values) }),
    ...(mode === undefined ? {} : { addrGenMode: nameOf(ADDR_GEN_MODES, mode) }),
  };
}

/** An array of numbers here, in contrast to how they are written; a kernel has as many of them as it knows. */
function readInet(values: Buffer): Partial<InetConf> {
  const found: { -readonly [Name in keyof InetConf]?: number } = {};
  for (const name of INET_NAMES) {
    const at = 4 * (INET_CONF[name] - 1);
    if (at + 4 <= values.length) found[name] = values.readInt32LE(at);
  }
  return found;
}
