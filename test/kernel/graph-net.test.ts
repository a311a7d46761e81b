/** Pictures of networks, held against what ip(8), nft(8) and iptables(8) have made and show. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { graph, Network } from '../../src/index.js';
import { buildPicture } from '../../src/web/net/build-picture.js';
import { type Device, devicesOf, type NetPicture, type Place } from '../../src/web/net/picture.js';
import { readNetworks } from '../../src/web/net/read.js';
import { inodeOf, ip, ipJson, run, unwireArticle, wireArticle } from './article-world.js';
import { eventually, isol8, readProc } from './cli-program.js';
import { describeWithOwnProcesses } from './own-mounts.js';

const picture = async (pids?: number[]): Promise<NetPicture> => buildPicture(await readNetworks({ pids }));

function placeIn({ places }: NetPicture, title: string): Place {
  const place = places.find((each) => each.title === title);
  assert.ok(place, `${title} is among ${places.map((each) => each.title)}`);
  return place;
}

/** Whether a process of this group is more than a zombie: proc_pid_stat(5). */
function runsIn(processGroup: number): boolean {
  return readdirSync('/proc').some((name) => {
    const [state, , group] = readProc(`${name}/stat`).split(') ').at(-1)?.split(' ') ?? [];
    return state !== 'Z' && Number(group) === processGroup;
  });
}

function deviceIn(place: Place, name: string): Device {
  const device = devicesOf(place).find((each) => each.name === name);
  assert.ok(device, `${name} is in ${place.title}`);
  return device;
}

/** `host veth0 eth0 netns0 pair` */
function cablesIn({ places, cables }: NetPicture): string[] {
  const end = (id: string, index?: number): string => {
    const place = places.find((each) => each.id === id) as Place;
    return `${place.title} ${devicesOf(place).find((each) => each.index === index)?.name}`;
  };
  return cables
    .map(({ kind, from, to }) => `${kind}: ${end(from.place, from.device)} - ${end(to.place, to.device)}`)
    .sort();
}

