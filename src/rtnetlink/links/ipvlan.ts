/** IFLA_IPVLAN_* of linux/if_link.h. */
import { type Fields, type Named, named } from '../fields.js';

const IPVLAN_MODES = { l2: 0, l3: 1, l3s: 2 } as const;
/** The layer at which the kernel tells the links of one ipvlan apart. */
export type IpvlanMode = Named<typeof IPVLAN_MODES>;
const IPVLAN_FLAGS = { bridge: 0, private: 1, vepa: 2 } as const;
/** How the links of one ipvlan reach each other. */
export type IpvlanFlag = Named<typeof IPVLAN_FLAGS>;

/** Further links on one that share its address; see ip-link(8), "IPVLAN and IPVTAP Type Support". */
export interface IpvlanOptions {
  /** Default l3, as the kernel's; ip-link(8) makes it so too. */
  readonly mode: IpvlanMode;
  /** How those of one link reach each other. Default bridge. */
  readonly flag: IpvlanFlag;
}

export const IPVLAN: Fields<IpvlanOptions> = {
  mode: named('u16', 1, IPVLAN_MODES),
  flag: named('u16', 2, IPVLAN_FLAGS),
};
