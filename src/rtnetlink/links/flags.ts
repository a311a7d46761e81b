/** IFF_* of linux/if.h: what `ip link` shows between `<` and `>`. */
import { checkBoolean, join } from '../fields.js';

export const IFF = {
  UP: 0x1,
  BROADCAST: 0x2,
  DEBUG: 0x4,
  LOOPBACK: 0x8,
  POINTOPOINT: 0x10,
  NOTRAILERS: 0x20,
  RUNNING: 0x40,
  NOARP: 0x80,
  PROMISC: 0x100,
  ALLMULTI: 0x200,
  MASTER: 0x400,
  SLAVE: 0x800,
  MULTICAST: 0x1000,
  PORTSEL: 0x2000,
  AUTOMEDIA: 0x4000,
  DYNAMIC: 0x8000,
  LOWER_UP: 0x10000,
  DORMANT: 0x20000,
  ECHO: 0x40000,
} as const;

/** IFF_* of linux/if.h, as netdevice(7) explains them. */
export type LinkFlag = keyof typeof IFF;

export const flagNames = (flags: number): LinkFlag[] =>
  (Object.keys(IFF) as LinkFlag[]).filter((name) => flags & IFF[name]);

/** The fields of a spec that are flags; `arp` is the absence of one. */
const CHANGEABLE = {
  up: IFF.UP,
  promiscuous: IFF.PROMISC,
  allMulticast: IFF.ALLMULTI,
  multicast: IFF.MULTICAST,
  arp: IFF.NOARP,
} as const;

export type FlagOptions = { readonly [Name in keyof typeof CHANGEABLE]?: boolean | undefined };

/** What to set the flags to, and which of them. Throws SpecError. */
export function flagsOf(options: FlagOptions, path: string): { set: number; counted: number } {
  let [set, counted] = [0, 0];
  for (const name of Object.keys(CHANGEABLE) as (keyof FlagOptions)[]) {
    const wanted = options[name];
    if (wanted === undefined) continue;
    counted |= CHANGEABLE[name];
    if (checkBoolean(wanted, join(path, name)) !== (name === 'arp')) set |= CHANGEABLE[name];
  }
  return { set, counted };
}
