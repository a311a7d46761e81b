/**
 * `node --import tsx test/rtnetlink/record.ts`, as root, with strace and iproute2: records what iproute2 sends for the
 * commands below, each in a network namespace of its own, and writes it down in recorded/. What a kernel refuses is
 * recorded all the same.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recorded } from './recorded/recorded.js';

const folder = new URL('recorded/', import.meta.url).pathname;
const traced = join(tmpdir(), `isol8-recorded-${process.pid}`);

/** Links 2 (br0), 3 (veth1) and 4 (veth0, a port of br0), vx0 with 5. */
const WORLD = [
  'mount -t tmpfs tmpfs /run',
  'ip netns add blue',
  'ip link set lo up',
  'ip link add br0 type bridge',
  'ip link set br0 up',
  'ip link add veth0 type veth peer name veth1',
  'ip link set veth0 master br0 up',
  'ip link add vx0 type vxlan id 5 dstport 4789',
  'ip addr add 10.0.0.1/24 dev br0',
  'ip addr add fd00::1/64 dev br0 nodad',
];

/** A process that cannot be: above the largest pid_max. */
const NOBODY = 4194305;

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  links: [
    'ip link add br1 type bridge',
    'ip link add br1 index 77 type bridge forward_delay 200 hello_time 200 max_age 1000 ageing_time 0 stp_state 1 priority 5 vlan_filtering 1 vlan_protocol 802.1ad group_fwd_mask 8 mcast_snooping 0 mcast_router 2 nf_call_iptables 1',
    'ip link add br1 mtu 1400 address 02:00:00:00:00:01 up type bridge mcast_snooping 0',
    'ip link add br1 type bridge mcast_membership_interval 26000 mcast_igmp_version 3 mcast_mld_version 2 no_linklocal_learn 1',
    `ip link add web0 mtu 1400 address 02:00:00:00:00:01 numtxqueues 1 numrxqueues 1 master br0 up type veth peer mtu 1400 address 02:00:00:00:00:02 numtxqueues 1 numrxqueues 1 netns ${NOBODY} name eth0`,
    'ip link add web0 type veth peer name web1 netns blue',
    'ip link add web0 type veth',
    `ip link add web0 netns ${NOBODY} type veth peer name web1`,
    'ip link add d0 broadcast ff:ff:ff:ff:ff:fe txqueuelen 5 group 7 type dummy',
    'ip link add v10 link veth1 type vlan id 10',
    'ip link add v10 link veth1 up type vlan protocol 802.1ad id 10 reorder_hdr off gvrp on',
    'ip link add v10 link veth1 type vlan id 10 egress-qos-map 1:2 3:4 ingress-qos-map 5:6',
    'ip link add vx1 type vxlan id 5 remote 10.0.0.2 local 10.0.0.1 dev br0 dstport 4789 nolearning',
    'ip link add vx1 type vxlan id 16777215 group 239.1.1.1 dev br0 dstport 0',
    'ip link add vx1 type vxlan id 5 remote fd00::2 local fd00::1 dstport 4789 learning',
    'ip link add vx1 type vxlan id 5 srcport 1000 2000 ttl 5 tos 4 df set ageing 30 maxaddress 4 noudpcsum udp6zerocsumtx proxy rsc l2miss l3miss gbp dstport 4789',
    'ip link add vx1 type vxlan dstport 4789 external',
    'ip link add m0 link veth1 type macvlan mode bridge',
    'ip link add m0 link veth1 type macvlan mode passthru nopromisc bcqueuelen 500',
    'ip link add m0 link veth1 type macvlan mode source macaddr set 02:00:00:00:00:01 02:00:00:00:00:02',
    'ip link add i0 link veth1 type ipvlan mode l3',
    'ip link add i0 link veth1 type ipvlan mode l2 private',
    'ip link add ifb9 type ifb',
    'ip link set veth1 up',
    'ip link set veth1 down',
    'ip link set veth1 name eth0',
    'ip link set veth1 mtu 1300 address 02:00:00:00:00:02',
    'ip link set veth1 master br0',
    'ip link set veth0 nomaster',
    `ip link set veth1 netns ${NOBODY}`,
    'ip link set veth1 alias hello',
    'ip link set veth1 addrgenmode none',
    'ip link set veth1 promisc on arp off multicast off allmulticast on',
    'ip link set br0 type bridge forward_delay 400 stp_state 1 mcast_snooping 0',
    'ip link set veth0 type bridge_slave hairpin on learning off flood off isolated on',
    'ip link del veth0',
  ],
  addresses: [
    'ip addr add 10.0.1.1/24 dev br0',
    'ip addr add 10.0.1.1/24 brd + dev br0',
    'ip addr add 127.0.0.5/8 dev lo',
    'ip addr add 10.3.0.1 peer 10.3.0.2/32 dev br0',
    'ip addr add 10.0.1.1/24 scope link label br0:1 metric 5 dev br0 valid_lft 100 preferred_lft 50',
    'ip addr add fd00::2/64 nodad dev br0',
    'ip addr add fd00::2/64 nodad noprefixroute dev br0',
    'ip addr replace fd00::1/64 dev br0 valid_lft 100 preferred_lft 100',
    'ip addr del 10.0.0.1/24 dev br0',
  ],
  routes: [
    'ip route add default via 10.0.0.2',
    'ip -6 route add default via fd00::2 dev br0 metric 9 pref high expires 100',
    'ip route add 10.1.0.0/16 via 10.0.0.2 src 10.0.0.1 metric 7 table 1000 dev br0 proto static',
    'ip route add 10.1.0.0/16 via 10.7.0.2 dev br0 onlink',
    'ip route add 10.1.0.0/16 dev br0 table 100 metric 5 mtu 1400',
    'ip route add 10.1.0.1 dev br0 mtu lock 1400 advmss 1000 hoplimit 5 initcwnd 10 quickack 1',
    'ip route add fd08::/64 dev br0',
    'ip route add blackhole 10.9.0.0/24',
    'ip route add unreachable fd05::/64 metric 1000',
    'ip route add prohibit 10.9.0.0/24',
    'ip route add throw 10.9.0.0/24 table 7',
    'ip route add local 10.9.0.1 dev lo',
    'ip route add multicast 224.0.0.0/4 dev br0',
    'ip route add 10.2.0.0/24 nexthop via 10.0.0.2 dev br0 weight 2 nexthop via 10.0.0.3 dev br0 onlink',
    'ip -6 route add fd07::/64 nexthop via fd00::2 dev br0 nexthop via fd00::3 dev br0 weight 5',
    'ip route add 10.1.0.0/16 via inet6 fd00::9 dev br0',
    'ip route replace 10.1.0.0/16 dev br0',
    'ip route append 10.1.0.0/16 dev br0 metric 5',
    'ip route del 10.1.0.0/16 dev br0',
    'ip route del default',
    'ip -6 route del fd08::/64 dev br0 table 9',
    'ip route get 10.5.5.5 from 10.0.0.1 mark 7',
    'ip route get fd00::5',
  ],
  rules: [
    'ip rule add from 10.0.0.0/8 table 100 priority 1000',
    'ip rule add from 10.0.0.0/8 to 10.9.0.1 iif br0 oif lo fwmark 5/0xff table 100 priority 1000 tos 8',
    'ip rule add not from 10.0.0.1 blackhole',
    'ip rule add prohibit ipproto tcp sport 5 dport 80-90 uidrange 0-1000',
    'ip rule add goto 32766 pref 5',
    'ip rule add nop pref 6',
    'ip -6 rule add from fd00::/64 lookup main suppress_prefixlength 0 suppress_ifgroup 5 protocol static',
    'ip rule add to 10.0.0.0/8 lookup 1000',
    'ip rule add l3mdev pref 1000',
    'ip rule add realms 3/4 tun_id 5 lookup main',
    'ip rule del from 10.0.0.0/8 table 100 priority 1000',
  ],
  neighbors: [
    'ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev br0 nud permanent',
    'ip neigh replace 10.0.0.5 lladdr 02:00:00:00:00:05 dev br0 nud reachable',
    'ip neigh add proxy 10.0.0.9 dev br0',
    'ip neigh add fd00::9 lladdr 02:00:00:00:00:05 dev br0 router extern_learn nud stale protocol static',
    'ip neigh add 10.0.0.6 dev br0 managed',
    'ip neigh del 10.0.0.5 dev br0',
    'bridge fdb add 02:00:00:00:00:07 dev br0 self permanent',
    'bridge fdb add 02:00:00:00:00:07 dev veth0 master static',
    'bridge fdb add 02:00:00:00:00:07 dev veth0 master dynamic extern_learn',
    'bridge fdb replace 02:00:00:00:00:07 dev veth0 master static vlan 5 sticky',
    'bridge fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.7 port 4790 vni 9 via br0',
    'bridge fdb append 00:00:00:00:00:00 dev vx0 dst fd00::7',
    'bridge fdb del 02:00:00:00:00:07 dev veth0 master',
  ],
  qdiscs: [
    'tc qdisc add dev br0 root tbf rate 1mbit burst 10kb latency 50ms',
    'tc qdisc replace dev br0 parent 1:1 handle 10: tbf rate 1mbit burst 10kb limit 3000 peakrate 2mbit mtu 1600 mpu 64 overhead 14',
    'tc qdisc add dev br0 root tbf rate 50gbit burst 10mb latency 1ms',
    'tc qdisc add dev br0 root tbf rate 3333bit burst 1531 limit 99999',
    'tc qdisc add dev br0 root netem delay 100ms 10ms loss 1%',
    'tc qdisc add dev br0 root netem delay 100ms 10ms 25% loss 1% 5% duplicate 2% 3% reorder 25% 50% gap 5 corrupt 0.1% 2% rate 1mbit 20 100 5 limit 500 ecn',
    'tc qdisc add dev br0 root netem loss gemodel 1% 10% 70% 0.1%',
    'tc qdisc add dev br0 root netem loss state 1% 10% 75% 0.1% 5%',
    'tc qdisc add dev br0 root netem slot 800us 1000us packets 5 bytes 1000',
    'tc qdisc add dev br0 root netem rate 50gbit',
    'tc qdisc add dev br0 clsact',
    'tc qdisc add dev br0 ingress',
    'tc qdisc del dev br0 root',
  ],
};

