/** A network of two hosts: each is a network namespace with networks of its own, and a cable lies between them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import type { NetworkSpec } from '../../src/network/spec.js';
import { command, reaches } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';
import { advertiseRouter, defaultRoutes6 } from './router-advertisement.js';

const UNDERLAY_MTU = 1400;
const UDP_AND_IP = { inet: 28, inet6: 48 } as const;

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

const pathOf = (namespace: Namespace): string => `/proc/${process.pid}/fd/${namespace.fd}`;

/** 10.50.0.N and fd50::N on `wire`. */
async function twoHosts(): Promise<[Namespace, Namespace]> {
  const [one, two] = [await netns(), await netns()];
  const add = 'link add wire type veth peer name wire netns';
  command(one, 'ip', ...add.split(' '), pathOf(two));
  for (const [number, host] of [one, two].entries()) {
    const inside = (text: string): string => command(host, 'ip', ...text.split(' '));
    inside(`address add 10.50.0.${number + 1}/24 dev wire`);
    inside(`address add fd50::${number + 1}/64 dev wire nodad`);
    inside(`link set wire mtu ${UNDERLAY_MTU} up`);
  }
  return [one, two];
}

/** What arrives of a datagram of so many bytes. */
async function carried(from: Namespace, to: Namespace, address: string, size: number): Promise<number> {
  await using server = await to.udp({ address, port: 9000 });
  await using client = await from.udp({ address: address.includes(':') ? '::' : '0.0.0.0' });
  client.send(Buffer.alloc(size), 9000, address);
  const [data] = await once(server, 'message', { signal: AbortSignal.timeout(5000) });
  return (data as Buffer).length;
}

/** Packets that the kernel has cut up: of Ip and Ip6 in /proc/net. */
function cutUp(host: Namespace): number {
  const [names = '', values = ''] = command(host, 'grep', '^Ip:', '/proc/self/net/snmp').split('\n');
  const at = names.split(' ').indexOf('FragCreates');
  const six = command(host, 'grep', 'Ip6FragCreates', '/proc/self/net/snmp6').trim().split(/\s+/)[1];
  return Number(values.split(' ')[at]) + Number(six);
}

const linkMtu = (where: Namespace, link: string): number =>
  JSON.parse(command(where, 'ip', '-j', 'link', 'show', 'dev', link))[0].mtu;

const specOf = (host: number, remote: string): NetworkSpec => ({
  name: 'far',
  ...{ subnet: '10.60.0.0/24', gateway: `10.60.0.${host}`, subnet6: 'fd60::/64', gateway6: `fd60::${host}` },
  vxlan: { id: 42, remote },
});

interface Tunnel {
  readonly id: number;
  readonly remote: string;
  readonly local?: string;
  readonly address: string;
  readonly port?: number;
}

/** Somebody's own end of a tunnel, made by ip(8). */
function addTunnel(
  where: Namespace,
  link: string,
  { id, remote, local, address, port = 4789 }: Tunnel,
): void {
  const inside = (text: string): string => command(where, 'ip', ...text.split(' '));
  const from = local === undefined ? '' : ` local ${local}`;
  inside(`link add ${link} type vxlan id ${id} remote ${remote}${from} dstport ${port}`);
  inside(`address add ${address}/24 dev ${link}`);
  inside(`link set ${link} up`);
}

const vxlanOf = (where: Namespace): { ifname: string; linkinfo: { info_data: Record<string, unknown> } }[] =>
  JSON.parse(command(where, 'ip', '-j', '-d', 'link', 'show', 'type', 'vxlan'));

