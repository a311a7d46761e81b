/** What is left when programs are killed over networks. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { it } from 'node:test';
import { Network } from '../../src/index.js';
import { endsWithoutTrace, killAtEachStep } from './network-killed.js';
import { hostState, outsideWorld } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

describeInOwnMounts(import.meta.url, 'networks whose program is killed before a step', () => {
  it('leave nothing that gc does not remove, and others go on', () => endsWithoutTrace('before'));

  it('leave no forwarding on when there is no other network', async () => {
    await using _world = await outsideWorld();
    const before = hostState();
    // settings are written after one step and before the next
    await killAtEachStep({ when: 'before', args: ['alone'] }, async (at) => {
      await Network.sweep();
      assert.deepEqual(hostState(), before, at);
      assert.equal(existsSync('/run/isol8'), false, at);
    });
  });
});
