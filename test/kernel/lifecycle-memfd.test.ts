import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { after, describe, it, test } from 'node:test';
import { isRoot, skip } from './caller.js';
import { isol8 } from './cli-program.js';
import { bundle, startVictim } from './lifecycle-victim.js';

/** The setting belongs to the pid namespace, so that this machine's stays as it is. */
const under = (setting: number): string[] => [
  ...['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
  ...['sh', '-c', `echo ${setting} > /proc/sys/vm/memfd_noexec && exec "$@"`, 'sh'],
];

test('a process that may open few files is not told that executable memfds are forbidden', {
  skip,
}, async () => {
  const said = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const behind = ['sh', '-c', `ulimit -n ${16 + i}; exec "$@"`, 'sh'];
      return (await isol8(['run', '-it', 'true'], { behind })).stderr;
    }),
  );
  assert.doesNotMatch(said.join(''), /noexec/);
  assert.match(said.join(''), /memfd_create: EMFILE.* ulimit -n/);
});

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

describe('a process that may write small files alone', { skip }, () => {
  const script = bundle('lifecycle-victim-fsize.ts');
  after(() => rmSync(script));
  const raise = 'raise RLIMIT_FSIZE (ulimit -f).';

  for (const bytes of [0, 2048]) {
    it(`is told the limit that its launcher is above, with ${bytes} bytes, and keeps nothing of it`, async () => {
      const victim = startVictim(script, [`${bytes}`]);
      const { launcher, exitCode, plan } = JSON.parse((await victim.line()) ?? '{}');
      const message = `write the launcher: EFBIG. Its SIZE bytes are more than a file may have: ${raise}`;
      assert.deepEqual(
        { ...launcher, message: launcher.message.replace(/\d+/, 'SIZE') },
        { isol8: true, code: 'EFBIG', message, left: [] },
      );
      assert.equal(exitCode, 3, 'it starts once it may');
      assert.equal(plan.code, 'EFBIG');
      assert.match(plan.message, /: EFBIG\. The plan is more than a file may have: raise RLIMIT_FSIZE/);
      assert.deepEqual(plan.left, []);
      assert.equal((await victim.gone).code, 0);
    });
  }

  it('is told so by isol8 run', async () => {
    const limited = (bytes: number, ...words: string[]) =>
      isol8(['run', 'true', ...words], { behind: ['prlimit', `--fsize=${bytes}:`] });
    const launcher = await limited(2048);
    assert.match(launcher.stderr, /^isol8 run: write the launcher: EFBIG\. .* RLIMIT_FSIZE/);
    const plan = await limited(100_000, 'x'.repeat(110_000));
    assert.match(plan.stderr, /^isol8 run: write the plan: EFBIG\. .* RLIMIT_FSIZE/);
    assert.deepEqual([launcher.status, plan.status], [125, 125]);
  });
});