/** The bytes of every buffer that is sent, as strace dumps them. */
function dumped(text: string): Buffer[] {
  const buffers: string[] = [];
  let open = false;
  for (const line of text.split('\n')) {
    const bytes = /^ \| [\da-f]{5} {2}([\da-f ]{49})/.exec(line)?.[1]?.replaceAll(' ', '');
    if (bytes === undefined) open = false;
    else if (open) buffers.push(buffers.pop() + bytes);
    else buffers.push(bytes);
    if (bytes !== undefined) open = true;
  }
  return buffers.map((hex) => Buffer.from(hex, 'hex'));
}

/** Not a question for the sake of another message, and not the empty one that ip-link(8) tries the kernel by. */
function isWanted(message: Buffer, command: string): boolean {
  const type = message.readUInt16LE(4);
  if (command.includes(' get ')) return type === 26;
  return type % 4 !== 2 && !message.subarray(16).every((byte) => byte === 0);
}

function record(command: string): Recorded {
  const script = [
    ...WORLD,
    `strace -e trace=sendmsg,sendto -e write=all -o ${traced} ${command} || true`,
  ].join('\n');
  const { status, stderr } = spawnSync('unshare', ['--net', '--mount', 'sh', '-ec', script], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
  const messages = dumped(readFileSync(traced, 'utf8')).filter((message) => isWanted(message, command));
  const [message] = messages;
  if (message === undefined || messages.length !== 1)
    throw new Error(`${command}: ${messages.length} messages\n${stderr}`);
  return {
    command,
    type: message.readUInt16LE(4),
    flags: message.readUInt16LE(6),
    body: message.toString('hex', 16),
  };
}

for (const [name, commands] of Object.entries(COMMANDS)) {
  const lines = commands.map(
    (command) =>
      `  ${JSON.stringify(record(command))
        .replaceAll('"', "'")
        .replace(/'(\w+)':/g, '$1: ')},`,
  );
  const head = `/** Written by record.ts: ${spawnSync('ip', ['-V'], { encoding: 'utf8' }).stdout.trim()}. */\nimport type { Recorded } from './recorded.js';\n`;
  const text = `${head}\nexport const ${name}: readonly Recorded[] = [\n${lines.join('\n')}\n];\n`;
  writeFileSync(join(folder, `${name}.ts`), text);
}
spawnSync('npx', ['biome', 'check', '--write', folder], { stdio: 'inherit' });
