/** IFLA_MACVLAN_* of linux/if_link.h. */
import { SpecError } from '../../foundation/errors.js';
import { type Field, type Fields, type Named, named, u16, u32 } from '../fields.js';
import { macBytes, macText } from '../mac.js';

const MACVLAN_MODES = { private: 1, vepa: 2, bridge: 4, passthru: 8, source: 16 } as const;
/** MACVLAN_MODE_*: how the links of one macvlan reach each other. */
export type MacvlanMode = Named<typeof MACVLAN_MODES>;

/** Further links on one, each with an address of its own; see ip-link(8), "MACVLAN and MACVTAP Type Support". */
export interface MacvlanOptions {
  /** Default vepa. */
  readonly mode: MacvlanMode;
  /** 1 nopromisc, 2 nodst. */
  readonly flags: number;
  /** Packets that may wait to be sent to all. Since Linux 5.12. */
  readonly broadcastQueueLength: number;
  /** In mode source: the addresses that frames are taken from. */
  readonly sources: readonly string[];
}

/** What the kernel says of a macvlan besides its options. */
export interface MacvlanState {
  readonly broadcastQueueLengthUsed: number;
}

const IFLA_MACVLAN = { MACADDR_MODE: 3, MACADDR: 4, MACADDR_DATA: 5 } as const;
const MACVLAN_MACADDR_SET = 3;

const sources: Field<readonly string[]> = {
  write: (writer, value, path) => {
    if (!Array.isArray(value)) throw new SpecError(path, 'must be an array');
    writer.u32(IFLA_MACVLAN.MACADDR_MODE, MACVLAN_MACADDR_SET);
    writer.nest(IFLA_MACVLAN.MACADDR_DATA, (list) => {
      for (const [i, address] of value.entries())
        list.bytesOf(IFLA_MACVLAN.MACADDR, macBytes(address, `${path}[${i}]`));
    });
  },
  read: (attributes) =>
    attributes
      .nest(IFLA_MACVLAN.MACADDR_DATA)
      ?.entries()
      .map(({ bytes }) => macText(bytes)),
};

export const MACVLAN: Fields<MacvlanOptions> = {
  sources,
  broadcastQueueLength: u32(7),
  mode: named('u32', 1, MACVLAN_MODES),
  flags: u16(2),
};

export const MACVLAN_STATE: Fields<MacvlanState> = { broadcastQueueLengthUsed: u32(8) };
