/** unshare(2), setns(2) and clone(2): the article's first three programs. */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { experiment, found } from './example.js';

const link = (name: string): string => readlinkSync(`/proc/self/ns/${name}`);
const name = hostname();

experiment(
  'unshare gives a process a host name that the host does not have',
  { example: '01-unshare' },
  (said, { uid }) => {
    assert.deepEqual(found(/^The UTS namespace is (.*)$/m, said), [link('uts')]);
    assert.deepEqual(found(/^A shell started now says: (.*)$/m, said), ['new-namespace']);
    assert.deepEqual(found(/^The shell outside says: (.*)$/m, said), [name]);
    const links = [...said.matchAll(/^ {2}(\w+) -> (.*)$/gm)].map(([, kind, inode]) => [kind, inode]);
    assert.deepEqual(
      links.map(([kind]) => kind),
      readdirSync('/proc/self/ns').sort(),
    );
    assert.equal(links.length, 10);
    const apart = links.filter(([kind, inode]) => inode !== link(kind as string)).map(([kind]) => kind);
    assert.deepEqual(apart, uid === 0 ? ['uts'] : ['user', 'uts']);
  },
);

experiment('setns joins what a process is in, under another pid', { example: '02-setns' }, (said) => {
  const [first, made] = found(/^Process (\d+) is in (uts:\S+)$/m, said);
  const [second, before, old] = found(/^Process (\d+) is in (uts:\S+): (.*)$/m, said);
  const [joined, after, now] = found(/^Process (\d+) has joined (uts:\S+): (.*)$/m, said);
  const [shell, its] = found(/^Its shell (\d+) says (.*)$/m, said);
  assert.notEqual(made, link('uts'));
  assert.deepEqual([before, old], [link('uts'), name]);
  assert.deepEqual([joined, after, now, its], [second, made, 'new-namespace', 'new-namespace']);
  assert.equal(new Set([first, second, shell]).size, 3);
});

experiment('clone without a flag makes a process that shares everything', { example: '03-clone' }, (said) => {
  const [parent, its] = found(/^The parent is process (\d+): (.*)$/m, said);
  const [child, hers] = found(/^The child is process (\d+): (.*)$/m, said);
  assert.notEqual(child, parent);
  assert.deepEqual([its, hers], [name, name]);
  const pairs = [...said.matchAll(/^ {2}(\w+)(:\S+) and (\S+): the same$/gm)];
  assert.equal(pairs.length, 8);
  for (const [, kind, own, other] of pairs)
    assert.deepEqual([`${kind}${own}`, other], [link(kind as string), link(kind as string)]);
});
