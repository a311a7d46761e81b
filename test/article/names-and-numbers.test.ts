/** CLONE_NEWUTS, CLONE_NEWPID, and with a new /proc CLONE_NEWNS. */
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { experiment, found } from './example.js';

const link = (name: string): string => readlinkSync(`/proc/self/ns/${name}`);

experiment(
  'a child in a UTS namespace is named children, its parent is not',
  { example: '04-uts' },
  (said) => {
    const [child, name, uname, its] = found(
      /^The child (\d+) says (\w+), and uname says (\w+)\n(.*)$/m,
      said,
    );
    const [parent, host, own] = found(/^The parent (\d+) says (.*)\n(.*)$/m, said);
    assert.deepEqual([name, uname], ['children', 'children']);
    assert.deepEqual([host, own], [hostname(), link('uts')]);
    assert.notEqual(child, parent);
    assert.notEqual(its, own);
  },
);

experiment(
  'a child in a PID namespace is 1 inside and another outside, and its ps shows the host',
  { example: '05-pid', needs: ['ps'] },
  (said) => {
    const [parent, child] = found(
      /^The parent is process (\d+), and sees the child as process (\d+)$/m,
      said,
    );
    const [numbers] = found(/^Its numbers, outside and inside: (.*)$/m, said);
    assert.notEqual(child, '1');
    assert.deepEqual(numbers?.split(/\s+/).slice(-2), [child, '1']);
    assert.deepEqual(found(/^The child says it is process (\d+)$/m, said), ['1']);
    assert.deepEqual(found(/^Its ps still finds process (\d+)$/m, said), [parent]);
  },
);

const mounts = readFileSync('/proc/self/mountinfo', 'utf8');

experiment(
  'with a new /proc ps and top show what is inside, and the mounts of the host stay',
  { example: '07-mount', needs: ['ps', 'top'] },
  (said) => {
    const [own] = found(/^The parent is in (mnt:.*)$/m, said);
    const [pid, its] = found(/^A child is process (\d+) in (mnt:.*)$/m, said);
    assert.equal(own, link('mnt'));
    assert.equal(pid, '1');
    assert.notEqual(its, own);
    assert.match(said, /ps -e -o pid,comm shows 1 sh, \d ps$/m);
    assert.match(said, /top -b -n 1 shows 1 sh, \d top$/m);
    assert.match(said, /^The mounts of the parent are what they were$/m);
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), mounts);
  },
);
