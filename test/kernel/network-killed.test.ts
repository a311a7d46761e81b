/** What is left when programs are killed over networks. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { after, it } from 'node:test';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { bundle } from './lifecycle-victim.js';
import { answersOn, hostState, OUTSIDE, outsideWorld, reaches } from './network-world.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

/** Folders too, and without what they hold. */
const filesOf = (folder: string): string[] => readdirSync(folder, { recursive: true }).map(String).sort();

describeInOwnMounts(import.meta.url, 'networks whose program is killed', () => {
  const script = bundle('network-victim.ts');
  after(() => rmSync(script));

  /** Gives how many were killed. */
  async function killedAtEachStep(
    { whens, args = [] }: { whens: readonly string[]; args?: readonly string[] },
    look: (at: string) => Promise<void>,
  ): Promise<number> {
    let kills = 0;
    for (const when of whens)
      for (let at = 1; ; at++, kills++) {
        const victim = spawnSync(process.execPath, [script, when, `${at}`, ...args], { encoding: 'utf8' });
        if (victim.signal === null) {
          assert.equal(victim.stdout, 'finished\n', victim.stderr);
          break;
        }
        await look(`${when} ${at}`);
      }
    return kills;
  }

  it('leave nothing that gc does not remove, at any step, and others go on', async () => {
    await using world = await outsideWorld();
    await using steady = await Network.create({ name: 'steady' });
    using member = await netns();
    await using _attached = await steady.attach(member, { publish: ['8091:80'] });
    await using _server = await answersOn(member, '::', 80);
    await using _outside = await answersOn(world.outside, OUTSIDE.address, 80);
    const before = hostState();
    const written = filesOf('/run/isol8');
    const kills = await killedAtEachStep({ whens: ['before', 'after'] }, async (at) => {
      assert.ok(await reaches(member, OUTSIDE.address), `${at}: the other network stopped`);
      await Network.sweep();
      assert.deepEqual(hostState(), before, at);
      assert.deepEqual(filesOf('/run/isol8'), written, at);
      assert.deepEqual(
        (await Network.list()).map(({ name }) => name),
        ['steady'],
      );
    });
    assert.ok(kills > 60, `${kills} kills`);
  });

  it('leave no forwarding on when there is no other network', async () => {
    await using _world = await outsideWorld();
    const before = hostState();
    // settings are written after one step and before the next
    await killedAtEachStep({ whens: ['before'], args: ['alone'] }, async (at) => {
      await Network.sweep();
      assert.deepEqual(hostState(), before, at);
      assert.equal(existsSync('/run/isol8'), false, at);
    });
  });
});
