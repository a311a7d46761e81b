/** Networks where there is no IPv6, because it is switched off, or because packets are too small for it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { ipJson, OUTSIDE, outsideWorld, reaches } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

async function worksAlone(network: Network): Promise<void> {
  using one = await netns();
  using other = await netns();
  await using first = await network.attach(one);
  await using _second = await network.attach(other);
  assert.deepEqual([network.subnet6, network.gateway6, first.address6], [undefined, undefined, undefined]);
  assert.ok(await reaches(other, first.address as string));
  assert.ok(await reaches(one, OUTSIDE.address));
}

describeInOwnMounts(import.meta.url, 'a network without IPv6', () => {
  it('is made where IPv6 is switched off, unless it is asked for', async () => {
    await using _world = await outsideWorld();
    const off = '/proc/sys/net/ipv6/conf/default/disable_ipv6';
    writeFileSync(off, '1');
    try {
      await using network = await Network.create({ name: 'four' });
      await worksAlone(network);
      await assert.rejects(Network.create({ name: 'six', subnet6: 'fd06::/64' }), {
        code: 'EAFNOSUPPORT',
        message: /subnet6.*net\.ipv6\.conf\.default\.disable_ipv6=1/,
      });
      await assert.rejects(Network.create({ name: 'six', subnet: false }), { code: 'EAFNOSUPPORT' });
    } finally {
      writeFileSync(off, '0');
    }
  });

  it('is made for packets below 1280 bytes', async () => {
    await using _world = await outsideWorld();
    for (const mtu of [576, 68]) {
      await using network = await Network.create({ name: 'small', mtu });
      await worksAlone(network);
      assert.equal(ipJson('link', 'show', 'dev', 'i8-small')[0].mtu, mtu);
    }
    await using network = await Network.create({ name: 'none', mtu: 68, subnet6: false });
    await worksAlone(network);
    const wanted = { name: 'both', mtu: 1279, subnet6: 'fd06::/64' };
    await assert.rejects(Network.create(wanted), { code: 'ERR_SPEC', field: 'mtu' });
    await assert.rejects(Network.create({ name: 'both', mtu: 1279, subnet: false }), {
      code: 'ERR_SPEC',
      field: 'mtu',
    });
    await using both = await Network.create({ ...wanted, mtu: 1280 });
    assert.equal(both.gateway6, 'fd06::1');
  });

  it('makes no link-local addresses where it could', async () => {
    await using network = await Network.create({ name: 'quiet', subnet6: false });
    using member = await netns();
    await using _member = await network.attach(member);
    assert.deepEqual(
      ipJson('address', 'show', 'dev', 'i8-quiet')[0].addr_info.map(
        ({ family }: { family: string }) => family,
      ),
      ['inet'],
    );
  });
});
