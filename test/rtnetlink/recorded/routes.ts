/** Written by record.ts: ip utility, iproute2-6.1.0, libbpf 1.1.2. */
import type { Recorded } from './recorded.js';

export const routes: readonly Recorded[] = [
  {
    command: 'ip route add default via 10.0.0.2',
    type: 24,
    flags: 1541,
    body: '02000000fe03000100000000080005000a000002',
  },
  {
    command: 'ip -6 route add default via fd00::2 dev br0 metric 9 pref high expires 100',
    type: 24,
    flags: 1541,
    body: '0a000000fe03000100000000140001000000000000000000000000000000000014000500fd0000000000000000000000000000020800060009000000050014000100000008001700640000000800040002000000',
  },
  {
    command: 'ip route add 10.1.0.0/16 via 10.0.0.2 src 10.0.0.1 metric 7 table 1000 dev br0 proto static',
    type: 24,
    flags: 1541,
    body: '021000000004000100000000080001000a010000080005000a000002080007000a000001080006000700000008000f00e80300000800040002000000',
  },
  {
    command: 'ip route add 10.1.0.0/16 via 10.7.0.2 dev br0 onlink',
    type: 24,
    flags: 1541,
    body: '02100000fe03000104000000080001000a010000080005000a0700020800040002000000',
  },
  {
    command: 'ip route add 10.1.0.0/16 dev br0 table 100 metric 5 mtu 1400',
    type: 24,
    flags: 1541,
    body: '021000006403fd0100000000080001000a010000080006000500000008000400020000000c0008000800020078050000',
  },
  {
    command: 'ip route add 10.1.0.1 dev br0 mtu lock 1400 advmss 1000 hoplimit 5 initcwnd 10 quickack 1',
    type: 24,
    flags: 1541,
    body: '02200000fe03fd0100000000080001000a010001080004000200000034000800080002007805000008000800e803000008000a000500000008000b000a00000008000f00010000000800010004000000',
  },
  {
    command: 'ip route add fd08::/64 dev br0',
    type: 24,
    flags: 1541,
    body: '0a400000fe0300010000000014000100fd0800000000000000000000000000000800040002000000',
  },
  {
    command: 'ip route add blackhole 10.9.0.0/24',
    type: 24,
    flags: 1541,
    body: '02180000fe03000600000000080001000a090000',
  },
  {
    command: 'ip route add unreachable fd05::/64 metric 1000',
    type: 24,
    flags: 1541,
    body: '0a400000fe0300070000000014000100fd05000000000000000000000000000008000600e8030000',
  },
  {
    command: 'ip route add prohibit 10.9.0.0/24',
    type: 24,
    flags: 1541,
    body: '02180000fe03000800000000080001000a090000',
  },
  {
    command: 'ip route add throw 10.9.0.0/24 table 7',
    type: 24,
    flags: 1541,
    body: '021800000703000900000000080001000a090000',
  },
  {
    command: 'ip route add local 10.9.0.1 dev lo',
    type: 24,
    flags: 1541,
    body: '02200000ff03fe0200000000080001000a0900010800040001000000',
  },
  {
    command: 'ip route add multicast 224.0.0.0/4 dev br0',
    type: 24,
    flags: 1541,
    body: '02040000fe03fd050000000008000100e00000000800040002000000',
  },
  {
    command:
      'ip route add 10.2.0.0/24 nexthop via 10.0.0.2 dev br0 weight 2 nexthop via 10.0.0.3 dev br0 onlink',
    type: 24,
    flags: 1541,
    body: '02180000fe03000100000000080001000a020000240009001000000102000000080005000a0000021000040002000000080005000a000003',
  },
  {
    command: 'ip -6 route add fd07::/64 nexthop via fd00::2 dev br0 nexthop via fd00::3 dev br0 weight 5',
    type: 24,
    flags: 1541,
    body: '0a400000fe0300010000000014000100fd0700000000000000000000000000003c0009001c0000000200000014000500fd0000000000000000000000000000021c0000040200000014000500fd000000000000000000000000000003',
  },
  {
    command: 'ip route add 10.1.0.0/16 via inet6 fd00::9 dev br0',
    type: 24,
    flags: 1541,
    body: '02100000fe03000100000000080001000a010000160012000a00fd00000000000000000000000000000900000800040002000000',
  },
  {
    command: 'ip route replace 10.1.0.0/16 dev br0',
    type: 24,
    flags: 1285,
    body: '02100000fe03fd0100000000080001000a0100000800040002000000',
  },
  {
    command: 'ip route append 10.1.0.0/16 dev br0 metric 5',
    type: 24,
    flags: 3077,
    body: '02100000fe03fd0100000000080001000a01000008000600050000000800040002000000',
  },
  {
    command: 'ip route del 10.1.0.0/16 dev br0',
    type: 25,
    flags: 5,
    body: '02100000fe00ff0000000000080001000a0100000800040002000000',
  },
  { command: 'ip route del default', type: 25, flags: 5, body: '02000000fe00ff0000000000' },
  {
    command: 'ip -6 route del fd08::/64 dev br0 table 9',
    type: 25,
    flags: 5,
    body: '0a400000090000000000000014000100fd0800000000000000000000000000000800040002000000',
  },
  {
    command: 'ip route get 10.5.5.5 from 10.0.0.1 mark 7',
    type: 26,
    flags: 1,
    body: '022020000000000000100000080001000a050505080002000a0000010800100007000000',
  },
  {
    command: 'ip route get fd00::5',
    type: 26,
    flags: 1,
    body: '0a800000000000000000000014000100fd000000000000000000000000000005',
  },
];
