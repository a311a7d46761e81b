/** The files that the names of a network are read from: while they change, and when who changed them was killed. */
import assert from 'node:assert/strict';
import fs, { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import { it } from 'node:test';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';
import { describeInOwnMounts } from './own-mounts.js';

async function netns(): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  return net as Namespace;
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** What can be read of a file each time before it gets its new length. */
async function readBeforeCut(path: string, work: () => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const { ftruncateSync } = fs;
  fs.ftruncateSync = (fd, length) => {
    seen.push(readFileSync(path, 'utf8'));
    ftruncateSync(fd, length);
  };
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    fs.ftruncateSync = ftruncateSync;
    syncBuiltinESMExports();
  }
  return seen;
}

describeInOwnMounts(import.meta.url, 'the files of names', () => {
  it('never hold parts of lines when they become shorter', async () => {
    await using network = await Network.create({ name: 'short' });
    using one = await netns();
    using two = await netns();
    await using first = await network.attach(one, { name: 'one' });
    const second = await network.attach(two, { name: 'a-name-that-is-longer-than-a-line-of-the-others' });
    const [{ source: hosts = '' } = {}] = (await first.nameMounts()) as { source?: string }[];
    const seen = await readBeforeCut(hosts, () => second.detach());
    const left = lines(readFileSync(hosts, 'utf8'));
    assert.deepEqual(seen.map(lines), [left]);
    assert.doesNotMatch(left.join(), /longer/);
  });

  for (const [by, mend] of [
    ['isol8 gc', async () => void (await Network.sweep())],
    [
      'the next attach',
      async (network: Network) => {
        using member = await netns();
        await (await network.attach(member, { publish: ['80'] })).detach();
      },
    ],
  ] as const)
    it(`are put right by ${by} when who was to write them was killed`, async () => {
      await using network = await Network.create({ name: 'killed' });
      using one = await netns();
      const extraHosts = [{ name: 'db', address: '10.0.0.1' }];
      await using attached = await network.attach(one, { name: 'one', extraHosts });
      const [{ source: own = '' } = {}] = (await attached.nameMounts()) as { source?: string }[];
      const shared = `${dirname(dirname(dirname(own)))}/hosts`;
      const former = `${dirname(dirname(own))}/i8v00000001`;
      const right = [own, shared].map((path) => readFileSync(path, 'utf8'));
      for (const path of [own, shared]) writeFileSync(path, '127.0.0.1\tlocalhost\n172.16.0.99\tgone\n');
      fs.mkdirSync(former);
      await mend(network);
      assert.deepEqual(
        [own, shared].map((path) => readFileSync(path, 'utf8')),
        right,
      );
      assert.equal(existsSync(former), false);
    });
});
