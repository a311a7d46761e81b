/** Two namespaces with a cable between them, as they and ip(8) see it. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connectNamespaces, createNamespaces, type Namespace } from '../../src/index.js';
import { command, reaches } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

const linksOf = (namespace: Namespace): string[] =>
  JSON.parse(command(namespace, 'ip', '-j', 'link')).map(({ ifname }: { ifname: string }) => ifname);

describeInOwnMounts(import.meta.url, 'a cable', () => {
  it('connects two namespaces at once, and both are without it afterwards', async () => {
    using one = await netns();
    using other = await netns();
    {
      await using cable = await connectNamespaces(one, other);
      const [near, far] = cable.ends;
      assert.deepEqual([near.address, far.address], ['172.16.0.0', '172.16.0.1']);
      assert.ok(await reaches(one, far.address as string));
      assert.ok(await reaches(other, near.address as string));
      assert.ok(await reaches(one, far.address6 as string));
      assert.ok(await reaches(other, near.address6 as string));
      assert.ok(await reaches(one, '127.0.0.1'), 'loopback is up');
      assert.deepEqual(
        [linksOf(one), linksOf(other)],
        [
          ['lo', 'eth0'],
          ['lo', 'eth0'],
        ],
      );
    }
    assert.deepEqual([linksOf(one), linksOf(other)], [['lo'], ['lo']]);
  });

  it('is as it was asked for', async () => {
    using one = await netns();
    using other = await netns();
    await using cable = await connectNamespaces(one, other, {
      ...{ subnet: '10.5.0.0/30', subnet6: 'fd05::/126', names: ['left', 'right'], mtu: 1400 },
    });
    assert.deepEqual(cable.ends, [
      { interface: 'left', address: '10.5.0.1', address6: 'fd05::1' },
      { interface: 'right', address: '10.5.0.2', address6: 'fd05::2' },
    ]);
    assert.match(command(other, 'ip', 'address', 'show', 'dev', 'right'), /mtu 1400 .*10\.5\.0\.2\/30/s);
    assert.ok(await reaches(one, '10.5.0.2'));
    await using _v6 = await connectNamespaces(one, other, { subnet: false });
    assert.ok(await reaches(one, _v6.ends[1].address6 as string));
  });

  it('is one of several, each with addresses of its own', async () => {
    using hub = await netns();
    using one = await netns();
    using other = await netns();
    await using first = await connectNamespaces(hub, one);
    await using second = await connectNamespaces(hub, other);
    assert.deepEqual([first.ends[0].interface, second.ends[0].interface], ['eth0', 'eth1']);
    assert.ok(await reaches(hub, first.ends[1].address as string));
    assert.ok(await reaches(hub, second.ends[1].address as string));
  });

  it('leaves nothing when it cannot be made', async () => {
    using one = await netns();
    using other = await netns();
    await assert.rejects(connectNamespaces(one, one), { code: 'ERR_SPEC', field: 'other' });
    await assert.rejects(connectNamespaces(one, other, { subnet: '10.0.0.1/32' }), { field: 'subnet' });
    await assert.rejects(connectNamespaces(one, other, { names: ['a', 'lo'] }), { code: 'EEXIST' });
    command(other, 'sysctl', '-q', '-w', 'net.ipv6.conf.default.disable_ipv6=1');
    await assert.rejects(connectNamespaces(one, other), { code: 'EACCES' });
    assert.deepEqual([linksOf(one), linksOf(other)], [['lo'], ['lo']]);
  });
});
