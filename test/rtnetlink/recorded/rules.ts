/** Written by record.ts: ip utility, iproute2-6.1.0, libbpf 1.1.2. */
import type { Recorded } from './recorded.js';

export const rules: readonly Recorded[] = [
  {
    command: 'ip rule add from 10.0.0.0/8 table 100 priority 1000',
    type: 32,
    flags: 1541,
    body: '020008006400000100000000080002000a00000008000600e8030000',
  },
  {
    command:
      'ip rule add from 10.0.0.0/8 to 10.9.0.1 iif br0 oif lo fwmark 5/0xff table 100 priority 1000 tos 8',
    type: 32,
    flags: 1541,
    body: '022008086400000100000000080002000a000000080001000a0900010800030062723000070011006c6f000008000a000500000008001000ff00000008000600e8030000',
  },
  {
    command: 'ip rule add not from 10.0.0.1 blackhole',
    type: 32,
    flags: 1541,
    body: '020020000000000602000000080002000a000001',
  },
  {
    command: 'ip rule add prohibit ipproto tcp sport 5 dport 80-90 uidrange 0-1000',
    type: 32,
    flags: 1541,
    body: '020000000000000800000000050016000600000008001700050005000800180050005a000c00140000000000e8030000',
  },
  {
    command: 'ip rule add goto 32766 pref 5',
    type: 32,
    flags: 1541,
    body: '02000000000000020000000008000400fe7f00000800060005000000',
  },
  {
    command: 'ip rule add nop pref 6',
    type: 32,
    flags: 1541,
    body: '0200000000000003000000000800060006000000',
  },
  {
    command:
      'ip -6 rule add from fd00::/64 lookup main suppress_prefixlength 0 suppress_ifgroup 5 protocol static',
    type: 32,
    flags: 1541,
    body: '0a004000fe0000010000000014000200fd00000000000000000000000000000008000e000000000008000d00050000000500150004000000',
  },
  {
    command: 'ip rule add to 10.0.0.0/8 lookup 1000',
    type: 32,
    flags: 1541,
    body: '020800000000000100000000080001000a00000008000f00e8030000',
  },
  {
    command: 'ip rule add l3mdev pref 1000',
    type: 32,
    flags: 1541,
    body: '020000000000000100000000050013000100000008000600e8030000',
  },
  {
    command: 'ip rule add realms 3/4 tun_id 5 lookup main',
    type: 32,
    flags: 1541,
    body: '02000000fe0000010000000008000b00040003000c000c000000000000000005',
  },
  {
    command: 'ip rule del from 10.0.0.0/8 table 100 priority 1000',
    type: 33,
    flags: 5,
    body: '020008006400000000000000080002000a00000008000600e8030000',
  },
];