describeInOwnMounts(import.meta.url, 'a network that VXLAN extends', () => {
  for (const [underlay, mtu] of [
    ['10.50.0.', UNDERLAY_MTU - 50],
    ['fd50::', UNDERLAY_MTU - 70],
  ] as const)
    it(`carries full packets both ways over ${underlay}`, async () => {
      const [one, two] = await twoHosts();
      using here = one;
      using there = two;
      await using near = await Network.create(specOf(1, `${underlay}2`), { namespace: here });
      await using far = await Network.create(specOf(2, `${underlay}1`), { namespace: there });
      using first = await netns();
      using second = await netns();
      await using _first = await near.attach(first, { address: '10.60.0.11', address6: 'fd60::11' });
      await using _second = await far.attach(second, { address: '10.60.0.12', address6: 'fd60::12' });
      assert.ok(await reaches(first, '10.60.0.12'));
      assert.ok(await reaches(second, '10.60.0.11'));
      assert.ok(await reaches(first, 'fd60::12'));
      assert.ok(await reaches(first, '10.60.0.1'), 'its own gateway');
      assert.ok(await reaches(second, '10.60.0.1'), 'the gateway of the other host');
      assert.deepEqual([linkMtu(first, 'eth0'), linkMtu(here, 'i8-far')], [mtu, mtu]);
      for (const [from, to, end] of [[first, second, 12] as const, [second, first, 11] as const])
        for (const [address, headers] of [
          [`10.60.0.${end}`, UDP_AND_IP.inet],
          [`fd60::${end}`, UDP_AND_IP.inet6],
        ] as const)
          assert.equal(await carried(from, to, address, mtu - headers), mtu - headers);
      assert.deepEqual([here, there, first, second].map(cutUp), [0, 0, 0, 0], 'in one piece each');
    });

  it('is not entered by members of other networks of the host, nor by other hosts than the one that it is for', async () => {
    const [one, two] = await twoHosts();
    using here = one;
    using there = two;
    command(there, 'ip', 'address', 'add', '10.50.0.77/24', 'dev', 'wire');
    const place = { namespace: here };
    const spec = { ...specOf(1, '10.50.0.2'), internal: true };
    await using near = await Network.create(spec, place);
    await using own = await Network.create({ name: 'own', subnet: '10.70.0.0/24' }, place);
    using first = await netns();
    using intruder = await netns();
    await using _first = await near.attach(first, { address: '10.60.0.11', address6: 'fd60::11' });
    await using _intruder = await own.attach(intruder);
    addTunnel(intruder, 'vx', { id: 42, remote: '10.70.0.1', address: '10.60.0.99' });
    addTunnel(there, 'vx', { id: 42, remote: '10.50.0.1', local: '10.50.0.77', address: '10.60.0.98' });
    assert.equal(await reaches(intruder, '10.60.0.11'), false, 'a member of another network');
    assert.equal(await reaches(there, '10.60.0.11'), false, 'another host');
    command(there, 'ip', 'link', 'delete', 'vx');
    addTunnel(there, 'vx', { id: 42, remote: '10.50.0.1', local: '10.50.0.2', address: '10.60.0.98' });
    assert.ok(await reaches(there, '10.60.0.11'), 'the host that it is for');
    await advertiseRouter(there, 'vx');
    assert.ok(await reaches(there, '10.60.0.1'), 'behind the advertisement');
    assert.deepEqual([here, first].map(defaultRoutes6), [[], []], 'nor is that a router');
    assert.deepEqual(
      vxlanOf(here).map(({ linkinfo }) => linkinfo.info_data.learning),
      [false],
      'all goes to the one host, whatever others say',
    );
  });

  it('is not entered by members of other networks where many hosts are in a group', async () => {
    const [one, two] = await twoHosts();
    using here = one;
    using there = two;
    const place = { namespace: here };
    const group = { id: 42, remote: '239.1.1.1', link: 'wire', port: 4790 };
    await using near = await Network.create({ ...specOf(1, ''), vxlan: group }, place);
    await using far = await Network.create({ ...specOf(2, ''), vxlan: group }, { namespace: there });
    await using own = await Network.create({ name: 'own', subnet: '10.70.0.0/24' }, place);
    using first = await netns();
    using second = await netns();
    using intruder = await netns();
    await using _first = await near.attach(first, { address: '10.60.0.11', address6: 'fd60::11' });
    await using _second = await far.attach(second, { address: '10.60.0.12', address6: 'fd60::12' });
    await using _intruder = await own.attach(intruder);
    addTunnel(intruder, 'vx', { id: 42, remote: '10.70.0.1', address: '10.60.0.99', port: 4790 });
    assert.equal(await reaches(intruder, '10.60.0.11'), false);
    assert.ok(await reaches(first, '10.60.0.12'), 'the other host');
  });

  it('leaves the tunnels of others on the same port alone', async () => {
    const [one, two] = await twoHosts();
    using here = one;
    using there = two;
    const place = { namespace: here };
    await using _near = await Network.create(specOf(1, '10.50.0.2'), place);
    await using own = await Network.create({ name: 'own', subnet: '10.70.0.0/24' }, place);
    using member = await netns();
    await using attached = await own.attach(member);
    command(there, 'ip', 'address', 'add', '10.50.0.77/24', 'dev', 'wire');
    addTunnel(here, 'other', { id: 43, remote: '10.50.0.77', address: '10.80.0.1' });
    addTunnel(there, 'other', { id: 43, remote: '10.50.0.1', local: '10.50.0.77', address: '10.80.0.2' });
    assert.ok(await reaches(there, '10.80.0.1'), 'of another number');
    addTunnel(here, 'six', { id: 42, remote: 'fd50::2', address: '10.81.0.1' });
    addTunnel(there, 'six', { id: 42, remote: 'fd50::1', address: '10.81.0.2' });
    assert.ok(await reaches(there, '10.81.0.1'), 'of the same number, by IPv6');
    addTunnel(here, 'inner', { id: 44, remote: attached.address as string, address: '10.82.0.1' });
    addTunnel(member, 'inner', { id: 44, remote: '10.70.0.1', address: '10.82.0.2' });
    assert.ok(await reaches(member, '10.82.0.1'), 'to a member');
  });

  it('has the MTU that is given, or that of the link that is', async () => {
    const [one, two] = await twoHosts();
    using here = one;
    using _there = two;
    command(here, 'ip', 'link', 'add', 'wide', 'mtu', '9000', 'type', 'veth');
    command(here, 'ip', 'link', 'set', 'wide', 'up');
    const spec = specOf(1, '10.50.0.2');
    const mtuWith = async (more: Partial<NetworkSpec>): Promise<number> => {
      await using _network = await Network.create({ ...spec, ...more }, { namespace: here });
      return linkMtu(here, 'i8-far');
    };
    assert.equal(await mtuWith({ mtu: 1300 }), 1300);
    assert.equal(await mtuWith({ vxlan: { id: 5, remote: '239.1.1.1', link: 'wide' } }), 8950);
    assert.equal(await mtuWith({ vxlan: { id: 5, remote: 'ff05::1', link: 'wide' } }), 8930);
  });

  it('asks for what both hosts would choose alike', async () => {
    using host = await netns();
    const place = { namespace: host };
    const { gateway: _, ...alike } = specOf(1, '10.50.0.2');
    await assert.rejects(Network.create(alike, place), { code: 'ERR_SPEC', field: 'gateway' });
    const { subnet: __, gateway: ___, ...open } = specOf(1, '10.50.0.2');
    await assert.rejects(Network.create(open, place), { code: 'ERR_SPEC', field: 'subnet' });
    const { gateway6: ____, ...alike6 } = specOf(1, '10.50.0.2');
    await assert.rejects(Network.create(alike6, place), { code: 'ERR_SPEC', field: 'gateway6' });
    const { subnet6: _____, gateway6: ______, ...v4 } = specOf(1, '10.50.0.2');
    await using network = await Network.create({ ...v4, vxlan: { id: 5, remote: '127.0.0.2' } }, place);
    assert.equal(network.subnet6, undefined, 'a random one would be another on each host');
    using member = await netns();
    await assert.rejects(network.attach(member), { code: 'ERR_SPEC', field: 'address' });
  });
});
