/** linux/netfilter/nfnetlink.h and linux/netfilter/nf_tables.h */

export const NFNL_SUBSYS_NFTABLES = 10;
export const NFNL_MSG_BATCH = { BEGIN: 0x10, END: 0x11 } as const;
export const NFNL_BATCH_GENID = 1;

const message = (number: number): number => (NFNL_SUBSYS_NFTABLES << 8) | number;

/** Types of messages; those that destroy came with Linux 6.3. */
export const NFT_MSG = {
  NEWTABLE: message(0),
  GETTABLE: message(1),
  DELTABLE: message(2),
  NEWCHAIN: message(3),
  GETCHAIN: message(4),
  DELCHAIN: message(5),
  NEWRULE: message(6),
  GETRULE: message(7),
  DELRULE: message(8),
  NEWSET: message(9),
  GETSET: message(10),
  DELSET: message(11),
  NEWSETELEM: message(12),
  GETSETELEM: message(13),
  DELSETELEM: message(14),
  NEWGEN: message(15),
  GETGEN: message(16),
  GETOBJ: message(19),
  GETFLOWTABLE: message(23),
  DESTROYTABLE: message(26),
  DESTROYCHAIN: message(27),
  DESTROYRULE: message(28),
  DESTROYSET: message(29),
  DESTROYSETELEM: message(30),
} as const;

/** The group of NETLINK_NETFILTER on which changes of the ruleset are told. */
export const NFNLGRP_NFTABLES = 7;

export const NFTA_LIST_ELEM = 1;
export const NFTA_TABLE = { NAME: 1, FLAGS: 2, USE: 3, HANDLE: 4, USERDATA: 6, OWNER: 7 } as const;
export const NFTA_HOOK = { HOOKNUM: 1, PRIORITY: 2, DEV: 3, DEVS: 4 } as const;
export const NFTA_CHAIN = {
  TABLE: 1,
  HANDLE: 2,
  NAME: 3,
  HOOK: 4,
  POLICY: 5,
  USE: 6,
  TYPE: 7,
  USERDATA: 12,
} as const;
export const NFTA_RULE = { TABLE: 1, CHAIN: 2, HANDLE: 3, EXPRESSIONS: 4, POSITION: 6, USERDATA: 7 } as const;
export const NFTA_SET = {
  TABLE: 1,
  NAME: 2,
  FLAGS: 3,
  KEY_TYPE: 4,
  KEY_LEN: 5,
  DATA_TYPE: 6,
  DATA_LEN: 7,
  DESC: 9,
  ID: 10,
  TIMEOUT: 11,
  USERDATA: 13,
  OBJ_TYPE: 15,
  HANDLE: 16,
  EXPR: 17,
  EXPRESSIONS: 18,
} as const;
/** NFTA_OBJ_TABLE and NFTA_FLOWTABLE_TABLE. */
export const NFTA_OF_TABLE = 1;
export const NFTA_SET_DESC = { SIZE: 1, CONCAT: 2 } as const;
export const NFTA_SET_FIELD_LEN = 1;
export const NFTA_SET_ELEM_LIST = { TABLE: 1, SET: 2, ELEMENTS: 3, SET_ID: 4 } as const;
export const NFTA_SET_ELEM = {
  KEY: 1,
  DATA: 2,
  FLAGS: 3,
  TIMEOUT: 4,
  EXPIRATION: 5,
  USERDATA: 6,
  KEY_END: 10,
} as const;
export const NFTA_DATA = { VALUE: 1, VERDICT: 2 } as const;
export const NFTA_VERDICT = { CODE: 1, CHAIN: 2 } as const;
export const NFTA_EXPR = { NAME: 1, DATA: 2 } as const;
export const NFTA_GEN = { ID: 1, PROC_PID: 2, PROC_NAME: 3 } as const;

export const NFT_TABLE_F = { DORMANT: 1, OWNER: 2 } as const;
export const NFT_SET = {
  ANONYMOUS: 1,
  CONSTANT: 2,
  INTERVAL: 4,
  MAP: 8,
  TIMEOUT: 0x10,
  EVAL: 0x20,
  OBJECT: 0x40,
  CONCAT: 0x80,
} as const;
export const NFT_SET_ELEM = { INTERVAL_END: 1, CATCHALL: 2 } as const;

/** Types of data that are verdicts; below are the numbers that nft gives to the types of values. */
export const NFT_DATA_VERDICT = 0xffffff00;

export const NFT_META = {
  PROTOCOL: 1,
  MARK: 3,
  IIF: 4,
  OIF: 5,
  IIFNAME: 6,
  OIFNAME: 7,
  IIFTYPE: 8,
  SKUID: 10,
  SKGID: 11,
  NFPROTO: 15,
  L4PROTO: 16,
  BRI_IIFNAME: 17,
  BRI_OIFNAME: 18,
} as const;
export const NFT_CT = { STATE: 0, DIRECTION: 1, STATUS: 2, MARK: 3 } as const;
export const NFT_FIB = { SADDR: 1, DADDR: 2, MARK: 4, IIF: 8, OIF: 16 } as const;
export const NFT_FIB_RESULT_ADDRTYPE = 3;
export const NFT_PAYLOAD = { LINK: 0, NETWORK: 1, TRANSPORT: 2 } as const;
export const NFT_CMP = { EQ: 0, NEQ: 1, LT: 2, LTE: 3, GT: 4, GTE: 5 } as const;
export const NFT_NAT = { SNAT: 0, DNAT: 1 } as const;
export const NF_NAT_RANGE = {
  MAP_IPS: 1,
  PROTO_SPECIFIED: 2,
  PROTO_RANDOM: 4,
  PERSISTENT: 8,
  PROTO_RANDOM_FULLY: 16,
} as const;
