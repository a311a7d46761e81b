import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { isRoot, skip } from './caller.js';
import { bundle, startVictim } from './lifecycle-victim.js';

/** The setting belongs to the pid namespace, so that this machine's stays as it is. */
const under = (setting: number): string[] => [
  ...['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
  ...['sh', '-c', `echo ${setting} > /proc/sys/vm/memfd_noexec && exec "$@"`, 'sh'],
];

/** Only root of the machine may change it; for others it is what it is. */
const settings = isRoot ? [0, 1, 2] : [Number(readFileSync('/proc/sys/vm/memfd_noexec', 'utf8'))];

describe('a machine that restricts executable memfds', { skip }, () => {
  const script = bundle('lifecycle-victim-memfd.ts');
  after(() => rmSync(script));

  for (const setting of settings) {
    it(`runs programs with vm.memfd_noexec=${setting}, from a launcher that nothing inside can write to`, async () => {
      const victim = startVictim(script, [], isRoot ? under(setting) : []);
      const answer = JSON.parse((await victim.line()) ?? '{}');
      assert.deepEqual(answer, {
        setting: `${setting}`,
        comm: 'isol8-init',
        wrote: false,
        code: 3,
        memfd: setting < 2,
      });
      assert.equal((await victim.gone).code, 0);
    });
  }
});
