/** The kinds of links that have options here, and what a kernel is lacking that does not know a kind. */
import type { Fields } from '../fields.js';
import { BRIDGE } from './bridge.js';
import { IPVLAN } from './ipvlan.js';
import { MACVLAN } from './macvlan.js';
import { VLAN } from './vlan.js';
import { VXLAN } from './vxlan.js';

/** By the name of the kind, which is the name of the field too. */
export const KIND_OPTIONS = {
  bridge: BRIDGE,
  vlan: VLAN,
  vxlan: VXLAN,
  macvlan: MACVLAN,
  ipvlan: IPVLAN,
} as const;
export type KindWithOptions = keyof typeof KIND_OPTIONS;
export const KINDS_WITH_OPTIONS = Object.keys(KIND_OPTIONS) as KindWithOptions[];

export const optionsOf = (kind: KindWithOptions): Fields<object> => KIND_OPTIONS[kind] as Fields<object>;

/** The module that has a kind, where its name differs, and the option of the kernel's configuration. */
const MODULES: Readonly<Record<string, readonly [module: string, config: string]>> = {
  bridge: ['bridge', 'CONFIG_BRIDGE'],
  veth: ['veth', 'CONFIG_VETH'],
  dummy: ['dummy', 'CONFIG_DUMMY'],
  ifb: ['ifb', 'CONFIG_IFB'],
  vlan: ['8021q', 'CONFIG_VLAN_8021Q'],
  vxlan: ['vxlan', 'CONFIG_VXLAN'],
  macvlan: ['macvlan', 'CONFIG_MACVLAN'],
  macvtap: ['macvtap', 'CONFIG_MACVTAP'],
  ipvlan: ['ipvlan', 'CONFIG_IPVLAN'],
  ipvtap: ['ipvtap', 'CONFIG_IPVTAP'],
  wireguard: ['wireguard', 'CONFIG_WIREGUARD'],
  vrf: ['vrf', 'CONFIG_NET_VRF'],
  bond: ['bonding', 'CONFIG_BONDING'],
  geneve: ['geneve', 'CONFIG_GENEVE'],
  gre: ['ip_gre', 'CONFIG_NET_IPGRE'],
  gretap: ['ip_gre', 'CONFIG_NET_IPGRE'],
  netkit: ['netkit', 'CONFIG_NETKIT'],
};

/** What the kernel says, by NL_SET_ERR_MSG, of a kind it does not know. */
const UNKNOWN = 'Unknown device type';

export function missingKind(kind: string): Readonly<Record<string, string>> {
  const known = Object.hasOwn(MODULES, kind) ? MODULES[kind] : undefined;
  const [module, config] = known ?? [kind, undefined];
  const without = config === undefined ? 'or a kernel that has it' : `or a kernel with ${config}`;
  return { [UNKNOWN]: `This kernel has no links of kind ${kind}: modprobe ${module}, ${without}` };
}
