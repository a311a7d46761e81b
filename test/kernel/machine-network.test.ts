/** What holds the suite to leave the machine's network alone must see when something does not. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { machineNetwork, networkChanges } from './machine-network.js';
import { describeInOwnMounts } from './own-mounts.js';

const CHANGES: Readonly<Record<string, { readonly by: readonly string[]; readonly part: string }>> = {
  'a link': { by: ['ip', 'link', 'add', 'br7', 'type', 'bridge'], part: 'links' },
  'a link that is up': { by: ['ip', 'link', 'set', 'br7', 'up', 'addrgenmode', 'none'], part: 'links' },
  'an address': { by: ['ip', 'address', 'add', '127.7.0.1/32', 'dev', 'lo'], part: 'links' },
  'a route': { by: ['ip', 'route', 'add', 'blackhole', '10.7.0.0/24'], part: 'routes' },
  'a route of IPv6': { by: ['ip', 'route', 'add', 'blackhole', 'fd07::/64'], part: 'routes6' },
  'a rule': { by: ['ip', 'rule', 'add', 'from', '10.7.0.1', 'lookup', '7'], part: 'rules' },
  'a rule of nf_tables': { by: ['nft', 'add', 'table', 'ip', 'seven'], part: 'filter' },
};

describeInOwnMounts(import.meta.url, 'a network that is not left as it was', () => {
  it('is the same as long as nobody changes it', () => {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    assert.deepEqual(networkChanges(machineNetwork(), machineNetwork()), []);
  });

  for (const [what, { by, part }] of Object.entries(CHANGES))
    it(`is seen for ${what}`, () => {
      const before = machineNetwork();
      execFileSync(by[0] as string, by.slice(1));
      const found = networkChanges(before, machineNetwork()).map((line) => line.split(' ')[0]);
      assert.ok(found.includes(part), found.join());
    });

  for (const [setting, value] of [
    ['ipv4/ip_forward', '1'],
    ['ipv4/conf/lo/accept_local', '1'],
    ['ipv6/conf/all/forwarding', '1'],
    ['ipv6/conf/lo/accept_ra_defrtr', '0'],
  ] as const)
    it(`is seen for ${setting}`, () => {
      const before = machineNetwork();
      writeFileSync(`/proc/sys/net/${setting}`, value);
      const changes = networkChanges(before, machineNetwork());
      const [, , now] = changes.find((change) => change.startsWith('settings '))?.split('\n') ?? [];
      assert.ok(now?.includes(`${setting}: ${value}`), changes.join());
    });
});
