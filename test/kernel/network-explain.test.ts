/** What --explain=sh prints of networks, run by sh(1) beside what the operations do, both as ip(8) and nft(8) see them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createNamespaces, Namespace, Network } from '../../src/index.js';
import {
  attachLines,
  createLines,
  detachLines,
  removeLines,
  scriptText,
} from '../../src/network/explain/script.js';
import { NetworkHost } from '../../src/network/host.js';
import {
  type MemberRecord,
  type NetworkRecord,
  readMembers,
  readNetwork,
} from '../../src/network/records.js';
import type { AttachSpec, NetworkSpec } from '../../src/network/spec.js';
import { isol8 } from './cli-program.js';
import { command, hostState, OUTSIDE, output, outsideWorld, reaches } from './network-world.js';
import { comparable, nftList } from './nft.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

const pathOf = (namespace: Namespace): string => `/proc/${process.pid}/fd/${namespace.fd}`;
const sh = (script: string): string => execFileSync('sh', ['-c', script], { encoding: 'utf8' });
const script = (lines: readonly string[]): string => sh(scriptText(lines));

/** Numbers that the kernel counts up, times, and what depends on which packets have come so far. */
const PASSING = [
  ...[
    'ifindex',
    'link_index',
    'link_netnsid',
    'handle',
    'used',
    'confirmed',
    'updated',
    'probes',
    'refcnt',
    'valid_life_time',
  ],
  ...[
    'gc_timer',
    'hello_timer',
    'tcn_timer',
    'topology_change_timer',
    'operstate',
    'state',
    'inet6_addr_gen_mode_secret',
  ],
];

/** Without link-local addresses, which come by themselves and later. */
function steady(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part) => {
      if (PASSING.includes(key)) return undefined;
      if (!Array.isArray(part)) return part;
      return part.filter(
        (one) =>
          !['linkdown', 'NO-CARRIER', 'LOWER_UP'].includes(one) &&
          !/^(fe80|ff02):/.test(one?.local ?? one?.dst ?? ''),
      );
    }),
  );
}

/** The host's end of a cable and of a tunnel have an address that the kernel made up. */
function link(one: { ifname: string; address: string }): unknown {
  return /^i8[vx]/.test(one.ifname) ? { ...one, address: 'made up' } : one;
}

/** All that ip(8) has of a namespace; of neighbours those that somebody entered. */
function seen(inside: Namespace): unknown {
  const host = (...args: string[]): string => output('ip', ...args);
  const there = (...args: string[]): string => command(inside, 'ip', ...args);
  const sides = [host, there].map((ip) => {
    const list = (...args: string[]): unknown[] => JSON.parse(ip('-j', '-d', ...args) || '[]');
    const sorted = (...args: string[]): string[] =>
      (steady(list(...args)) as unknown[]).map((one) => JSON.stringify(one)).sort();
    return {
      links: list('address')
        .map((one) => JSON.stringify(steady(link(one as never))))
        .sort(),
      routes: [
        ...sorted('-4', 'route', 'show', 'table', 'all'),
        ...sorted('-6', 'route', 'show', 'table', 'all'),
      ],
      neighbors: sorted('neighbour', 'show', 'nud', 'permanent'),
    };
  });
  const fdb: { ifname: string; flags: string[]; state?: string }[] = JSON.parse(
    output('bridge', '-j', 'fdb'),
  );
  const entered = fdb.filter(({ ifname, state }) => ifname.startsWith('i8v') && state === 'static');
  return { entered, sides, rules: nftList().map(comparable) };
}

/** Once routes that follow from a carrier are there. */
async function settled(inside: Namespace): Promise<unknown> {
  for (let before: unknown; ; ) {
    const now = seen(inside);
    if (isDeepStrictEqual(now, before)) return now;
    before = now;
    await sleep(300);
  }
}

/** What the operations have decided. */
async function records(name: string): Promise<{ network: NetworkRecord; member: MemberRecord }> {
  using host = await NetworkHost.open();
  const network = readNetwork(host.store, name) as NetworkRecord;
  return { network, member: readMembers(host.store, name)[0] as MemberRecord };
}

const settings = ['ipv4/conf/up0', 'ipv6/conf/up0'].flatMap((folder) =>
  ['forwarding', 'force_forwarding'].map((name) => `/proc/sys/net/${folder}/${name}`),
);

const CASES: readonly { spec: NetworkSpec; attach: AttachSpec }[] = [
  {
    spec: { name: 'web' },
    attach: {
      name: 'api',
      publish: ['8080:80', '127.0.0.1:5353:53/udp', `[${OUTSIDE.hostAddress6}]:8081:81`],
    },
  },
  { spec: { name: 'a-very-long-name', internal: true, subnet6: false }, attach: {} },
  { spec: { name: 'apart', isolated: true, masquerade: false, mtu: 1300 }, attach: { interface: 'lan.5' } },
  {
    spec: {
      ...{
        name: 'far',
        subnet: '10.60.0.0/24',
        gateway: '10.60.0.1',
        subnet6: 'fd60::/64',
        gateway6: 'fd60::1',
      },
      vxlan: { id: 7, remote: '239.1.1.1', link: 'up0', port: 4790 },
    },
    attach: { address: '10.60.0.5', address6: 'fd60::5' },
  },
  {
    spec: {
      ...{ name: 'near', subnet: '10.61.0.0/24', gateway: '10.61.0.1', subnet6: false, isolated: true },
      vxlan: { id: 8, remote: OUTSIDE.address, local: OUTSIDE.hostAddress },
    },
    attach: { address: '10.61.0.5' },
  },
];

