/** What others do to the host of a network, as the packet filter and the tables of the kernel have it: seen, and put right. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { isol8 } from './cli-program.js';
import { accepts, answersOn, ipJson, OUTSIDE, outsideWorld, reaches } from './network-world.js';
import { comparable, nft, nftList } from './nft.js';
import { describeInOwnMounts } from './own-mounts.js';

/** Longer than a network is not looked after again. */
const LOOKED_AFTER = 1000;

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

/** In any order: tables come back in that of their making. */
const ruleset = (): string[] =>
  nftList()
    .map((entry) => JSON.stringify(comparable(entry)))
    .sort();

describeInOwnMounts(import.meta.url, 'a network that others interfere with', () => {
  it('has its rules back, published ports included, after all rules were flushed', async () => {
    await using world = await outsideWorld();
    await using network = await Network.create({ name: 'flushed' });
    await using other = await Network.create({ name: 'other' });
    using one = await netns();
    using two = await netns();
    using three = await netns();
    await using _one = await network.attach(one, { publish: ['8080:80', `${OUTSIDE.hostAddress}:8081:80`] });
    await using _two = await network.attach(two, { publish: ['8082:80/udp'] });
    await using _server = await answersOn(one, '::', 80);
    const before = ruleset();
    nft(['flush', 'ruleset']);
    assert.equal(await accepts(world.outside, OUTSIDE.hostAddress, 8080), undefined);
    assert.match((await network.inspect()).problems.join(), /rules of nf_tables are gone.*inet i8-flushed/);
    await sleep(LOOKED_AFTER);
    const third = await network.attach(three);
    assert.deepEqual((await network.inspect()).problems, []);
    assert.equal(await accepts(world.outside, OUTSIDE.hostAddress, 8080), OUTSIDE.address);
    assert.ok(await reaches(two, OUTSIDE.address), 'masqueraded');
    await third.detach();
    assert.match((await other.inspect()).problems.join(), /inet i8-other/);
    await using _again = await other.attach(three);
    assert.deepEqual(ruleset(), before);
  });

  it('has them back when one table alone was deleted', async () => {
    await using _world = await outsideWorld();
    await using network = await Network.create({ name: 'half' });
    const before = ruleset();
    nft(['delete', 'table', 'bridge', 'i8-half']);
    assert.match((await network.inspect()).problems.join(), /bridge i8-half/);
    using member = await netns();
    const attached = await network.attach(member, { publish: ['8080:80'] });
    await attached.detach();
    assert.deepEqual(ruleset(), before);
    const again = await network.attach(member, { publish: ['8080:80'] });
    nft(['flush', 'ruleset']);
    await again.detach();
    assert.deepEqual(ipJson('link', 'show', 'master', 'i8-half'), []);
  });

  it('keeps no neighbours of members that have left, or whose namespace has ended', async () => {
    await using network = await Network.create({ name: 'left' });
    const known = (): string[] =>
      ipJson('neighbor', 'show', 'dev', 'i8-left', 'nud', 'permanent').map(({ dst }) => dst);
    using one = await netns();
    using three = await netns();
    const two = await netns();
    const first = await network.attach(one);
    await network.attach(two);
    assert.equal(known().length, 4);
    await first.detach();
    assert.equal(known().length, 2);
    two[Symbol.dispose]();
    await sleep(LOOKED_AFTER);
    await using third = await network.attach(three);
    assert.deepEqual(known().sort(), [third.address, third.address6].sort());
  });

  it('says when the firewall of somebody else drops its packets, and what to add', async () => {
    await using _world = await outsideWorld();
    nft(
      ['-f', '-'],
      'table inet fw {\n chain passing {\n type filter hook forward priority 0; policy drop;\n }\n}\n',
    );
    const said =
      /dropped by the policy of passing in nf_tables' table inet fw: .*nft insert rule inet fw passing/;
    try {
      await using network = await Network.create({ name: 'dropped' });
      await using internal = await Network.create({ name: 'inner', internal: true });
      assert.match((await network.inspect()).problems.join(), said);
      assert.deepEqual((await internal.inspect()).problems, []);
      const listed = (await Network.list()).map(({ name, problems }) => [name, problems.length]);
      assert.deepEqual(listed, [
        ['dropped', 1],
        ['inner', 0],
      ]);
      const made = await isol8(['net', 'create', 'told']);
      assert.equal(made.status, 0);
      assert.match(made.stderr, new RegExp(`^isol8 net: .*${said.source}`));
      const run = await isol8(['run', '--net', 'told', '--', 'true']);
      assert.equal(run.status, 0);
      assert.match(run.stderr, new RegExp(`^isol8 run: .*${said.source}`));
      const inner = await isol8(['run', '--net', 'inner', '--', 'true']);
      assert.equal(inner.stderr, '');
      await (await Network.open('told')).remove();
    } finally {
      nft(['delete', 'table', 'inet', 'fw']);
    }
  });
});
