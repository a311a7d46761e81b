/** UDP clients that keep their port: their packets go where the port leads now, not where it did when they began. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { it } from 'node:test';
import { createNamespaces, Namespace, Network } from '../../src/index.js';
import { OUTSIDE, outsideWorld } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

const ANY = { 4: '0.0.0.0', 6: '::' } as const;
const HOST = { 4: OUTSIDE.hostAddress, 6: OUTSIDE.hostAddress6 } as const;

/** Says who it is. */
async function answering(
  where: Namespace,
  name: string,
  port: number,
  address: string,
): Promise<AsyncDisposable> {
  const socket = await where.udp({ address, port, ...(address === '::' ? { ipv6Only: true } : {}) });
  socket.on('message', (_, from) => socket.send(name, from.port, from.address));
  return socket;
}

/** Who answers; undefined when nobody does. */
async function asked(client: Socket, address: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < 3; attempt++) {
    client.send('who', 9000, address);
    try {
      const [data] = await once(client, 'message', { signal: AbortSignal.timeout(300) });
      return String(data);
    } catch {} // lost, or refused: once more
  }
  return undefined;
}

describeInOwnMounts(import.meta.url, 'a UDP client with one port', () => {
  for (const version of [4, 6] as const)
    it(`reaches who has a published port now, over IPv${version}`, async () => {
      await using world = await outsideWorld();
      await using network = await Network.create({ name: 'flows' });
      using one = await netns();
      using two = await netns();
      using host = Namespace.open('/proc/self/ns/net');
      await using _one = await answering(one, 'one', 90, ANY[version]);
      await using _two = await answering(two, 'two', 90, ANY[version]);
      await using client = await world.outside.udp({ address: ANY[version], port: 5555 });
      const who = (): Promise<string | undefined> => asked(client, HOST[version]);
      const publish = ['9000:90/udp'];

      assert.equal(await who(), undefined);
      const first = await network.attach(one, { publish });
      assert.equal(await who(), 'one', 'though it began before');
      await first.detach();
      {
        await using _own = await answering(host, 'host', 9000, ANY[version]);
        assert.equal(await who(), 'host', 'after the member has left');
      }
      const second = await network.attach(two, { publish });
      assert.equal(await who(), 'two');
      await network.remove({ force: true });
      await second.detach();
      await using _own = await answering(host, 'host', 9000, ANY[version]);
      assert.equal(await who(), 'host', 'after the network is gone');
    });

  it('of the host keeps what it has elsewhere on the same port', async () => {
    await using world = await outsideWorld();
    await using network = await Network.create({ name: 'else' });
    using one = await netns();
    using two = await netns();
    await using _attached = await network.attach(one);
    await using server = await world.outside.udp({ address: OUTSIDE.address, port: 9000 });
    await using client = await one.udp({ address: '0.0.0.0', port: 5556 });
    client.send('hello', 9000, OUTSIDE.address);
    const [, from] = await once(server, 'message', { signal: AbortSignal.timeout(3000) });
    await using _publishing = await network.attach(two, { publish: ['9000:90/udp'] });
    server.send('late answer', from.port, from.address); // which only the flow leads to the member
    const [said] = await once(client, 'message', { signal: AbortSignal.timeout(3000) });
    assert.equal(String(said), 'late answer');
  });
});
