import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { skip } from './caller.js';
import { isol8 } from './cli-program.js';
import { leaveMachineAsItWas } from './machine.js';

leaveMachineAsItWas();

const scratch = mkdtempSync(join(tmpdir(), 'isol8-status-'));
after(() => rmSync(scratch, { recursive: true }));
const marker = join(scratch, 'it-ran');

/** In place, with a watching process, and with a terminal: three ways to run, which end alike. */
const WAYS: readonly (readonly string[])[] = [
  [],
  ['--timeout', '1h'],
  ['-t'],
  ['--share', 'pid'],
  ['--no-init'],
];

describe('the exit status of isol8 run', { skip }, () => {
  for (const options of WAYS) {
    const how = options.join(' ') || 'nothing else';
    const statusOf = async (...command: string[]) =>
      (await isol8(['run', ...options, '--', ...command])).status;

    it(`is the command's own, with ${how}`, async () => {
      for (const code of [0, 1, 77, 255]) assert.equal(await statusOf('sh', '-c', `exit ${code}`), code);
    });

    // The kernel lets a PID 1 that the command itself is end by no signal of its own namespace.
    if (how !== '--no-init')
      it(`is 128+N when signal N has ended the command, with ${how}`, async () => {
        assert.equal(await statusOf('sh', '-c', 'kill -KILL $$'), 137);
        assert.equal(await statusOf('sh', '-c', 'kill -TERM $$'), 143);
        assert.equal(await statusOf('sh', '-c', 'ulimit -c 0; kill -SEGV $$'), 139);
        // the first and the last that a program can have for itself, and two of the C library's
        for (const number of [32, 33, 34, 64])
          assert.equal(await statusOf('sh', '-c', `kill -${number} $$`), 128 + number);
      });

    it(`is 127 for a command that is not there and 126 for one that cannot run, with ${how}`, async () => {
      assert.equal(await statusOf('isol8-has-no-such-command'), 127);
      assert.equal(await statusOf('/nowhere/at/all'), 127);
      assert.equal(await statusOf('/etc/passwd/x'), 127);
      assert.equal(await statusOf('/etc/passwd'), 126);
      assert.equal(await statusOf('/etc'), 126);
    });

    it(`is 125, with one line that says why, when a step fails, with ${how}`, async () => {
      const outcome = await isol8(['run', ...options, '-w', '/nowhere', '--', 'touch', marker]);
      assert.equal(outcome.status, 125);
      assert.match(
        outcome.stderr,
        /^isol8( run)?: chdir \/nowhere: ENOENT.*There is no such directory inside\..*\n$/,
      );
      assert.equal(outcome.stderr.split('\n').length, 2);
      assert.equal(outcome.stdout, '');
      assert.ok(!existsSync(marker));
    });
  }

  it('is 124 when the time is over, whatever the command does about signals', async () => {
    const outcome = await isol8([
      'run',
      '--timeout',
      '500ms',
      '--',
      'sh',
      '-c',
      'trap "" TERM INT; sleep 600',
    ]);
    assert.deepEqual(outcome, {
      status: 124,
      signal: null,
      stdout: '',
      stderr: 'isol8 run: killed after 500ms\n',
    });
  });

  it('is 124, too, when the time is over before the command has started', async () => {
    const mounts = Array.from({ length: 3000 }, () => ['--tmpfs', '/mnt']).flat();
    const outcome = await isol8(['run', '--timeout', '5ms', ...mounts, '--', 'sleep', '600']);
    assert.equal(outcome.status, 124);
    assert.match(
      outcome.stderr,
      /^isol8 run: (timeout: after 5 ms the program had not started[^\n]+|killed after 5ms)\n$/,
    );
  });

  it('comes with one line on standard error for a command that cannot run, and nothing on standard output', async () => {
    for (const [command, errno] of [
      ['no-such', 'ENOENT'],
      ['/etc/passwd', 'EACCES'],
    ] as const) {
      const { stdout, stderr } = await isol8(['run', '--', command]);
      assert.match(
        stderr,
        new RegExp(`^isol8 run: execve ${command}: ${errno} \\(step \\d+ of \\d+: [^)]+\\)\\. [^\\n]+\\n$`),
      );
      assert.equal(stdout, '');
    }
  });

  for (const options of [[], ['--timeout', '1h']])
    it(`comes with the step and the option of what failed, with ${options.join(' ') || 'nothing else'}`, async () => {
      const said = async (...more: string[]): Promise<string> =>
        (await isol8(['run', ...options, ...more, '--', 'true'])).stderr;
      assert.match(
        await said('-w', '/nodir'),
        /^isol8 run: chdir \/nodir: ENOENT \(step \d+ of \d+: start in the working directory\)\. [^\n]*choose one with --workdir\.\n$/,
      );
      // nothing of what a terminal would obey
      assert.match(
        await said('-w', '/x\x1b[2Jy\n'),
        /^isol8 run: chdir \/x\\x1b\[2Jy\\x0a: ENOENT \(step .*\n$/,
      );
    });
});
