/** CLONE_NEWIPC and CLONE_NEWUSER. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { experiment, found, freshIpc, outputOf } from './example.js';

const number = (path: string): string => readFileSync(path, 'utf8').trim();

experiment(
  'a child in an IPC namespace sees neither memory nor queue of its parent; one that shares it sees both',
  { example: '06-ipc', needs: ['ipcs', 'ipcmk', 'awk', 'unshare'], behind: freshIpc },
  (said) => {
    const [own] = found(/^The parent is in (ipc:.*)$/m, said);
    const [memory, queue] = found(/^It has made shared memory (\d+) and message queue (\d+)$/m, said);
    const [apart, seen] = found(/^The child with new uts and ipc is in (ipc:\S+) and sees\n(.*)$/m, said);
    const [same, first, second] = found(
      /^The child with new uts is in (ipc:\S+) and sees\n(.*)\n(.*)$/m,
      said,
    );
    assert.notEqual(apart, own);
    assert.equal(seen, 'nothing');
    assert.equal(same, own);
    assert.deepEqual(first?.split(/\s+/).slice(1, 5), [memory, 'root', '644', '1024']);
    assert.deepEqual(second?.split(/\s+/).slice(1, 5), [queue, 'root', '644', '0']);
  },
);

experiment(
  'an example leaves no shared memory and no queue behind',
  { example: '06-ipc', needs: ['ipcs'] },
  (said) => {
    const [memory, queue] = found(/^It has made shared memory (\d+) and message queue (\d+)$/m, said);
    const ids = (option: string): (string | undefined)[] =>
      outputOf(['ipcs', option])
        .split('\n')
        .map((line) => line.split(/\s+/)[1]);
    assert.ok(!ids('-m').includes(memory) && !ids('-q').includes(queue));
  },
);

experiment(
  'a user without a map is the overflow user, one with a map is root inside only',
  { example: '08-user' },
  (said, { uid }) => {
    const overflow = ['uid', 'gid'].map((name) => number(`/proc/sys/kernel/overflow${name}`));
    assert.deepEqual(found(/^Without a map: user (\d+), group (\d+)$/m, said), overflow);
    assert.deepEqual(found(/overflowuid is (\d+)\n.*overflowgid is (\d+)$/m, said), overflow);
    assert.deepEqual(found(/^With a map: user (\d+), group (\d+)$/m, said), ['0', '0']);
    const outside = String(uid === 0 ? 1000 : uid);
    const [user, group] = found(/uid_map is (.*)\n.*gid_map is (.*)$/m, said);
    assert.deepEqual(user?.split(/\s+/), ['0', outside, '1']);
    assert.match(group ?? '', /^0\s+[1-9]\d*\s+1$/);
    assert.match(said, /setgroups is deny$/m);
    assert.deepEqual(found(/^Outside, process \d+ belongs to user (\d+)$/m, said), [outside]);
    assert.deepEqual(found(/^The file it has made belongs to user (\d+)$/m, said), [outside]);
  },
);
