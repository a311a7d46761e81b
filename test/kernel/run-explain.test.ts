/** What isol8 run does beside a plan while it stays, in the scripts of --explain=sh. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { skip } from './caller.js';
import { isol8, isRoot } from './cli-program.js';
import { Terminal } from './cli-terminal.js';

const folder = mkdtempSync(join(tmpdir(), 'isol8-explain-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function scriptOf(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await isol8(['run', '--explain=sh', ...args]);
  assert.equal(status, 0, stderr);
  const file = join(folder, 'script');
  writeFileSync(file, stdout);
  return file;
}

describe('isol8 run --explain=sh', { skip }, () => {
  for (const options of [['-it'], ['-it', '--timeout', '1h'], ['-it', '--share', 'pid,user']]) {
    if (options.includes('--share') && !isRoot) continue;
    it(`gives the program a terminal of its own: ${options.join(' ')}`, async () => {
      const script = await scriptOf(
        ...options,
        'sh',
        '-c',
        'echo "controls $(sh -c "stty size < /dev/tty")"; exit 3',
      );
      await using terminal = await Terminal.openShell();
      terminal.resize({ columns: 100, rows: 30 });
      terminal.type(`sh ${script}; echo "status $?"\n`);
      await terminal.see(/controls 30 100\r\n/);
      await terminal.see(/status 3\r\n/);
    });
  }

  if (isRoot)
    it('says what a script that becomes the program in a network lacks', async () => {
      const options = ['run', '--explain=sh', '--net', 'bridge', '-t', '--timeout', '1s', 'true'];
      const own = ['unshare', '-m', '-n', 'sh', '-ec', 'mount -t tmpfs tmpfs /run; exec "$@"', 'sh'];
      const { stdout, stderr } = await isol8(options, { behind: own });
      assert.match(stdout, /^# not in this script: .* terminal/m, stderr);
      assert.match(stdout, /^# not in this script: .* after 1s$/m);
    });

  it('ends the program in time, and says with what status', async () => {
    const script = await scriptOf('--timeout', '300ms', 'sh', '-c', 'echo begun; sleep 600 & sleep 600');
    const { stdout, status } = spawnSync('sh', [script], { encoding: 'utf8', timeout: 30_000 });
    assert.deepEqual([stdout, status], ['begun\n', 137]);
    const early = await scriptOf('--timeout', '1h', 'sh', '-c', 'exit 7');
    assert.equal(spawnSync('sh', [early]).status, 7);
  });
});
