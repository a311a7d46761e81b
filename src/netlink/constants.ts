/** linux/netlink.h; the same on x86-64 and arm64. */

/** linux/socket.h */
export const SOL_NETLINK = 270;

/** Protocols of AF_NETLINK. */
export const NETLINK = { ROUTE: 0, NETFILTER: 12, GENERIC: 16 } as const;

/** Socket options of SOL_NETLINK. */
export const NETLINK_OPTION = {
  ADD_MEMBERSHIP: 1,
  LISTEN_ALL_NSID: 8,
  CAP_ACK: 10,
  EXT_ACK: 11,
  GET_STRICT_CHK: 12,
} as const;

export const NLMSG = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** Flags of a message; those of new, get and delete requests share bits. */
export const NLM_F = {
  REQUEST: 1,
  MULTI: 2,
  ACK: 4,
  DUMP_INTR: 0x10,
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
  CAPPED: 0x100,
  ACK_TLVS: 0x200,
} as const;

/** Attributes of an extended acknowledgement. */
export const NLMSGERR = { MSG: 1, OFFS: 2, MISS_TYPE: 5 } as const;
