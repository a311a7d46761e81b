/** Members of networks that say that they are routers, and the host and members that are not to believe them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { createNamespaces, Namespace, Network } from '../../src/index.js';
import { missingForwarding } from '../../src/network/forwarding.js';
import { NetworkHost } from '../../src/network/host.js';
import { reaches } from './network-world.js';
import { nftList } from './nft.js';
import { describeInOwnMounts } from './own-mounts.js';

import { advertiseRouter, defaultRoutes6 } from './router-advertisement.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

/** The kernel takes off tags of VLAN 0, one for itself and one more where nobody expects it. */
const TAGS = ['', '81000000', '8100000081000000', '88a8000081000000', '88a8000088a80000'];

describeInOwnMounts(import.meta.url, 'a member that says it is a router', () => {
  for (const [what, subnet6] of [
    ['without a subnet of IPv6', false],
    ['with one', 'fd07::/64'],
  ] as const)
    it(`is not believed in a network ${what}, by the host or by other members`, async () => {
      using host = Namespace.open('/proc/self/ns/net');
      await using network = await Network.create({ name: 'rogue', subnet6 });
      using member = await netns();
      using other = await netns();
      await using _member = await network.attach(member);
      await using attached = await network.attach(other);
      const before = [host, other].map(defaultRoutes6);
      for (const tags of TAGS) await advertiseRouter(member, 'eth0', tags);
      assert.ok(await reaches(member, attached.address as string), 'behind the advertisement');
      assert.ok(await reaches(member, network.gateway as string));
      assert.deepEqual([host, other].map(defaultRoutes6), before);
    });

  it('is not looked for where links are too small for IPv6', async () => {
    await using _network = await Network.create({ name: 'small', mtu: 1000 });
    assert.deepEqual(
      nftList().filter((entry) => (entry as { table?: { family: string } }).table?.family === 'bridge'),
      [],
    );
  });

  it('is not listened to by a bridge once it forwards, where the kernel forwards for all links or for none', async () => {
    await using network = await Network.create({ name: 'old', internal: true });
    using host = await NetworkHost.open();
    execFileSync('ip', ['link', 'add', 'up0', 'type', 'bridge']);
    const conf = (link: string): string => `/proc/sys/net/ipv6/conf/${link}`;
    const before616 = mkdtempSync('/run/conf-');
    writeFileSync(`${before616}/accept_ra`, '1');
    const links = [network.bridge, 'up0'];
    for (const link of links) execFileSync('mount', ['--bind', before616, conf(link)]);
    try {
      const written = missingForwarding(host, links, 'inet6').map(({ path }) => path);
      assert.deepEqual(
        written.filter((path) => path.endsWith('accept_ra')),
        [`${conf('up0')}/accept_ra`],
      );
    } finally {
      for (const link of links) execFileSync('umount', [conf(link)]);
      execFileSync('ip', ['link', 'delete', 'up0']);
      rmSync(before616, { recursive: true });
    }
  });
});
