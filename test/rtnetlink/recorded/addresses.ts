/** Written by record.ts: ip utility, iproute2-6.1.0, libbpf 1.1.2. */
import type { Recorded } from './recorded.js';

export const addresses: readonly Recorded[] = [
  {
    command: 'ip addr add 10.0.1.1/24 dev br0',
    type: 20,
    flags: 1541,
    body: '0218000002000000080002000a000101080001000a000101',
  },
  {
    command: 'ip addr add 10.0.1.1/24 brd + dev br0',
    type: 20,
    flags: 1541,
    body: '0218000002000000080002000a000101080001000a000101080004000a0001ff',
  },
  {
    command: 'ip addr add 127.0.0.5/8 dev lo',
    type: 20,
    flags: 1541,
    body: '020800fe01000000080002007f000005080001007f000005',
  },
  {
    command: 'ip addr add 10.3.0.1 peer 10.3.0.2/32 dev br0',
    type: 20,
    flags: 1541,
    body: '0220000002000000080002000a030001080001000a030002',
  },
  {
    command: 'ip addr add 10.0.1.1/24 scope link label br0:1 metric 5 dev br0 valid_lft 100 preferred_lft 50',
    type: 20,
    flags: 1541,
    body: '021800fd02000000080002000a0001010a0003006272303a310000000800090005000000080001000a0001011400060032000000640000000000000000000000',
  },
  {
    command: 'ip addr add fd00::2/64 nodad dev br0',
    type: 20,
    flags: 1541,
    body: '0a4002000200000014000200fd00000000000000000000000000000214000100fd000000000000000000000000000002',
  },
  {
    command: 'ip addr add fd00::2/64 nodad noprefixroute dev br0',
    type: 20,
    flags: 1541,
    body: '0a4000000200000014000200fd000000000000000000000000000002080008000202000014000100fd000000000000000000000000000002',
  },
  {
    command: 'ip addr replace fd00::1/64 dev br0 valid_lft 100 preferred_lft 100',
    type: 20,
    flags: 1285,
    body: '0a4000000200000014000200fd00000000000000000000000000000114000100fd0000000000000000000000000000011400060064000000640000000000000000000000',
  },
  {
    command: 'ip addr del 10.0.0.1/24 dev br0',
    type: 21,
    flags: 5,
    body: '0218000002000000080002000a000001080001000a000001',
  },
];