describeInOwnMounts(import.meta.url, 'the commands for a network', () => {
  for (const { spec, attach } of CASES)
    it(`do what the operations do: ${spec.name}`, async () => {
      await using _world = await outsideWorld();
      const before = hostState();
      const network = await Network.create(spec);
      using first = await netns();
      await network.attach(first, attach);
      const made = await settled(first);
      const decided = await records(spec.name);
      const forwarding = settings
        .concat(
          ['ipv4', 'ipv6'].flatMap((ip) =>
            ['forwarding', 'force_forwarding'].map(
              (name) => `/proc/sys/net/${ip}/conf/${network.bridge}/${name}`,
            ),
          ),
        )
        .filter(
          (path) =>
            existsSync(path) &&
            !path.endsWith('ipv6/conf/up0/forwarding') &&
            readFileSync(path, 'utf8').trim() === '1',
        )
        .map((path) => ({ path, value: '1' }));
      const madeSettings = (hostState() as { settings: unknown[] }).settings.sort();
      await network.remove({ force: true });
      network.close();
      assert.deepEqual(hostState(), before);

      using second = await netns();
      script(createLines(decided.network, forwarding, spec.vxlan?.link));
      const place = { netns: pathOf(second), ip: `nsenter --net=${pathOf(second)} ip`, defaultRoutes: [] };
      script(attachLines(decided.network, decided.member, place));
      assert.deepEqual(await settled(second), made);
      assert.deepEqual((hostState() as { settings: unknown[] }).settings.sort(), madeSettings);

      script(detachLines(decided.network, decided.member));
      const back = forwarding
        .map(({ path }) => ({ path, value: '0' }))
        .filter(({ path }) => path.includes('/up0/'));
      script(removeLines(decided.network, back));
      assert.deepEqual(hostState(), before);
    });

  it('are printed by isol8 net, which then makes nothing, and can be run as they are', async () => {
    await using world = await outsideWorld();
    const before = hostState();
    const printed = async (...args: string[]): Promise<string> => {
      const { status, stdout, stderr } = await isol8(['net', ...args]);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
      return stdout;
    };
    const made = await printed('create', 'said', '--subnet', '10.7.0.0/24', '--explain');
    assert.deepEqual(hostState(), before);
    assert.equal(existsSync('/run/isol8'), false, 'nothing is recorded');
    sh(made);
    assert.match(output('ip', 'address', 'show', 'dev', 'i8-said'), /inet 10\.7\.0\.1\/24/);
    sh('ip link delete dev i8-said; nft flush ruleset');
    for (const path of settings) if (existsSync(path)) writeFileSync(path, '0');

    await printed('create', 'said', '--subnet', '10.7.0.0/24');
    sh('ip netns add blue');
    const joined = await printed('connect', 'said', 'blue', '--name', 'api', '--explain=sh');
    assert.deepEqual(JSON.parse(await printed('inspect', 'said', '--json'))[0].members, []);
    sh(joined);
    using blue = Namespace.kept('blue', 'net');
    assert.ok(await reaches(blue, OUTSIDE.address), 'by the printed commands');
    sh('ip -n blue link delete dev eth0');

    await printed('connect', 'said', 'blue', '--name', 'api');
    assert.match(await printed('connect', 'said', 'blue', '--explain'), /default route already/);
    const left = await printed('disconnect', 'said', 'api', '--explain');
    assert.ok(await reaches(blue, OUTSIDE.address), 'still');
    sh(left);
    assert.equal(await reaches(blue, OUTSIDE.address), false);
    const gone = await printed('rm', 'said', '--explain');
    sh(gone);
    sh('ip netns delete blue');
    assert.deepEqual(hostState(), before);
    await printed('gc');
    void world;
  });

  it('are refused where the operation would be', async () => {
    const refused = async (...args: string[]): Promise<string> => {
      const { status, stdout, stderr } = await isol8(['net', ...args, '--explain']);
      assert.deepEqual({ status, stdout }, { status: 125, stdout: '' });
      return stderr;
    };
    assert.match(await refused('create', 'x', '--gateway', '10.0.0.1'), /--gateway/);
    assert.match(await refused('rm', 'absent'), /there is no network absent/);
    assert.match(await refused('ls'), /'--explain' is not for ls/);
  });

  it('are printed by isol8 run with those for its program, and can be run as they are', async () => {
    await using _world = await outsideWorld();
    const before = hostState();
    const inside = ['sh', '-c', 'ip -o -4 address show dev eth0; ip route; id -u'];
    const options = ['run', '--net', 'bridge', '--name', 'api', '-p', '8090:80'];
    for (const more of [[], ['--share', 'user']]) {
      const explained = await isol8([...options, ...more, '--explain=sh', '--', ...inside]);
      assert.deepEqual([explained.status, explained.stderr], [0, '']);
      assert.deepEqual(hostState(), before);
      assert.equal(existsSync('/run/isol8'), false, 'nothing is recorded');
      const said = sh(explained.stdout);
      assert.match(said, /inet 172\.16\.0\.2\/20 .*\ndefault via 172\.16\.0\.1 dev eth0 /);
      assert.match(said, /\n0\n$/);
      sh('ip link delete dev i8-bridge; nft flush ruleset');
      for (const path of settings) if (existsSync(path)) writeFileSync(path, '0');
      assert.deepEqual(hostState(), before);
    }
    const traced = await isol8([...options, '--explain', '--', 'true']);
    assert.match(traced.stdout, /clone/);
    assert.match(traced.stderr, /network bridge is not shown as strace; --explain=sh has it/);
  });
});
