/** What isol8 prints when a process of several has failed: why, and nothing of those that only noticed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import { isRoot, skip } from './caller.js';
import { isol8, type Start } from './cli-program.js';

/** Runs what fails; standard error ends when the last process that has it does. */
async function fails(
  args: readonly string[],
  status: number,
  message: RegExp,
  more: Start = {},
): Promise<void> {
  const outcome = await isol8(args, more);
  assert.deepEqual([outcome.status, outcome.stdout], [status, ''], outcome.stderr);
  assert.match(outcome.stderr, message);
  assert.equal(outcome.stderr.match(/^isol8/gm)?.length, 1, outcome.stderr);
}

describe('isol8 unshare says once why it failed', { skip }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'isol8-failures-'));
    const source = new URL('forbid-call.c', import.meta.url).pathname;
    const { status, stderr } = spawnSync('cc', ['-o', join(folder, 'forbid'), source], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
  after(() => rmSync(folder, { recursive: true }));

  const asRoot = ['unshare', '--user', '--map-root-user', '--mount'];

  it('when it may not leave the namespaces, though a child waits to write id maps', () => {
    const forbid = [join(folder, 'forbid'), `${syscallNumber('unshare', currentArchitecture())}`];
    const map = isRoot ? '--map-users=0:0:2' : '--map-auto';
    return fails(['unshare', map, 'true'], 1, /^isol8 unshare: unshare failed: Operation not permitted\n/, {
      behind: ['setpriv', '--no-new-privs', ...forbid],
    });
  });

  it('when the child could not keep a namespace', () =>
    fails(
      ['unshare', '--uts=/nonexistent/uts', 'true'],
      1,
      /^isol8 unshare: mount \/proc\/PID\/ns\/uts on \/nonexistent\/uts failed: No such file or directory\n/,
      { behind: asRoot },
    ));

  for (const more of [[], ['--kill-child']])
    it(`when a program is held meanwhile ${more.join(' ')}`, () =>
      fails(
        ['unshare', '--pid=/nonexistent/pid', '--fork', ...more, 'sh', '-c', 'echo started'],
        1,
        /^isol8 unshare: mount \/proc\/PID\/ns\/pid_for_children on \/nonexistent\/pid failed: /,
        { behind: asRoot },
      ));

  it('when the child was killed, which it could not say itself', () => {
    const killing = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=mount:signal=KILL'];
    return fails(
      ['unshare', '--uts=/nonexistent/uts', 'true'],
      1,
      /^isol8 unshare: writing namespaces failed: Operation canceled\n/,
      { behind: [...asRoot, ...killing] },
    );
  });

  /** What says the same of every call, and which user namespace it takes. */
  const CAUSES: readonly (readonly [args: string[], message: RegExp])[] = [
    [
      ['unshare', '-r', '-S', '5', 'true'],
      /^isol8 unshare: setuid failed: Invalid argument\nThat id is not mapped/,
    ],
    [
      ['unshare', '-rG', '5', 'true'],
      /^isol8 unshare: setgroups failed: .* not permitted\nChanging groups takes.*--setgroups=deny/,
    ],
    [
      ['unshare', '-rT', '--boottime', '-9999999', 'true'],
      /timens_offsets: .*out of range\nThe clock would be/,
    ],
    [['enter', '-U/proc/self/ns/user', 'true'], /user' failed: Invalid argument\n.*that we are in already/],
    [
      ['unshare', '-w', '/nonexistent', 'true'],
      /^isol8 unshare: cannot chdir .*\nThere is no such directory inside\.\n$/,
    ],
    [
      ['unshare', '/etc/passwd'],
      /^isol8 unshare: failed to execute .*Permission denied\nIt is not executable/,
    ],
  ];
  for (const [args, message] of CAUSES)
    it(`with what it means: ${args.join(' ')}`, () =>
      fails(args, args[1] === '/etc/passwd' ? 126 : 1, message));

  it('when the root directory may not be changed', () =>
    fails(
      ['unshare', '-R', '/', 'true'],
      1,
      /^isol8 unshare: cannot change root directory to '\/': .*not permitted\n.*CAP_SYS_CHROOT/,
      {
        user: true,
      },
    ));

  if (!isRoot) {
    const without = { behind: ['setpriv', '--no-new-privs'] };
    it('when newuidmap refuses', () =>
      fails(
        ['unshare', '--map-auto', 'true'],
        1,
        /^isol8 unshare: newuidmap \d.*: Operation not permitted\n/,
        without,
      ));

    it('as isol8 run does', () =>
      fails(['run', '--map-auto', '--', 'true'], 125, /^isol8 run: wait4 newuidmap .*: EPERM/, without));
  }
});
