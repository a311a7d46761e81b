/** Written by record.ts: ip utility, iproute2-6.1.0, libbpf 1.1.2. */
import type { Recorded } from './recorded.js';

export const neighbors: readonly Recorded[] = [
  {
    command: 'ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev br0 nud permanent',
    type: 28,
    flags: 1541,
    body: '020000000200000080000000080001000a0000050a0002000200000000050000',
  },
  {
    command: 'ip neigh replace 10.0.0.5 lladdr 02:00:00:00:00:05 dev br0 nud reachable',
    type: 28,
    flags: 1285,
    body: '020000000200000002000000080001000a0000050a0002000200000000050000',
  },
  {
    command: 'ip neigh add proxy 10.0.0.9 dev br0',
    type: 28,
    flags: 1541,
    body: '020000000200000080000800080001000a000009',
  },
  {
    command:
      'ip neigh add fd00::9 lladdr 02:00:00:00:00:05 dev br0 router extern_learn nud stale protocol static',
    type: 28,
    flags: 1541,
    body: '0a000000020000000400900005000c000400000014000100fd0000000000000000000000000000090a0002000200000000050000',
  },
  {
    command: 'ip neigh add 10.0.0.6 dev br0 managed',
    type: 28,
    flags: 1541,
    body: '020000000200000000000000080001000a00000608000f0001000000',
  },
  {
    command: 'ip neigh del 10.0.0.5 dev br0',
    type: 29,
    flags: 5,
    body: '020000000200000080000000080001000a000005',
  },
  {
    command: 'bridge fdb add 02:00:00:00:00:07 dev br0 self permanent',
    type: 28,
    flags: 1541,
    body: '0700000002000000c00002000a0002000200000000070000',
  },
  {
    command: 'bridge fdb add 02:00:00:00:00:07 dev veth0 master static',
    type: 28,
    flags: 1541,
    body: '0700000004000000420004000a0002000200000000070000',
  },
  {
    command: 'bridge fdb add 02:00:00:00:00:07 dev veth0 master dynamic extern_learn',
    type: 28,
    flags: 1541,
    body: '0700000004000000020014000a0002000200000000070000',
  },
  {
    command: 'bridge fdb replace 02:00:00:00:00:07 dev veth0 master static vlan 5 sticky',
    type: 28,
    flags: 1285,
    body: '0700000004000000420044000a00020002000000000700000600050005000000',
  },
  {
    command: 'bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.7 port 4790 vni 9 via br0',
    type: 28,
    flags: 3077,
    body: '0700000005000000c00002000a0002000000000000000000080001000a0000070600060012b6000008000700090000000800080002000000',
  },
  {
    command: 'bridge fdb append 00:00:00:00:00:00 dev vx0 dst fd00::7',
    type: 28,
    flags: 3077,
    body: '0700000005000000c00002000a000200000000000000000014000100fd000000000000000000000000000007',
  },
  {
    command: 'bridge fdb del 02:00:00:00:00:07 dev veth0 master',
    type: 29,
    flags: 5,
    body: '0700000004000000c00004000a0002000200000000070000',
  },
];
