/** Published ports by every way that leads to them: protocols, families, from the host, from outside, from members. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { accepts, answersOn, ip, OUTSIDE, outsideWorld, udpAnswer, udpEcho } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

describeInOwnMounts(import.meta.url, 'a published port', () => {
  it('is reached over UDP from outside, the host, its loopback, other members and the member itself', async () => {
    await using world = await outsideWorld();
    await using network = await Network.create({ name: 'udp' });
    using one = await netns();
    using other = await netns();
    await using _one = await network.attach(one, { publish: ['9000:9001/udp'] });
    await using _other = await network.attach(other);
    await using _echo = await udpEcho(one, 9001);
    await using _echo6 = await udpEcho(one, 9001, '::');
    const { hostAddress, hostAddress6 } = OUTSIDE;
    const ways = [
      ['outside', world.outside, hostAddress],
      ['outside', world.outside, hostAddress6],
      ['the host', undefined, hostAddress],
      ['the host', undefined, hostAddress6],
      ['the host', undefined, '127.0.0.1'],
      ['another member', other, hostAddress],
      ['another member', other, hostAddress6],
      ['the member', one, hostAddress],
      ['the member', one, hostAddress6],
    ] as const;
    for (const [who, from, address] of ways)
      assert.equal(await udpAnswer(from, address, 9000), 'echo', `${who} by ${address}`);
  });

  it('is reached over TCP and IPv6 from the host, other members and the member itself', async () => {
    await using world = await outsideWorld();
    await using network = await Network.create({ name: 'six' });
    using one = await netns();
    using other = await netns();
    await using attached = await network.attach(one, { publish: ['8080:80'] });
    await using _other = await network.attach(other);
    await using _server = await answersOn(one, '::', 80);
    const seen = async (from: Namespace | undefined): Promise<string | undefined> =>
      accepts(from, OUTSIDE.hostAddress6, 8080);
    assert.equal(await seen(world.outside), OUTSIDE.address6);
    assert.ok(await seen(undefined), 'the host by its own address');
    assert.equal(await seen(other), network.gateway6);
    assert.equal(await seen(one), network.gateway6, 'the member itself');
    assert.equal(await accepts(undefined, network.gateway6 as string, 8080), network.gateway6);
    assert.equal(attached.ports.length, 1);
  });

  it('is each of a range, the first and the last, and none beside it', async () => {
    await using world = await outsideWorld();
    await using network = await Network.create({ name: 'range' });
    using member = await netns();
    await using _attached = await network.attach(member, {
      publish: ['7000-7003:6000-6003', '7000-7001:6000-6001/udp'],
    });
    await using _first = await answersOn(member, '::', 6000);
    await using _last = await answersOn(member, '::', 6003);
    await using _echo = await udpEcho(member, 6001);
    const { hostAddress, hostAddress6, address, address6 } = OUTSIDE;
    for (const port of [7000, 7003]) {
      assert.equal(await accepts(world.outside, hostAddress, port), address, `${port}`);
      assert.equal(await accepts(world.outside, hostAddress6, port), address6, `${port}`);
    }
    for (const port of [6999, 7001, 7004, 6000])
      assert.equal(await accepts(world.outside, hostAddress, port), undefined, `${port}`);
    assert.equal(await udpAnswer(world.outside, hostAddress, 7001), 'echo');
    assert.equal(await udpAnswer(world.outside, hostAddress, 7002), undefined);
  });

  it('is reached over IPv6 by neighbours of a host that has no default route for it', async () => {
    await using world = await outsideWorld();
    ip('-6', 'route', 'delete', 'default');
    await using network = await Network.create({ name: 'near6' });
    using member = await netns();
    using plain = await netns();
    await using _attached = await network.attach(member, { publish: ['8080:80', '9000:90/udp'] });
    await using _plain = await network.attach(plain);
    await using _server = await answersOn(member, '::', 80);
    await using _echo = await udpEcho(member, 90, '::');
    assert.equal(await accepts(world.outside, OUTSIDE.hostAddress6, 8080), OUTSIDE.address6);
    assert.equal(await udpAnswer(world.outside, OUTSIDE.hostAddress6, 9000), 'echo');
    assert.ok(await accepts(undefined, OUTSIDE.hostAddress6, 8080), 'from the host');
    assert.ok(await accepts(plain, network.gateway6 as string, 8080), 'from another member');
    assert.equal(await accepts(plain, OUTSIDE.address6, 8080), undefined, 'who has no way out');
  });
});
