import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  addLink,
  addTunTap,
  changeLink,
  createNamespaces,
  type LinkSpec,
  type Namespace,
  NetlinkError,
  RouteSocket,
  removeLink,
  SpecError,
  UnsupportedError,
} from '../../src/index.js';
import { ip } from '../rtnetlink/world.js';
import { describeInOwnMounts } from './own-mounts.js';

const derive = promisify(pbkdf2);

interface Shown {
  readonly [name: string]: unknown;
  readonly linkinfo?: { info_kind?: string; info_data?: Shown; info_slave_data?: Shown };
}

const shown = (command: string): Shown[] => JSON.parse(ip(command).trim() || '[]') as Shown[];
const link = (name: string): Shown => shown(`ip -j -d link show dev ${name}`)[0] as Shown;

describeInOwnMounts(import.meta.url, 'rtnetlink changes', () => {
  let socket: RouteSocket;
  let br0: number;

  before(async () => {
    ip('ip link set lo up');
    socket = await RouteSocket.open();
    await socket.links.add({
      name: 'br0',
      up: true,
      bridge: { multicastSnooping: false, forwardDelay: 200 },
    });
    br0 = (await socket.links.get('br0')).index;
  });
  after(() => socket[Symbol.dispose]());

  const index = async (name: string): Promise<number> => (await socket.links.get(name)).index;

  it('links: a veth pair in one message, with its other end elsewhere, named, addressed and up', async () => {
    using made = await createNamespaces(['net']);
    const net = made.net as Namespace;
    const peer = { name: 'eth0', index: 500, address: '02:00:00:00:00:09', mtu: 1400, netns: net };
    await socket.links.add({
      ...{ name: 'web0', index: 499, mtu: 1400, txQueues: 1, rxQueues: 1, master: br0, up: true },
      veth: { peer: { ...peer, txQueues: 1, rxQueues: 1 } },
    });
    const web0 = link('web0');
    assert.deepEqual([web0.master, web0.mtu, web0.num_tx_queues], ['br0', 1400, 1]);
    using inside = await RouteSocket.open({ namespace: net });
    await inside.links.setUp('eth0');
    const eth0 = await inside.links.get(500);
    assert.deepEqual(
      [eth0.name, eth0.address, eth0.mtu, eth0.up, eth0.txQueues, eth0.kind],
      ['eth0', '02:00:00:00:00:09', 1400, true, 1, 'veth'],
    );
    await inside.addresses.add({ link: 500, address: '10.0.0.9', prefixLength: 24 });
    assert.equal((await inside.addresses.list({ link: 500, family: 'inet' }))[0]?.address, '10.0.0.9');
    await socket.links.remove('web0');
    assert.equal(await inside.links.find('eth0'), undefined);
    await assert.rejects(inside.links.get('eth0'), { code: 'ENODEV' });
  });

  it('links: a veth pair whose end elsewhere is the first one, and up at once', async () => {
    using made = await createNamespaces(['net']);
    const net = made.net as Namespace;
    using inside = await RouteSocket.open({ namespace: net });
    await socket.links.add({ name: 'eth0', netns: net, up: true, veth: { peer: { name: 'web1' } } });
    await socket.links.change('web1', { master: br0, up: true });
    assert.equal((await inside.links.get('eth0')).operState, 'up');
    assert.deepEqual([link('web1').operstate, link('web1').master], ['UP', 'br0']);
    const up = { name: 'x0', veth: { peer: { name: 'x1', up: true, netns: net } } };
    assert.throws(() => addLink(up), { field: 'veth.peer.up' });
    await socket.links.remove('web1');
  });

  it('links: a veth pair with both ends up, wherever they are', async () => {
    using made = await createNamespaces(['net']);
    using other = await createNamespaces(['net']);
    const [net, far] = [made.net as Namespace, other.net as Namespace];
    using inside = await RouteSocket.open({ namespace: net });
    using beyond = await RouteSocket.open({ namespace: far });
    const states = async (...places: [RouteSocket, string | number][]) =>
      Promise.all(places.map(async ([place, name]) => (await place.links.get(name)).operState));
    const x1 = { name: 'x1', up: true, netns: net };
    await socket.links.add({ name: 'x0', up: true, veth: { peer: x1 } });
    assert.deepEqual(await states([socket, 'x0'], [inside, 'x1']), ['up', 'up']);
    await socket.links.add({ name: 'y0', netns: far, up: true, veth: { peer: { ...x1, name: 'y1' } } });
    assert.deepEqual(await states([beyond, 'y0'], [inside, 'y1']), ['up', 'up']);
    const numbered = { index: 700, up: true, netns: net };
    await socket.links.add({ name: 'z0', index: 701, up: true, alias: 'a', veth: { peer: numbered } });
    assert.deepEqual(await states([socket, 'z0'], [inside, 700]), ['up', 'up']);
    const nameless = { name: 'q0', veth: { peer: { up: true, netns: net } } };
    await assert.rejects(socket.links.add(nameless), { field: 'veth.peer.name' });
    const gone = { name: 'q0', veth: { peer: { name: 'q1', up: true, netns: { pid: 4194304 } } } };
    await assert.rejects(socket.links.add(gone));
    await assert.rejects(socket.links.get('q0'), { code: 'ENODEV' });
    for (const name of ['x0', 'z0']) await socket.links.remove(name);
  });

  it('links: names that are not what the link would be called', async () => {
    for (const name of ['x%d', 'all', 'default', '..', 'a/b'])
      await assert.rejects(socket.links.add({ name, kind: 'bridge' }), { field: 'name' });
    const peer = { name: 'x%d' };
    await assert.rejects(socket.links.add({ name: 'x0', veth: { peer } }), { field: 'veth.peer.name' });
    await assert.rejects(socket.links.rename(1, 'l%d'), { field: 'name' });
    assert.equal(await socket.links.find('all'), undefined);
  });

  it('links: settings, place and state in one call, in the order that the kernel needs', async () => {
    await socket.links.add({
      ...{ name: 'port0', kind: 'veth', master: br0, up: true, alias: 'of the test', addrGenMode: 'none' },
      inet: { forwarding: 1, route_localnet: 1, rp_filter: 2 },
      bridgePort: { hairpin: true, isolated: true, learning: false, mcastFlood: false },
    });
    const port = link('port0');
    assert.deepEqual([port.ifalias, port.inet6_addr_gen_mode], ['of the test', 'none']);
    assert.ok((port.flags as string[]).includes('UP'));
    const data = port.linkinfo?.info_slave_data;
    assert.deepEqual(
      [data?.hairpin, data?.isolated, data?.learning, data?.mcast_flood, data?.flood],
      [true, true, false, false, true],
    );
    const conf = (name: string): string =>
      execFileSync('cat', [`/proc/sys/net/ipv4/conf/${name}`], { encoding: 'utf8' });
    assert.deepEqual(
      ['forwarding', 'route_localnet', 'rp_filter', 'proxy_arp'].map((name) => conf(`port0/${name}`).trim()),
      ['1', '1', '2', '0'],
    );
    const { inet, bridgePort, addrGenMode } = await socket.links.get('port0');
    assert.deepEqual([inet?.forwarding, inet?.route_localnet, inet?.rp_filter], [1, 1, 2]);
    assert.deepEqual([bridgePort?.hairpin, addrGenMode], [true, 'none']);
    const v6 = (await socket.addresses.list({ link: await index('port0'), family: 'inet6' })).length;
    assert.equal(v6, 0, 'the link was up before addrGenMode was set');
    await socket.links.remove('port0');
  });

  it('links: nothing is left when a later setting is refused', async () => {
    const refused = socket.links.add({ name: 'half0', kind: 'veth', bridgePort: { hairpin: true } });
    await assert.rejects(refused, {
      code: 'EOPNOTSUPP',
      message: 'change bridgePort of link half0: EOPNOTSUPP: It must be a port of a bridge already.',
    });
    assert.equal(await socket.links.find('half0'), undefined);
  });

  it('links: one that has the name already stays as it is', async () => {
    await socket.links.add({ name: 'mine0', kind: 'ifb', alias: 'mine' });
    for (const spec of [{ alias: 'yours', up: true }, { up: true }, { addrGenMode: 'none' as const }])
      await assert.rejects(socket.links.add({ name: 'mine0', kind: 'ifb', ...spec }), { code: 'EEXIST' });
    const mine = link('mine0');
    assert.deepEqual([mine.ifalias, mine.inet6_addr_gen_mode, mine.operstate], ['mine', 'eui64', 'DOWN']);
    await socket.links.remove('mine0');
  });

  it('a request that waits for a thread keeps its socket, whatever is opened once that was closed', async () => {
    await socket.links.add({ name: 'late0', kind: 'veth', veth: { peer: { name: 'late1' } } });
    const other = await RouteSocket.open();
    const busy = Array.from({ length: 4 }, () => derive('x', 'y', 300_000, 64, 'sha512'));
    const removed = other.links.remove('late0');
    await setImmediate();
    other[Symbol.dispose]();
    const taken = openSync('/dev/null', 'r');
    await assert.rejects(removed, { code: 'EBADF' });
    await Promise.all(busy);
    assert.equal(await socket.links.find('late0'), undefined);
    closeSync(taken);
  });

  it('links: name, MTU, address, master, flags, one after the other', async () => {
    await socket.links.add({ name: 'a0', kind: 'veth', veth: { peer: { name: 'a1' } } });
    await socket.links.rename('a0', 'b0');
    await socket.links.change('b0', {
      mtu: 1300,
      address: '02:00:00:00:00:0b',
      master: br0,
      txQueueLength: 7,
      group: 3,
    });
    const first = link('b0');
    assert.deepEqual(
      [first.mtu, first.address, first.master, first.txqlen, first.group],
      [1300, '02:00:00:00:00:0b', 'br0', 7, '3'],
    );
    await socket.links.change('b0', { master: null, promiscuous: true, multicast: false, arp: false });
    const second = link('b0');
    assert.equal(second.master, undefined);
    for (const [flag, there] of [
      ['PROMISC', true],
      ['MULTICAST', false],
      ['NOARP', true],
    ] as const)
      assert.equal((second.flags as string[]).includes(flag), there, flag);
    await socket.links.setUp('b0');
    await socket.links.setUp('a1');
    assert.equal(link('b0').operstate, 'UP');
    await socket.links.setUp('b0', false);
    assert.equal(link('b0').operstate, 'DOWN');
    await socket.links.remove('a1');
  });

  it('links: moved to another namespace, with another name and index', async () => {
    using made = await createNamespaces(['net']);
    const net = made.net as Namespace;
    using inside = await RouteSocket.open({ namespace: net });
    await socket.links.add({ name: 'm0', kind: 'ifb' });
    await socket.links.move('m0', net, { name: 'moved', index: 600 });
    assert.equal(await socket.links.find('m0'), undefined);
    assert.equal((await inside.links.get(600)).name, 'moved');
    await inside.links.add({ name: 'home0', kind: 'ifb' });
    await inside.links.move('home0', { pid: process.pid });
    assert.equal(link('home0').linkinfo?.info_kind, 'ifb');
    await socket.links.remove('home0');
  });

  it('links of the other kinds that this kernel has', async () => {
    const under = await index('br0');
    const specs: LinkSpec[] = [
      {
        name: 'k0',
        vxlan: { id: 5, remote: '10.0.0.2', local: '10.0.0.1', link: under, port: 4789, learning: false },
      },
      { name: 'k1', vxlan: { id: 6, remote: 'ff05::1', link: under, port: 4790 } },
      { name: 'k2', vxlan: { collectMetadata: true, port: 4791 } },
      { name: 'k3', kind: 'veth', veth: { peer: { name: 'k4' } } },
      { name: 'k5', kind: 'ifb', address: '02:00:00:00:00:0c', group: 9 },
    ];
    for (const spec of specs) await socket.links.add(spec);
    const lower = await index('k4');
    await socket.links.add({ name: 'k6', macvlan: { link: lower, mode: 'bridge' } });
    await socket.links.add({
      name: 'k7',
      macvlan: { link: lower, mode: 'source', sources: ['02:00:00:00:00:01'] },
    });
    const kinds = ['k0', 'k1', 'k2', 'k3', 'k5', 'k6', 'k7'].map((name) => link(name).linkinfo);
    assert.deepEqual(
      kinds.map((info) => info?.info_kind),
      ['vxlan', 'vxlan', 'vxlan', 'veth', 'ifb', 'macvlan', 'macvlan'],
    );
    assert.deepEqual(
      [
        kinds[0]?.info_data?.remote,
        kinds[0]?.info_data?.learning,
        kinds[1]?.info_data?.group6,
        kinds[2]?.info_data?.external,
      ],
      ['10.0.0.2', false, 'ff05::1', true],
    );
    assert.deepEqual([kinds[5]?.info_data?.mode, kinds[6]?.info_data?.macaddr_count], ['bridge', 1]);
    for (const name of ['k0', 'k1', 'k2', 'k5', 'k6', 'k7', 'k3']) await socket.links.remove(name);
  });

  it('options of a bridge that is there', async () => {
    await socket.links.change('br0', {
      bridge: { ageingTime: 0, stp: true, priority: 8192, booleanOptions: { noLinkLocalLearn: true } },
    });
    const data = link('br0').linkinfo?.info_data;
    assert.deepEqual(
      [data?.ageing_time, data?.stp_state, data?.priority, data?.no_linklocal_learn, data?.mcast_snooping],
      [0, 1, 8192, 1, 0],
    );
    await socket.links.change('br0', { bridge: { stp: false, ageingTime: 30000 } });
  });

  it('tun and tap, which only /dev/net/tun makes', (context) => {
    assert.throws(
      () => addLink({ name: 't0', kind: 'tun' }),
      (error: Error) => {
        assert.ok(error instanceof UnsupportedError);
        assert.match(error.message, /\/dev\/net\/tun: use addTunTap/);
        return true;
      },
    );
    try {
      accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    } catch {
      context.skip('this user may not open /dev/net/tun');
      return;
    }
    addTunTap({ name: 'tap5', mode: 'tap', owner: 0, multiQueue: true });
    const data = link('tap5').linkinfo?.info_data;
    assert.deepEqual([data?.type, data?.persist, data?.multi_queue, data?.pi], ['tap', true, true, false]);
    assert.throws(() => addTunTap({ name: 'tap5', mode: 'tap' }), { code: 'EBUSY' });
    assert.throws(() => addTunTap({ name: 'br0', mode: 'tun' }), { code: 'EBUSY' });
    ip('ip link del tap5');
  });

  it('kinds that a kernel lacks, and says by which module or option they come', async () => {
    const lacking = ['nonesuch', ...(await missing())];
    for (const kind of lacking) {
      const spec = { vlan: { vlan: { link: br0, id: 5 } }, ipvlan: { ipvlan: { link: br0 } } }[kind];
      await assert.rejects(socket.links.add({ name: 'x0', kind, ...spec }), (error: NetlinkError) => {
        assert.ok(error instanceof NetlinkError);
        assert.equal(error.code, 'EOPNOTSUPP');
        const config =
          { vlan: 'CONFIG_VLAN_8021Q', dummy: 'CONFIG_DUMMY', ipvlan: 'CONFIG_IPVLAN' }[kind] ?? '';
        const module = { vlan: '8021q' }[kind] ?? kind;
        assert.ok(
          error.message.startsWith(`add ${kind} x0: EOPNOTSUPP: Unknown device type. This kernel`),
          error.message,
        );
        assert.ok(
          error.message.includes(`modprobe ${module}`) && error.message.includes(config),
          error.message,
        );
        return true;
      });
    }
  });

  /** Of those that every distribution has. */
  async function missing(): Promise<string[]> {
    const specs = [
      { name: 'x0', kind: 'dummy' },
      { name: 'x0', vlan: { link: br0, id: 5 } },
      { name: 'x0', ipvlan: { link: br0 } },
    ];
    const errors: (NetlinkError | undefined)[] = [];
    for (const spec of specs) errors.push((await socket.tryBatch([addLink(spec), removeLink('x0')]))[0]);
    return ['dummy', 'vlan', 'ipvlan'].filter((_, i) => errors[i]?.kernelMessage === 'Unknown device type');
  }

  it('addresses: added, replaced, given back to be removed', async () => {
    await socket.addresses.add({
      ...{ link: br0, address: '10.0.0.1', prefixLength: 24, broadcast: '10.0.0.255', label: 'br0:x' },
    });
    await socket.addresses.add({
      link: br0,
      address: '10.3.0.1',
      peer: '10.3.0.2',
      prefixLength: 32,
      metric: 9,
    });
    await socket.addresses.add({
      link: br0,
      address: 'fd00::1',
      prefixLength: 64,
      noDad: true,
      noPrefixRoute: true,
    });
    await socket.addresses.replace({ link: br0, address: 'fd00::1', prefixLength: 64, validLifetime: 9999 });
    const [before] = shown('ip -j addr show dev br0 scope global');
    const list = ((before?.addr_info ?? []) as Shown[]).filter(({ local }) => local); // {} for what is filtered out
    assert.deepEqual(
      list.map((one) => [one.local, one.prefixlen, one.label, one.broadcast, one.address, one.metric]),
      [
        ['10.0.0.1', 24, 'br0:x', '10.0.0.255', undefined, undefined],
        ['10.3.0.1', 32, 'br0', undefined, '10.3.0.2', 9],
        ['fd00::1', 64, undefined, undefined, undefined, undefined],
      ],
    );
    const twice = socket.addresses.add({ link: br0, address: '10.0.0.1', prefixLength: 24 });
    await assert.rejects(twice, {
      code: 'EEXIST',
      message: /^add address 10\.0\.0\.1\/24 of link \d+: EEXIST/,
    });
    const mine = await socket.addresses.list({ link: br0 });
    for (const address of mine.filter(({ scope }) => scope === 'global'))
      await socket.addresses.remove(address);
    assert.equal(ip('ip -o addr show dev br0 scope global'), '');
  });

  it('routes, rules, neighbours and fdb entries: what is listed can be given back to be removed', async () => {
    await socket.addresses.add({ link: br0, address: '10.0.0.1', prefixLength: 24 });
    await socket.addresses.add({ link: br0, address: 'fd00::1', prefixLength: 64, noDad: true });
    await socket.links.add({
      name: 'p0',
      kind: 'veth',
      master: br0,
      up: true,
      veth: { peer: { name: 'p1', up: true } },
    });
    await socket.links.add({ name: 'vx0', vxlan: { id: 5, port: 4789 } });
    const [p0, vx0] = [await index('p0'), await index('vx0')];
    const nexthops = [
      { gateway: '10.0.0.2', link: br0, weight: 2 },
      { gateway: '10.0.0.3', link: br0 },
    ];
    const ten = { destination: '10.1.0.0', prefixLength: 16 };
    await socket.routes.add({ gateway: '10.0.0.2' });
    await socket.routes.add({
      ...ten,
      gateway: '10.0.0.2',
      table: 1000,
      metric: 5,
      mtu: 1400,
      locked: ['mtu'],
    });
    await socket.routes.add({ ...ten, nexthops });
    await socket.routes.append({ ...ten, type: 'blackhole', metric: 9 });
    await socket.routes.add({ destination: '10.9.0.1', type: 'local', link: 1 });
    await socket.routes.add({ destination: '10.77.0.0', prefixLength: 16, gateway: 'fd00::9', link: br0 });
    await socket.routes.add({
      destination: 'fd07::',
      prefixLength: 64,
      gateway: 'fd00::2',
      metric: 7,
      preference: 'high',
    });
    await socket.routes.add({ destination: 'fd08::', prefixLength: 64, type: 'unreachable' });
    await socket.routes.replace({ ...ten, table: 1000, metric: 5, link: br0 });
    assert.equal(shown('ip -j route show 10.1.0.0/16 table 1000')[0]?.gateway, undefined);
    await socket.rules.add({ from: '10.0.0.0', fromLength: 8, table: 1000, priority: 100 });
    await socket.rules.add({ family: 'inet6', to: 'fd09::1', action: 'prohibit', priority: 101 });
    await socket.rules.add({ inputLink: 'br0', fwmark: 5, fwmask: 0xff, table: 7, priority: 102, not: true });
    await socket.neighbors.add({ link: br0, address: '10.0.0.5', lladdr: '02:00:00:00:00:05' });
    await socket.neighbors.add({ link: br0, address: '10.0.0.6', proxy: true });
    await socket.fdb.add({ link: p0, lladdr: '02:00:00:00:00:07', master: true, state: 'noarp' });
    await socket.fdb.append({ link: vx0, lladdr: '00:00:00:00:00:00', address: '10.0.0.7' });
    await socket.fdb.append({ link: vx0, lladdr: '00:00:00:00:00:00', address: '10.0.0.8' });

    const routes = (await socket.routes.list()).filter(({ protocol }) => protocol === 'boot');
    assert.equal(routes.length, 8);
    for (const route of routes) await socket.routes.remove(route);
    const rules = (await socket.rules.list()).filter(({ priority }) => priority >= 100 && priority <= 102);
    assert.equal(rules.length, 3);
    for (const rule of rules) await socket.rules.remove(rule);
    const neighbors = [
      ...(await socket.neighbors.list()).filter(({ state }) => state === 'permanent'),
      ...(await socket.neighbors.list({ proxy: true })),
    ];
    assert.equal(neighbors.length, 2);
    for (const neighbor of neighbors) await socket.neighbors.remove(neighbor);
    const entries = (await socket.fdb.list()).filter(({ state, address }) => state === 'noarp' || address);
    assert.equal(entries.length, 3);
    for (const entry of entries) await socket.fdb.remove(entry);

    assert.deepEqual(shown('ip -j route show table all proto boot'), []);
    assert.deepEqual(shown('ip -j -6 route show table all proto boot'), []);
    assert.equal(shown('ip -j rule').length + shown('ip -j -6 rule').length, 3 + 2);
    assert.deepEqual(shown('ip -j neigh show nud permanent'), []);
    assert.deepEqual(shown('ip -j neigh show proxy'), []);
    const left = shown('bridge -j fdb').filter(({ dst, state }) => dst !== undefined || state === 'static');
    assert.deepEqual(left, []);
    await assert.rejects(socket.routes.remove({ gateway: '10.0.0.2' }), {
      code: 'ESRCH',
      message: 'remove route default via 10.0.0.2: ESRCH: There is no such route.',
    });
  });

  it('routes by nexthop objects, and what wraps packets, which is not made less of', async () => {
    await socket.addresses.add({ link: br0, address: '10.14.0.1', prefixLength: 24 });
    await socket.links.setUp('br0');
    ip('ip nexthop add id 5 via 10.14.0.7 dev br0');
    await socket.routes.add({ destination: '10.13.0.0', prefixLength: 16, nexthopId: 5 });
    const mine = async () =>
      (await socket.routes.list()).filter(({ destination }) => destination === '10.13.0.0');
    const before = shown('ip -j -d route show 10.13.0.0/16');
    assert.equal(before[0]?.nhid, 5);
    const [route] = await mine();
    assert.ok(route);
    await socket.routes.remove(route);
    assert.deepEqual(await mine(), []);
    await socket.routes.add(route);
    assert.deepEqual(shown('ip -j -d route show 10.13.0.0/16'), before);
    await socket.routes.remove(route);
    ip('ip nexthop del id 5');
    ip('ip route add 10.13.0.0/16 encap ip id 7 dst 10.14.0.9 dev br0');
    const [wrapped] = await mine();
    assert.equal(wrapped?.encap, 2); // LWTUNNEL_ENCAP_IP
    await socket.routes.remove(wrapped);
    await assert.rejects(socket.routes.add(wrapped), { code: 'ERR_SPEC', field: 'encap' });
    await socket.addresses.remove({ link: br0, address: '10.14.0.1', prefixLength: 24 });
  });

  it('queueing disciplines', async () => {
    await socket.links.add({ name: 'q0', kind: 'ifb', up: true });
    const q0 = await index('q0');
    await socket.qdiscs.add({
      link: q0,
      handle: '10:',
      tbf: { rate: 125_000, burst: 10_240, latency: 50_000 },
    });
    await socket.qdiscs.replace({
      link: q0,
      handle: '10:',
      tbf: { rate: 250_000, burst: 10_240, limit: 99_000 },
    });
    await socket.qdiscs.add({ link: q0, kind: 'clsact' });
    const all = shown('tc -j qdisc show dev q0');
    assert.deepEqual(
      all.map(({ kind, handle, options }) => [kind, handle, (options as Shown).rate]),
      [
        ['tbf', '10:', 250_000],
        ['clsact', 'ffff:', undefined],
      ],
    );
    assert.equal((await socket.qdiscs.list({ link: q0 })).length, 2);
    await socket.qdiscs.remove({ link: q0, kind: 'clsact' });
    await socket.qdiscs.remove({ link: q0 });
    assert.deepEqual(
      shown('tc -j qdisc show dev q0').filter(({ kind }) => kind === 'tbf' || kind === 'clsact'),
      [],
    );
    await assert.rejects(
      socket.qdiscs.add({ link: q0, kind: 'nonesuch' }),
      /add qdisc nonesuch of link \d+: ENOENT: Specified qdisc kind is unknown\. This kernel has no qdisc nonesuch: modprobe sch_nonesuch/,
    );
    await socket.links.remove('q0');
  });

  it('several things in one datagram, and says of each what became of it', async () => {
    const requests = [
      addLink({ name: 's0', kind: 'ifb' }),
      addLink({ name: 's0', kind: 'ifb' }),
      changeLink('s0', { up: true }),
      removeLink('s0'),
    ];
    const errors = await socket.tryBatch(requests);
    assert.deepEqual(
      errors.map((error) => error?.code),
      [undefined, 'EEXIST', undefined, undefined],
    );
    assert.match(`${errors[1]?.message}`, /^add ifb s0: EEXIST: .*There is a link with this name/);
  });

  it('nothing when a spec cannot be right', () => {
    const wrong: [() => unknown, string][] = [
      [() => addLink({ name: 'a/b', kind: 'ifb' }), 'name'],
      [() => addLink({ name: 'a', kind: 'ifb', mtu: -1 }), 'mtu'],
      [() => addLink({ name: 'a' }), 'kind'],
      [() => addLink({ name: 'a', bridge: { ageingTyme: 5 } as object }), 'bridge.ageingTyme'],
      [() => addLink({ name: 'a', bridge: { ageingTime: 2 ** 32 } }), 'bridge.ageingTime'],
      [() => addLink({ name: 'a', kind: 'veth', bridge: {} }), 'bridge'],
      [() => addLink({ name: 'a', kind: 'veth', addrGenMode: 'none' } as LinkSpec), 'addrGenMode'],
      [() => addLink({ name: 'a', veth: { peer: { name: 'b', master: 1 } as object } }), 'veth.peer.master'],
      [() => addLink({ name: 'a', veth: { peer: { index: 5 } } }), 'veth.peer.index'],
      [() => addLink({ name: 'a', vlan: { link: 0, id: 5 } }), 'vlan.link'],
      [() => addLink({ name: 'a', vlan: { link: 1, id: 4095 } }), 'vlan.id'],
      [() => addLink({ name: 'a', kind: 'ifb', address: '02:00' }), 'address'],
      [() => changeLink('a', { name: 'b' }), 'name'],
      [() => changeLink(0, { up: true }), 'link'],
      [() => changeLink(1, { index: 5 }), 'index'],
    ];
    for (const [work, field] of wrong)
      assert.throws(work, (error: SpecError) => {
        assert.ok(error instanceof SpecError, String(error));
        assert.equal(error.field, field);
        return true;
      });
  });
});
