/** What members had whose namespace has ended: others can have it at once, though networks are looked after a while later only. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, it } from 'node:test';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { whenNone } from './lifecycle-census.js';
import { bundle, startVictim } from './lifecycle-victim.js';
import { ipJson } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

const portsOf = (bridge: string): string[] =>
  ipJson('link', 'show', 'master', bridge).map(({ ifname }) => ifname);

/** The kernel ends a namespace a while after the last that was in it. */
async function membersEnd(bridge: string): Promise<void> {
  assert.deepEqual(await whenNone(async () => portsOf(bridge)), []);
}

describeInOwnMounts(import.meta.url, 'what a dead member had', () => {
  const script = bundle('network-publisher.ts');
  after(() => rmSync(script));

  it('is an address that the next one has at once', async () => {
    await using network = await Network.create({ name: 'small', subnet: '10.8.0.0/30', subnet6: false });
    for (const spec of [{}, { address: '10.8.0.2' }]) {
      const one = await netns();
      await network.attach(one, spec);
      one[Symbol.dispose]();
      await membersEnd(network.bridge);
      using two = await netns();
      await using attached = await network.attach(two, spec);
      assert.equal(attached.address, '10.8.0.2');
      assert.equal((await network.inspect()).members.length, 1);
    }
  });

  it('is a port that a member of another network has at once', async () => {
    await using one = await Network.create({ name: 'one' });
    await using two = await Network.create({ name: 'two' });
    using member = await netns();
    const victim = startVictim(script, ['one', '8080:80']);
    assert.equal(await victim.line(), 'published');
    await assert.rejects(two.attach(member, { publish: ['8080:80'] }), {
      code: 'EADDRINUSE',
      message: /publisher of network one/,
    });
    process.kill(victim.pid, 'SIGKILL');
    await victim.gone;
    await membersEnd(one.bridge);
    await using attached = await two.attach(member, { publish: ['8080:80'] });
    assert.equal(attached.ports[0]?.hostPort, 8080);
  });

  it('is not what a living one has, nor a reason to take a network from its members', async () => {
    using holder = await netns();
    using other = await netns();
    const victim = startVictim(script, ['lost', '8081:80', 'create', `/proc/${process.pid}/fd/${holder.fd}`]);
    assert.equal(await victim.line(), 'published');
    process.kill(victim.pid, 'SIGKILL');
    await victim.gone;
    await using network = await Network.open('lost'); // its owner has ended, as gc would find
    await assert.rejects(network.attach(other, { publish: ['8081:80'] }), {
      code: 'EADDRINUSE',
      message: /publisher of network lost/,
    });
    assert.equal((await network.inspect()).members.length, 1);
    await network.remove({ force: true });
  });
});
