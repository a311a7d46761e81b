/** For tests of what root and an ordinary user reach by different ways: as root they run once more as a user. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { environmentAgain, testAgain } from './again.js';
import { isRoot, skip } from './caller.js';

const root = new URL('../..', import.meta.url).pathname;
const USER = '4242';
const MARK = 'ISOL8_TEST_AS_USER';

export function describeAlsoAsUser(file: string, title: string, tests: () => void): void {
  const again = process.env[MARK] !== undefined;
  describe(title, { skip }, tests);
  if (!isRoot || again) return;
  it(`${title}, as an ordinary user`, { skip }, () => {
    const drop = ['--reuid', USER, '--regid', USER, '--clear-groups'];
    const env = { ...environmentAgain(), [MARK]: '1', HOME: '/nonexistent' };
    const { status, stdout, stderr } = spawnSync('setpriv', [...drop, ...testAgain(file)], {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
  });
}
