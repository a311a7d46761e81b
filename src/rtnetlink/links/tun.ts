/** IFLA_TUN_* of linux/if_link.h. */
import { bool, type Fields, type Named, named, u32 } from '../fields.js';

const TUN_TYPES = { tun: 1, tap: 2 } as const;

/** A link whose other end is a program; see ip-tuntap(8). */
export interface Tun {
  readonly type: Named<typeof TUN_TYPES>;
  /** The user who may open it. */
  readonly owner: number;
  readonly group: number;
  /** Whether every packet begins with its protocol. */
  readonly pi: boolean;
  readonly vnetHeader: boolean;
  /** Whether it is there without a program that has it open. */
  readonly persist: boolean;
  readonly multiQueue: boolean;
  readonly queues: number;
  readonly disabledQueues: number;
}

export const TUN: Fields<Tun> = {
  type: named('u8', 3, TUN_TYPES),
  owner: u32(1),
  group: u32(2),
  pi: bool(4),
  vnetHeader: bool(5),
  persist: bool(6),
  multiQueue: bool(7),
  queues: u32(8),
  disabledQueues: u32(9),
};
