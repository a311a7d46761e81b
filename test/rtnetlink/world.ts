/**
 * A network that has some of everything this kernel can, made by iproute2 in the namespace of whoever runs it: for tests in
 * own mounts. What takes a device that not everybody may open is left out where it cannot be made.
 */
import { execFileSync } from 'node:child_process';

const COMMANDS = `
ip netns add blue
ip link set lo up
ip link add br0 type bridge stp_state 0 forward_delay 200 mcast_querier 1 priority 4096
ip link set br0 up
ip link add veth0 numtxqueues 2 numrxqueues 2 type veth peer name veth1
ip link set veth0 master br0 up alias hello
ip link set veth1 up group 7
ip link add web0 type veth peer name eth0 netns blue
ip link set web0 master br0 up
ip link set web0 type bridge_slave hairpin on isolated on learning off
ip link add vx0 type vxlan id 5 remote 10.0.0.9 local 10.0.0.1 dev br0 dstport 4789 ageing 50
ip link add vx6 type vxlan id 6 group ff05::100 dev br0 dstport 4790 srcport 1000 2000 ttl 5 df set
ip link add vx7 type vxlan id 7 local fd00::1 remote fd00::7 dstport 4792 tos 4 maxaddress 9 gbp proxy rsc l2miss l3miss
ip link add vxe type vxlan dstport 4791 external
ip link add m0 link veth1 type macvlan mode bridge
ip link add m1 link veth1 type macvlan mode source macaddr set 02:00:00:00:00:01 02:00:00:00:00:02
ip link add m2 link vx0 type macvlan mode passthru nopromisc
ip link add ifbz type ifb
ip link property add dev veth1 altname longlonglonglongname
ip link set vx0 up
ip addr add 10.0.0.1/24 brd + dev br0
ip addr add 10.0.0.3/24 dev br0
ip addr add 10.0.5.1 peer 10.0.5.2/32 dev br0 scope link label br0:x metric 7 valid_lft 100000 preferred_lft 50000
ip addr add fd00::1/64 dev br0 nodad
ip addr add fd00::2/64 dev br0 noprefixroute valid_lft 100000 preferred_lft 0
ip addr add fd01::1 peer fd01::2/128 dev br0 nodad
ip route add default via 10.0.0.2
ip route add 10.1.0.0/16 via 10.0.0.2 src 10.0.0.1 metric 7 table 1000 dev br0 proto static
ip route add 10.1.0.1 dev br0 mtu lock 1400 advmss 1000 hoplimit 5 initcwnd 10 quickack 1 rto_min 300ms window 7 ssthresh 8
ip route add 10.1.0.2 via 10.77.0.1 dev br0 onlink
ip route add 10.1.0.3 tos 8 dev br0 proto 77 scope 7 realm 5
ip route add blackhole 10.9.0.0/24
ip route add unreachable 10.9.1.0/24
ip route add prohibit 10.9.2.0/24
ip route add throw 10.9.3.0/24 table 7
ip route add local 10.9.4.1 dev lo
ip route add multicast 224.0.0.0/4 dev br0
ip route add 10.2.0.0/24 nexthop via 10.0.0.2 dev br0 weight 2 nexthop via 10.0.0.9 dev br0 onlink
ip route add 10.3.0.0/16 via inet6 fd00::9 dev br0
ip -6 route add default via fd00::2:2 dev br0 metric 9 pref high expires 100000
ip -6 route add fd07::/64 nexthop via fd00::12 dev br0 nexthop via fd00::13 dev br0 weight 5
ip -6 route add unreachable fd05::/64 metric 1000
ip -6 route add fd09::/64 dev br0 mtu 1400 pref low
ip rule add from 10.0.0.0/8 to 10.9.0.1 iif br0 oif lo fwmark 5/0xff table 100 priority 1000 tos 8
ip rule add not from 10.0.0.1 blackhole
ip rule add prohibit ipproto tcp sport 5 dport 80-90 uidrange 0-1000
ip rule add goto 32766 pref 5
ip rule add nop pref 6
ip rule add iif nowhere pref 7 lookup 1000
ip -6 rule add from fd00::/64 lookup main suppress_prefixlength 0 suppress_ifgroup 5 protocol static
ip rule add tun_id 5 lookup main pref 999
ip rule add l3mdev pref 1001
ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev br0 nud permanent
ip neigh add proxy 10.0.0.99 dev br0
ip neigh add fd00::9 lladdr 02:00:00:00:00:05 dev br0 router extern_learn nud permanent protocol static
bridge fdb add 02:00:00:00:00:07 dev veth0 master static
bridge fdb add 02:00:00:00:00:08 dev veth0 master dynamic extern_learn
bridge fdb add 02:00:00:00:00:09 dev web0 master static sticky
bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.7 port 4790 vni 9 via br0
bridge fdb append 00:00:00:00:00:00 dev vx7 dst fd00::8 vni 8
tc qdisc add dev br0 root handle 10: tbf rate 1mbit burst 10kb limit 3000
tc qdisc add dev veth0 root tbf rate 10mbit burst 20kb latency 50ms mpu 64 overhead 14
tc qdisc add dev vx0 root tbf rate 50gbit burst 10mb latency 1ms
tc qdisc add dev veth1 root pfifo limit 10
tc qdisc add dev veth0 clsact
tc qdisc add dev veth1 ingress
`;

const OPTIONAL = `
ip tuntap add tap0 mode tap user 0
ip tuntap add tun0 mode tun multi_queue
ip route add 10.8.0.0/16 dev br0 congctl cubic features ecn
ip neigh add 10.0.0.6 dev br0 managed
`;

const lines = (text: string): string[] => text.trim().split('\n');

export function ip(command: string): string {
  const [program, ...args] = command.split(' ') as [string, ...string[]];
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export function makeWorld(): void {
  for (const command of lines(COMMANDS)) ip(command);
  for (const command of lines(OPTIONAL)) {
    try {
      ip(command);
    } catch {} // not every caller may, and not every kernel can
  }
}
