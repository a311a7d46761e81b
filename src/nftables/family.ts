import { NetlinkDecodeError } from '../netlink/errors.js';

/** Families of tables, as nft(8) calls them: inet is ip and ip6 together. */
export type Family = 'ip' | 'ip6' | 'inet' | 'bridge' | 'netdev' | 'arp';

/** A table by its two names. */
export interface TableName {
  readonly family: Family;
  readonly name: string;
}

export const isSameTable = (a: TableName, b: TableName): boolean =>
  a.family === b.family && a.name === b.name;

/** NFPROTO_* of linux/netfilter.h. */
export const NFPROTO: Readonly<Record<Family, number>> = {
  inet: 1,
  ip: 2,
  arp: 3,
  netdev: 5,
  bridge: 7,
  ip6: 10,
};

export function familyOf(number: number): Family {
  for (const [family, known] of Object.entries(NFPROTO)) if (known === number) return family as Family;
  throw new NetlinkDecodeError(`a table of family ${number}`);
}

/** Where on their way packets come by a base chain. */
export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'ingress' | 'egress';

const INET_HOOKS: readonly Hook[] = ['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress'];
const HOOKS: Readonly<Record<Family, readonly Hook[]>> = {
  ip: INET_HOOKS.slice(0, 5),
  ip6: INET_HOOKS.slice(0, 5),
  inet: INET_HOOKS,
  bridge: INET_HOOKS.slice(0, 5),
  arp: ['input', 'output'],
  netdev: ['ingress', 'egress'],
};

/** The hooks that a family has, each at its number. */
export const hooksOf = (family: Family): readonly Hook[] => HOOKS[family];
