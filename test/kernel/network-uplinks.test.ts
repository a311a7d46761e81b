/** Networks of a host with several links, and with routes that come and go. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import {
  accepts,
  answersOn,
  command,
  hostState,
  ip,
  OUTSIDE,
  outsideWorld,
  reaches,
  secondUplink,
} from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

/** Longer than a network is not looked after again. */
const LOOKED_AFTER = 1000;

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

const forwards = (link: string): string =>
  readFileSync(`/proc/sys/net/ipv4/conf/${link}/forwarding`, 'utf8').trim();

describeInOwnMounts(import.meta.url, 'a network with several ways out', () => {
  it('reaches links without a default route, and is reached from there', async () => {
    await using _world = await outsideWorld();
    using lan = await secondUplink('lan0', '192.0.2');
    const before = hostState();
    {
      await using network = await Network.create({ name: 'two' });
      using member = await netns();
      await using _attached = await network.attach(member, { publish: ['8080:80'] });
      await using _server = await answersOn(member, '::', 80);
      assert.ok(await reaches(member, '192.0.2.2'));
      assert.equal(await accepts(lan, '192.0.2.1', 8080), '192.0.2.2');
      assert.ok(await reaches(member, OUTSIDE.address));
      assert.equal(forwards('lo'), '0', 'nothing is forwarded from loopback');
    }
    assert.deepEqual(hostState(), before);
    ip('link', 'delete', 'lan0');
  });

  it('leaves the bridge of an internal network alone', async () => {
    await using _world = await outsideWorld();
    await using _internal = await Network.create({ name: 'inner', internal: true });
    await using _network = await Network.create({ name: 'outer' });
    assert.deepEqual([forwards('i8-inner'), forwards('i8-outer'), forwards('up0')], ['0', '1', '1']);
  });

  it('has the way out of a default route that came later', async () => {
    await using network = await Network.create({ name: 'early' });
    using first = await netns();
    await using _first = await network.attach(first);
    assert.equal(command(first, 'ip', '-6', 'route', 'show', 'default'), '');
    await using _world = await outsideWorld();
    assert.equal(await reaches(first, OUTSIDE.address), false);
    await sleep(LOOKED_AFTER);
    using second = await netns();
    await using _second = await network.attach(second);
    assert.ok(await reaches(first, OUTSIDE.address), 'who was there before, too');
    assert.ok(await reaches(second, OUTSIDE.address6));
    assert.match(command(second, 'ip', '-6', 'route', 'show', 'default'), /^default via /);
  });

  it('has a free subnet beside a VPN that leads everything elsewhere', async () => {
    await using world = await outsideWorld();
    for (const half of ['0.0.0.0/1', '128.0.0.0/1']) world.route(half);
    for (const half of ['::/1', '8000::/1']) ip('-6', 'route', 'add', half, 'via', OUTSIDE.address6);
    world.route('172.16.0.0/13');
    await using network = await Network.create({ name: 'vpn' });
    assert.equal(network.subnet, '172.24.0.0/20');
    using member = await netns();
    await using _member = await network.attach(member);
    assert.ok(await reaches(member, OUTSIDE.address));
    ip('-6', 'route', 'add', 'fd00::/8', 'via', OUTSIDE.address6);
    await assert.rejects(Network.create({ name: 'full' }), { code: 'ENOSPC', message: /subnet6/ });
  });
});
