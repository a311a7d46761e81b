/** Networks as a user of them sees: who reaches whom, from where, by which address. The outside has no route back. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import {
  accepts,
  answersOn,
  command,
  hostState,
  ip,
  ipJson,
  OUTSIDE,
  outsideWorld,
  reaches,
  udpAnswer,
  udpEcho,
} from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

/** Has a namespace send what is for 127.0.0.1 to a neighbour, as nobody does by mistake. */
function sendLoopbackTo(neighbour: string, from: Namespace, source: string): void {
  for (const own of ['127.0.0.1', '127.0.0.0/8'])
    command(from, 'ip', 'route', 'delete', 'local', own, 'dev', 'lo', 'table', 'local');
  command(from, 'sysctl', '-q', 'net.ipv4.conf.all.route_localnet=1');
  const way = ['via', neighbour, 'dev', 'eth0', 'src', source];
  command(from, 'ip', 'route', 'replace', '127.0.0.1/32', ...way);
}

describeInOwnMounts(import.meta.url, 'a network', () => {
  it('connects its members with each other, the host and, by NAT alone, the outside', async () => {
    await using world = await outsideWorld();
    await using network = await Network.create({ name: 'web' });
    using one = await netns();
    using other = await netns();
    await using first = await network.attach(one);
    await using second = await network.attach(other);
    assert.deepEqual([first.interface, first.address], ['eth0', '172.16.0.2']);
    for (const address of [first.address, first.address6, network.gateway, network.gateway6]) {
      assert.ok(await reaches(other, address as string), address);
    }
    assert.ok(await reaches(one, second.address6 as string));
    assert.ok(await reaches(undefined, second.address as string), 'from the host');
    await using server = await answersOn(world.outside, OUTSIDE.address, 80);
    assert.equal(await accepts(one, OUTSIDE.address, 80), OUTSIDE.hostAddress, 'seen as the host');
    await using server6 = await answersOn(world.outside, OUTSIDE.address6, 80);
    assert.equal(await accepts(one, OUTSIDE.address6, 80), OUTSIDE.hostAddress6);
    void server;
    void server6;
  });

  it('is what ip shows, and nothing is left of it', async () => {
    await using _world = await outsideWorld();
    const before = hostState();
    {
      await using network = await Network.create({
        name: 'shown',
        subnet: '10.9.0.0/24',
        subnet6: 'fd09::/64',
      });
      using member = await netns();
      await using attachment = await network.attach(member, {
        address: '10.9.0.7',
        mac: '02:00:00:00:09:07',
      });
      const [bridge] = ipJson('link', 'show', 'dev', 'i8-shown');
      assert.equal(bridge.linkinfo.info_kind, 'bridge');
      assert.deepEqual([bridge.operstate, bridge.mtu], ['UP', 1400], 'the mtu of the way out');
      const [port] = ipJson('link', 'show', 'master', 'i8-shown');
      assert.equal(port.ifname, attachment.hostInterface);
      assert.equal(attachment.address6, 'fd09::2');
      assert.match(readFileSync('/proc/sys/net/ipv4/conf/up0/forwarding', 'utf8'), /1/);
      assert.match(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'), /0/);
    }
    assert.deepEqual(hostState(), before);
    assert.equal(existsSync('/run/isol8'), false);
  });

  it('calls a link by the first name that is free, with the address that it would have had anyway', async () => {
    await using _world = await outsideWorld();
    await using one = await Network.create({ name: 'one', subnet: '10.8.0.0/24' });
    await using two = await Network.create({ name: 'two', subnet: '10.9.0.0/24' });
    using member = await netns();
    await using first = await one.attach(member);
    await using second = await two.attach(member, { publish: ['8080:80'] });
    assert.deepEqual(
      [first, second].map(({ interface: name, address }) => [name, address]),
      [
        ['eth0', '10.8.0.2'],
        ['eth1', '10.9.0.2'],
      ],
    );
    const ofSecond = (): unknown[] => [
      ipJson('link', 'show', 'master', 'i8-two').map(({ ifname }) => ifname),
      ipJson('-4', 'neighbor', 'show', 'dev', 'i8-two', 'nud', 'permanent').map(({ dst }) => dst),
    ];
    const alone = [[second.hostInterface], ['10.9.0.2']];
    assert.deepEqual(ofSecond(), alone);
    await assert.rejects(two.attach(member, { interface: 'eth0' }), { code: 'EEXIST' });
    assert.deepEqual(ofSecond(), alone);
  });

  it('keeps others out, and its members in when it is internal', async () => {
    await using world = await outsideWorld();
    await using open = await Network.create({ name: 'open' });
    await using internal = await Network.create({ name: 'internal', internal: true });
    using one = await netns();
    using two = await netns();
    using three = await netns();
    await using a = await open.attach(one);
    await using b = await internal.attach(two);
    await using c = await internal.attach(three);
    assert.ok(await reaches(two, c.address as string));
    assert.ok(await reaches(two, internal.gateway as string));
    await using _server = await answersOn(world.outside, OUTSIDE.address, 80);
    assert.equal(await accepts(two, OUTSIDE.address, 80), undefined);
    assert.equal(await reaches(one, b.address as string), false, 'networks are apart');
    world.routeBack(open.subnet as string);
    assert.equal(await reaches(world.outside, a.address as string), false, 'nothing comes in unasked');
  });

  it('brings a member what is for it, also when another one takes its MAC address', async () => {
    await using _world = await outsideWorld();
    await using network = await Network.create({ name: 'alike' });
    using one = await netns();
    using other = await netns();
    await using first = await network.attach(one);
    await using _second = await network.attach(other);
    assert.ok(await reaches(one, network.gateway as string));
    command(other, 'ip', 'link', 'set', 'eth0', 'address', first.mac);
    await reaches(other, network.gateway as string); // so that its port has been seen with that address
    assert.ok(await reaches(undefined, first.address as string));
    assert.ok(await reaches(one, OUTSIDE.address));
  });

  it('can keep its members apart', async () => {
    await using _world = await outsideWorld();
    await using network = await Network.create({ name: 'apart', isolated: true });
    using one = await netns();
    using other = await netns();
    await using _first = await network.attach(one);
    await using second = await network.attach(other);
    assert.equal(await reaches(one, second.address as string), false);
    assert.ok(await reaches(one, network.gateway as string));
  });

  it('publishes ports to outside, the host, its loopback and its own members', async () => {
    await using world = await outsideWorld();
    await using network = await Network.create({ name: 'pub' });
    using one = await netns();
    using other = await netns();
    const publish = ['8080:80', '9000-9001:9000-9001/udp', `${OUTSIDE.hostAddress}:8081:81`];
    await using server = await network.attach(one, { publish });
    await using client = await network.attach(other);
    await using _80 = await answersOn(one, '::', 80);
    await using _81 = await answersOn(one, '::', 81);
    await using _9001 = await udpEcho(one, 9001);
    assert.equal(await accepts(world.outside, OUTSIDE.hostAddress, 8080), OUTSIDE.address);
    assert.equal(await accepts(world.outside, OUTSIDE.hostAddress6, 8080), OUTSIDE.address6);
    assert.equal(await accepts(undefined, '127.0.0.1', 8080), network.gateway);
    assert.ok(await accepts(undefined, OUTSIDE.hostAddress, 8080));
    assert.equal(await accepts(undefined, '::1', 8080), undefined);
    assert.ok(await accepts(other, OUTSIDE.hostAddress, 8080), 'from the network itself');
    assert.ok(await accepts(one, OUTSIDE.hostAddress, 8080), 'and from the member itself');
    assert.ok(await accepts(world.outside, OUTSIDE.hostAddress, 8081));
    assert.equal(await accepts(undefined, '127.0.0.1', 8081), undefined, 'published on one address');
    assert.equal(await udpAnswer(world.outside, OUTSIDE.hostAddress, 9001), 'echo');
    void server;
    void client;
  });

  it("does not let its members at the host's loopback, which a published port has it route to", async () => {
    await using _world = await outsideWorld();
    await using network = await Network.create({ name: 'lo' });
    using member = await netns();
    await using _attached = await network.attach(member, { publish: ['8084:84'] });
    await using _server = await answersOn(undefined, '127.0.0.1', 8085);
    assert.ok(await accepts(undefined, '127.0.0.1', 8085));
    sendLoopbackTo(network.gateway as string, member, '172.16.0.2');
    assert.ok(await reaches(member, network.gateway as string), 'the way there is as before');
    assert.equal(await accepts(member, '127.0.0.1', 8085), undefined);
  });

  it("keeps neighbours from what is published on the host's loopback", async () => {
    await using world = await outsideWorld();
    await using network = await Network.create({ name: 'near' });
    using member = await netns();
    await using _attached = await network.attach(member, {
      publish: ['127.0.0.1:8086:86/udp', '8087:86/udp'],
    });
    await using server = await member.udp({ address: '0.0.0.0', port: 86 });
    const got: string[] = [];
    server.on('message', (text) => got.push(String(text)));
    sendLoopbackTo(OUTSIDE.hostAddress, world.outside, OUTSIDE.address);
    await using neighbour = await world.outside.udp({ address: OUTSIDE.address });
    neighbour.send('to its loopback', 8086, '127.0.0.1');
    neighbour.send('to a port for all, there', 8087, '127.0.0.1');
    while (got.length === 0) {
      neighbour.send('to its address', 8087, OUTSIDE.hostAddress); // by the same way, behind the others
      await sleep(10);
    }
    assert.deepEqual([...new Set(got)], ['to its address']);
  });

  it('refuses a port that is taken at once, and says by whom', async () => {
    await using _world = await outsideWorld();
    await using network = await Network.create({ name: 'taken' });
    using one = await netns();
    using other = await netns();
    await using _server = await answersOn(undefined, '0.0.0.0', 8082);
    await assert.rejects(network.attach(one, { publish: ['8082:80'] }), {
      code: 'EADDRINUSE',
      message: new RegExp(`publish tcp port 8082 .*node.*pid ${process.pid}`),
    });
    await using _first = await network.attach(one, { publish: ['8083:80'], name: 'first' });
    await assert.rejects(network.attach(other, { publish: ['8083:80'] }), /first of network taken/);
    await using second = await network.attach(other, { publish: ['80'] });
    assert.ok((second.ports[0]?.hostPort ?? 0) > 1023);
    assert.deepEqual(
      (await network.inspect()).members.map(({ ports }) => ports.length),
      [1, 1],
    );
  });

  it('gives addresses until there are none, and takes them back', async () => {
    await using _world = await outsideWorld();
    await using network = await Network.create({ name: 'small', subnet: '10.8.0.0/30', subnet6: false });
    using one = await netns();
    using other = await netns();
    const first = await network.attach(one);
    assert.equal(first.address, '10.8.0.2');
    await assert.rejects(network.attach(other), {
      code: 'ENOSPC',
      message: /each address of 10.8.0.0\/30 is taken/,
    });
    await assert.rejects(network.attach(other, { address: '10.8.0.2' }), { code: 'EADDRINUSE' });
    await assert.rejects(network.attach(other, { address: '10.8.0.1' }), /gateway/);
    await assert.rejects(network.attach(other, { address: '10.8.0.3' }), { code: 'EADDRNOTAVAIL' });
    await first.detach();
    await using again = await network.attach(other);
    assert.equal(again.address, '10.8.0.2');
  });

  it('takes no subnet that a route or another network has', async () => {
    await using world = await outsideWorld();
    world.route('172.16.0.0/15');
    await using one = await Network.create({ name: 'one' });
    assert.equal(one.subnet, '172.18.0.0/20');
    await assert.rejects(Network.create({ name: 'two', subnet: '172.18.8.0/24' }), {
      code: 'EEXIST',
      message: /network one/,
    });
    await assert.rejects(Network.create({ name: 'two', subnet: '172.17.0.0/24' }), /route 172.16.0.0\/15/);
    await assert.rejects(Network.create({ name: 'one' }), { code: 'EEXIST' });
    using member = await netns();
    world.route('172.18.0.2/32');
    await assert.rejects(one.attach(member), {
      code: 'EEXIST',
      message: /route that came later leads 172.18.0.2 to up0/,
    });
    await using both = await Network.create({ name: 'both', subnet: '172.19.0.0/24', subnet6: 'fd19::/64' });
    world.route('fd19::2/128');
    await assert.rejects(both.attach(member), {
      code: 'EEXIST',
      message: /route that came later leads fd19::2 to up0/,
    });
    assert.deepEqual((await both.inspect()).members, []);
    ip('-6', 'route', 'delete', 'fd19::2/128');
    ip('-6', 'route', 'add', 'unreachable', 'fd19::3/128');
    await assert.rejects(
      both.attach(member, { address6: 'fd19::3' }),
      /leads fd19::3 nowhere, not to i8-both/,
    );
    await using attached = await both.attach(member, { address6: 'fd19::2' });
    assert.equal(attached.address6, 'fd19::2');
  });

  it('is not taken for one of a network namespace that had the same number before', async () => {
    await using _world = await outsideWorld();
    const folder = '/run/isol8/networks';
    const store = (): string =>
      readdirSync(folder)
        .filter((name) => name.startsWith(`${inode}-`))
        .join();
    const { ino: inode } = statSync('/proc/self/ns/net', { bigint: true });
    const network = await Network.create({ name: 'again' });
    const present = store();
    cpSync(`${folder}/${present}`, `${folder}/${inode}-1`, { recursive: true });
    await network.remove();
    await using again = await Network.create({ name: 'again' });
    assert.equal(again.name, 'again');
    assert.equal(store(), present);
  });

  it('is not removed in use unless by force', async () => {
    await using _world = await outsideWorld();
    const network = await Network.create({ name: 'used' });
    using member = await netns();
    const attachment = await network.attach(member, { name: 'me' });
    await assert.rejects(network.remove(), { code: 'EBUSY', message: /remove network used: me is attached/ });
    await network.remove({ force: true });
    await assert.rejects(network.remove(), { code: 'ENOENT' });
    await attachment.detach();
    network.close();
  });
});
