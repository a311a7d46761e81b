/** Programs that are killed while they make, use and remove a network, and what they leave. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { bundle } from './lifecycle-victim.js';
import { answersOn, hostState, OUTSIDE, outsideWorld, reaches } from './network-world.js';

type When = 'before' | 'after';

/** Kills a program before or after each of its steps; gives how many times. `look` is told which step it was. */
export async function killAtEachStep(
  { when, args = [] }: { when: When; args?: readonly string[] },
  look: (at: string) => Promise<void>,
): Promise<number> {
  const script = bundle('network-victim.ts');
  try {
    for (let at = 1; ; at++) {
      const victim = spawnSync(process.execPath, [script, when, `${at}`, ...args], { encoding: 'utf8' });
      if (victim.signal === null) {
        assert.equal(victim.stdout, 'finished\n', victim.stderr);
        return at - 1;
      }
      await look(`${when} ${at}`);
    }
  } finally {
    rmSync(script);
  }
}

/** Folders too, and without what they hold. */
const filesOf = (folder: string): string[] => readdirSync(folder, { recursive: true }).map(String).sort();

/** Nothing of it is left that gc does not remove, and another network goes on. */
export async function endsWithoutTrace(when: When): Promise<void> {
  await using world = await outsideWorld();
  await using steady = await Network.create({ name: 'steady' });
  const { net } = await createNamespaces(['net']);
  using member = net as Namespace;
  await using _attached = await steady.attach(member, { publish: ['8091:80'] });
  await using _server = await answersOn(member, '::', 80);
  await using _outside = await answersOn(world.outside, OUTSIDE.address, 80);
  const before = hostState();
  const written = filesOf('/run/isol8');
  const kills = await killAtEachStep({ when }, async (at) => {
    assert.ok(await reaches(member, OUTSIDE.address), `${at}: the other network stopped`);
    await Network.sweep();
    assert.deepEqual(hostState(), before, at);
    assert.deepEqual(filesOf('/run/isol8'), written, at);
    assert.deepEqual(
      (await Network.list()).map(({ name }) => name),
      ['steady'],
    );
  });
  assert.ok(kills > 30, `${kills} kills`);
}