/** A process in a named namespace, until it is disposed of. */
async function sleeper(name: string): Promise<AsyncDisposable & { pid: number }> {
  const child = spawn('ip', ['netns', 'exec', name, 'sleep', '1000'], { stdio: 'ignore' });
  await eventually(() => readProc(`${child.pid}/comm`) === 'sleep\n', 'it is there, and sleeps');
  return {
    pid: child.pid as number,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

describeWithOwnProcesses(import.meta.url, 'the picture of networks', () => {
  beforeEach(wireArticle);
  afterEach(unwireArticle);

  it('has every link as ip(8) shows it: kind, state, addresses, MTU, ports with their bridge', async () => {
    ip('link set br0 mtu 1400');
    ip('link add spare0 type veth peer name spare1');
    ip('-n netns1 address add fd00::20/64 dev eth0 nodad');
    const drawn = await picture();
    for (const [title, where] of [
      ['host', ''],
      ['netns0', '-n netns0 '],
      ['netns1', '-n netns1 '],
    ] as const) {
      const place = placeIn(drawn, title);
      const shown = ipJson(`${where}address`);
      assert.equal(devicesOf(place).length, shown.length);
      for (const { ifname, mtu, linkinfo, master, operstate, flags, addr_info } of shown) {
        const device = deviceIn(place, ifname);
        assert.equal(device.mtu, mtu);
        assert.equal(device.kind, linkinfo?.info_kind ?? 'loopback');
        const state = !flags.includes('UP') ? 'down' : /DOWN/.test(operstate) ? 'no carrier' : 'up';
        assert.equal(device.state, state, ifname);
        const global = addr_info.filter(({ scope }: { scope: string }) => scope === 'global');
        assert.deepEqual(
          device.addresses,
          global.map(({ local, prefixlen }: { local: string; prefixlen: number }) => `${local}/${prefixlen}`),
        );
        const bridge = devicesOf(place).find(({ ports }) => ports.includes(device));
        assert.equal(bridge?.name, master);
      }
    }
    assert.deepEqual(deviceIn(placeIn(drawn, 'host'), 'spare0').about, ['⇄ spare1']);
  });

  it('leads from each end of a veth pair to the other', async () => {
    const drawn = await picture();
    assert.deepEqual(cablesIn(drawn), ['pair: host veth0 - netns0 eth0', 'pair: host veth1 - netns1 eth0']);
    assert.deepEqual(
      drawn.places.slice(0, 3).map(({ title, distance }) => [title, distance]),
      [
        ['host', 0],
        ['netns0', 1],
        ['netns1', 1],
      ],
    );
    assert.ok(placeIn(drawn, 'netns0').about.includes(`net ${inodeOf('netns0')}`));
  });

  it('tells two namespaces apart whose links have the same numbers', async () => {
    for (const name of ['left', 'right']) {
      ip(`netns add ${name}`);
      ip(`netns add ${name}-peer`);
      ip(`-n ${name} link add one index 70 type veth peer name two index 71 netns ${name}-peer`);
    }
    const cables = cablesIn(await picture());
    for (const name of ['left', 'right'])
      assert.ok(
        cables.some((cable) =>
          [`pair: ${name} one - ${name}-peer two`, `pair: ${name}-peer two - ${name} one`].includes(cable),
        ),
        `${name}: ${cables}`,
      );
  });

  it('has routes but for those that addresses bring, the default ones first', async () => {
    ip('-n netns0 route add 10.1.0.0/16 via 172.18.0.20 table 7 metric 5');
    ip('-n netns0 route add blackhole 10.9.0.0/24');
    ip('-n netns0 -6 route add default via fe80::1 dev eth0');
    const [first, second, ...rest] = placeIn(await picture(), 'netns0').routes;
    assert.deepEqual(
      [first, second],
      ['default via 172.18.0.1 dev eth0', 'default (IPv6) via fe80::1 dev eth0'],
    );
    assert.deepEqual(rest.toSorted(), [
      '10.1.0.0/16 via 172.18.0.20 dev eth0 table 7 metric 5',
      'blackhole 10.9.0.0/24',
    ]);
  });

  it('says who forwards', async () => {
    const drawn = await picture();
    assert.ok(placeIn(drawn, 'host').about.includes('forwards IPv4'));
    assert.ok(!placeIn(drawn, 'netns0').about.includes('forwards IPv4'));
  });

  it('has what stands on a link of another namespace, and tunnels', async () => {
    ip('link add up0 type veth peer name up1');
    ip('link add mv0 link up0 netns netns1 type macvlan mode bridge');
    ip('-n netns0 link add vx0 type vxlan id 42 remote 172.18.0.20 dstport 4789 dev eth0');
    ip('-n netns1 link add vx0 type vxlan id 42 remote 172.18.0.10 dstport 4789 dev eth0');
    const drawn = await picture();
    const cables = cablesIn(drawn);
    assert.ok(cables.includes('carries: host up0 - netns1 mv0'), `${cables}`);
    assert.ok(cables.includes('tunnel: netns0 vx0 - netns1 vx0'), `${cables}`);
    assert.deepEqual(deviceIn(placeIn(drawn, 'netns0'), 'vx0').about, ['id 42', 'to 172.18.0.20', 'on eth0']);
  });

  it('has processes, but not itself', async () => {
    await using inside = await sleeper('netns0');
    await using _other = await sleeper('netns1');
    const { processes } = placeIn(await picture(), 'netns0');
    assert.deepEqual(processes, [`${inside.pid} sleep 1000`]);
    const all = (await picture()).places.flatMap((place) => place.processes);
    assert.ok(!all.some((words) => words.startsWith(`${process.pid} `)), `${all}`);
    assert.deepEqual(
      (await picture([inside.pid])).places.map(({ title }) => title),
      ['netns0'],
    );
  });

  it('is the same in every format, and refuses a process that is not there', async () => {
    const svg = await graph({ net: true });
    for (const words of ['netns0', '172.18.0.10/16', 'default via 172.18.0.1 dev eth0', 'br0']) {
      assert.ok(svg.includes(words), words);
      for (const format of ['html', 'dot', 'text', 'mermaid'] as const) {
        const drawn = await graph({ net: true, format });
        assert.ok(drawn.includes(words), `${format}: ${words}`);
      }
    }
    await assert.rejects(() => graph({ net: true, pids: [4_194_305] }), { code: 'ESRCH' });
  });

  it('is read while namespaces come and go', async () => {
    const script =
      'while :; do ip netns add brief; ip link add b0 type veth peer name b1 netns brief; ip netns delete brief; done';
    const child = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true });
    try {
      for (let i = 0; i < 30; i++) assert.ok(placeIn(await picture(), 'netns0'));
    } finally {
      process.kill(-(child.pid as number), 'SIGKILL'); // with the ip(8) that is at work
      await once(child, 'exit');
      await eventually(() => !runsIn(child.pid as number), 'its processes have ended');
    }
  });

  describe('translations', () => {
    const translations = async (): Promise<readonly string[]> =>
      placeIn(await picture(), 'host').translations;

    it('are those of iptables(8)', async () => {
      const iptables = (line: string): string => run(`iptables-nft -t nat ${line}`);
      iptables('-A POSTROUTING -s 172.18.0.0/16 ! -o br0 -j MASQUERADE');
      iptables('-A POSTROUTING -s 10.9.0.0/24 -o br+ -j SNAT --to-source 10.1.1.1-10.1.1.4');
      iptables('-A PREROUTING -p tcp --dport 5000 -j DNAT --to-destination 172.18.0.10:80');
      iptables(
        '-A PREROUTING -d 192.168.1.5/32 -p udp --dport 53 ! -i br0 -j DNAT --to-destination 172.18.0.10',
      );
      iptables('-A OUTPUT -p tcp --dport 81 -j REDIRECT --to-ports 8081');
      assert.deepEqual(await translations(), [
        'masquerade oifname != br0 ip saddr 172.18.0.0/16',
        'snat oifname br* ip saddr 10.9.0.0/24 → 10.1.1.1-10.1.1.4',
        'tcp 5000 → 172.18.0.10:80',
        'udp 192.168.1.5:53 (iifname != br0) → 172.18.0.10',
        'tcp 81 → this host:8081',
      ]);
    });

    it('are those of nft(8), with maps', async () => {
      const rules = `table inet t {
        map ports { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { tcp . 8080 : 172.18.0.10 . 80 } }
        chain pre { type nat hook prerouting priority dstnat;
          dnat ip to meta l4proto . th dport map @ports
          dnat ip to tcp dport map { 443 : 172.18.0.20 . 8443 }
          tcp dport 22 dnat ip6 to [fd00::10]:2222
        }
        chain post { type nat hook postrouting priority srcnat; ip saddr 172.18.0.0/16 masquerade; }
      }`;
      const made = spawnSync('nft', ['-f', '-'], { input: rules, encoding: 'utf8' });
      assert.equal(made.status, 0, made.stderr);
      assert.deepEqual(await translations(), [
        'tcp 8080 → 172.18.0.10:80',
        'tcp 443 → 172.18.0.20:8443',
        'tcp 22 → [fd00::10]:2222',
        'masquerade ip saddr 172.18.0.0/16',
      ]);
    });

    it("are those of isol8's networks", async () => {
      await using network = await Network.create({ name: 'web', subnet: '10.50.0.0/24', subnet6: false });
      await network.attach({ path: '/run/netns/netns0' }, { publish: ['8080:80'] });
      const found = await translations();
      assert.ok(
        found.some((words) => /^tcp 8080 → 10\.50\.0\.2:80$/.test(words)),
        `${found}`,
      );
      assert.ok(
        found.some((words) => words.startsWith('masquerade ip saddr 10.50.0.0/24')),
        `${found}`,
      );
    });
  });

  it('shows an ordinary user what he may see, and says what not', async () => {
    const { stdout, status } = await isol8(['graph', '--net', '--format', 'text'], { user: true });
    assert.equal(status, 0);
    assert.match(stdout, /this one/);
    assert.match(stdout, /veth0 {2}veth {2}up {2}⇄ in netns0/);
    assert.match(stdout, /^netns0 {2}net \d+, may not be looked into$/m);
    assert.match(stdout, /^The networks of \d+ processes may not be seen/m);
    assert.match(stdout, /^2 network namespaces may not be looked into/m);
    assert.match(stdout, /^NAT of 1 network namespace may not be seen/m);
  });
});
