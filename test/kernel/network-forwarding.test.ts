/** Forwarding of the host's links when it cannot be switched on for all of them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { it } from 'node:test';
import { Network } from '../../src/index.js';
import { whenNone } from './lifecycle-census.js';
import { hostState, ip, ipJson, output, outsideWorld, secondUplink } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

const settingOf = (link: string): string => `/proc/sys/net/ipv4/conf/${link}/forwarding`;

/** Has something happen just before a file is written. */
function beforeWriting(path: string, happens: () => void): Disposable {
  const { writeFileSync } = fs;
  fs.writeFileSync = (...args) => {
    if (args[0] === path) happens();
    writeFileSync(...args);
  };
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]: () => {
      fs.writeFileSync = writeFileSync;
      syncBuiltinESMExports();
    },
  };
}

describeInOwnMounts(import.meta.url, 'forwarding', () => {
  it('is left off everywhere when one link cannot have it', async () => {
    await using _world = await outsideWorld();
    using _second = await secondUplink('up1', '10.77.0');
    // routes of a link are another sight until the kernel has noticed that its peer is up
    await whenNone(() =>
      ipJson('link').filter(({ ifname, operstate }) => /^up/.test(ifname) && operstate !== 'UP'),
    );
    const before = hostState();
    for (const link of ['up0', 'up1']) {
      output('mount', '--bind', settingOf(link), settingOf(link));
      output('mount', '-o', 'remount,bind,ro', settingOf(link));
      await assert.rejects(Network.create({ name: 'half' }), {
        code: 'EROFS',
        message: new RegExp(`switch forwarding on: .*${link}/forwarding: EROFS.*In a container`),
      });
      output('umount', settingOf(link));
      assert.deepEqual(hostState(), before, link);
    }
  });

  it('does not matter for a link that goes meanwhile', async () => {
    await using _world = await outsideWorld();
    using _second = await secondUplink('up1', '10.77.0');
    using _vanishing = beforeWriting(settingOf('up1'), () => ip('link', 'delete', 'up1'));
    await using network = await Network.create({ name: 'left' });
    assert.equal(fs.existsSync(settingOf('up1')), false);
    assert.deepEqual((await network.inspect()).problems, []);
    assert.equal(fs.readFileSync(settingOf('up0'), 'utf8').trim(), '1');
  });
});
