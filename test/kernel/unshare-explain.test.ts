/** The scripts of isol8 unshare --explain=sh beside what the command itself does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { skip } from './caller.js';
import { isol8, isRoot, type Outcome } from './cli-program.js';

const MAPS = 'id -u; id -G; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups';
const LOOK = ['sh', '-c', `${MAPS}; hostname; pwd; grep Cap /proc/self/status`];

const FORMS: readonly (readonly string[])[] = [
  ['-U', ...LOOK],
  ['-r', '-u', ...LOOK],
  ['-c', ...LOOK],
  ['-r', '-f', '-p', '--mount-proc', 'sh', '-c', 'echo /proc/[0-9]*; exit 3'],
  ['-r', '-T', '--boottime', '1000', 'cat', '/proc/self/timens_offsets'],
  ['-r', '-m', '-w', '/usr', 'pwd'],
  ['-r', '-R', '/usr', '/bin/ls', '/'],
];
const FORMS_OF_ROOT: readonly (readonly string[])[] = [
  ['-U', '--owner', '1000:1000', ...LOOK],
  ['-U', '--map-users', '0:0:10', '--map-groups', '0:0:10', ...LOOK],
  ['-U', '--map-users', '0:1000:10', '--map-groups', '5:1000:10', ...LOOK],
  ['-r', '--map-users', '1:1000:10', '-f', '-p', '--mount-proc', ...LOOK],
  ['-U', '--map-users', 'all', '--map-groups', 'all', '-S', '5', '-G', '6', ...LOOK],
];

function runAsSh(script: string, more: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Outcome {
  const { status, signal, stdout, stderr } = spawnSync('sh', { input: script, encoding: 'utf8', ...more });
  return { status, signal, stdout, stderr };
}

const explained = async (...args: string[]): Promise<string> => {
  const { status, stdout, stderr } = await isol8(['unshare', '--explain=sh', ...args]);
  assert.equal(status, 0, stderr);
  return stdout;
};

describe('isol8 unshare --explain=sh', { skip }, () => {
  for (const args of isRoot ? [...FORMS, ...FORMS_OF_ROOT] : FORMS) {
    it(`prints a script that does what the command does: ${args.join(' ')}`, async () => {
      const script = await explained(...args);
      const expected = await isol8(['unshare', ...args]);
      assert.deepEqual(runAsSh(script), expected, script);
    });
  }

  if (isRoot)
    it('keeps namespaces in files, where there is a place for them', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'isol8-explain-'));
      try {
        const script = await explained(
          `--uts=${folder}/uts`,
          `--pid=${folder}/pid`,
          '-f',
          'hostname',
          'kept',
        );
        const look = `cd ${folder}; touch uts pid; sh -s; nsenter --uts=uts hostname; stat -fc %T uts pid`;
        const options = { input: script, encoding: 'utf8' } as const;
        const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', look], options);
        assert.equal(stdout, 'kept\nnsfs\nnsfs\n', stderr);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

  it('passes on the variables that the command passes on, without a value in the script', async () => {
    const env = { PATH: process.env.PATH, HOME: '/it is "me"', TOKEN: 's3cret' };
    const words: [string[], string][] = [
      [['-r', '--clear-env', '/usr/bin/env'], ''],
      [['-r', '--whitelist-env', 'HOME', '/usr/bin/env'], 'HOME=/it is "me"\n'],
      [['-r', '-u', '-S', '0', '--whitelist-env', 'HOME,NONE', '/usr/bin/env'], 'HOME=/it is "me"\n'],
    ];
    for (const [args, expected] of words) {
      const { stdout: script } = await isol8(['unshare', '--explain=sh', ...args], { env });
      assert.doesNotMatch(script, /it is|s3cret/);
      assert.equal(runAsSh(script, { env }).stdout, expected, script);
    }
    const { stdout } = await isol8(['unshare', '--explain=sh', '-r', 'env'], { env });
    assert.equal(stdout.split('\n').at(-2), 'unshare --user --map-user=0 --map-group=0 env');
    assert.doesNotMatch(stdout, /variables/);
  });
});
