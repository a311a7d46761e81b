import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { skip } from './caller.js';
import { isol8, isRoot, namespacesOf, printed, USER } from './cli-program.js';
import { leaveMachineAsItWas } from './machine.js';

leaveMachineAsItWas();

const scratch = mkdtempSync(join(tmpdir(), 'isol8-user-'));
after(() => rmSync(scratch, { recursive: true }));

describe('isol8 run as an ordinary user', { skip }, () => {
  // Root's PATH may well have directories that nobody else may look into.
  const user = { user: true, env: { PATH: '/usr/bin:/bin' } };

  it('makes all eight namespaces, with root inside', async () => {
    const lines = (
      await printed([], 'echo $$; id -u; id -g; readlink /proc/self/ns/*; cat /proc/1/comm', user)
    ).split('\n');
    assert.deepEqual([...lines.slice(0, 3), lines.at(-1)], ['2', '0', '0', 'isol8-init']);
    const ours = Object.values(namespacesOf('self'));
    assert.deepEqual(
      lines.filter((line) => ours.includes(line)),
      [],
    );
  });

  it('has subordinate ids inside where it is given some, from 1 up or as they are', async (t) => {
    const given = subordinateIds();
    if (given === undefined) return t.skip('this user has no subordinate ids, or there is no newuidmap');
    const { start, count, id, behind } = given;
    const script = "sed 's/ \\+/ /g;s/^ //' /proc/self/uid_map";
    const mapOf = (...options: string[]): Promise<string> => printed(options, script, { ...user, behind });
    const rooted = `0 ${id} 1\n1 ${start} ${count}`;
    assert.equal(await mapOf(), rooted);
    assert.equal(await mapOf('--map-auto'), rooted);
    assert.equal(await mapOf('-c', '--map-users', 'auto'), rooted);
    assert.equal(await mapOf('-r'), `0 ${id} 1`);
    for (const options of [['--map-subids'], ['--map-users', 'subids']]) {
      assert.match(await mapOf(...options), new RegExp(`^${start} ${start} ${count}$`, 'm'));
    }
  });

  it('is root inside by that name too, whose groups it cannot have', async () => {
    assert.equal(await printed(['-u', 'root'], 'id -u; id -g', user), '0\n0');
    assert.equal(await printed(['-u', '0:0'], 'id -u; id -g', user), '0\n0');
  });

  it('says what is missing where privilege is, in one line', async () => {
    const { status, stdout, stderr } = await isol8(['run', '--share', 'user', '--', 'true'], user);
    assert.deepEqual([status, stdout], [125, '']);
    assert.match(
      stderr,
      /^isol8 run: clone3?\b[^:]*: EPERM \(step [^)]*\)\. Making a new .* namespace takes CAP_SYS_ADMIN\. Be root, or .*\n$/,
    );
  });

  it('has the same exit statuses', async () => {
    for (const options of [[], ['-t'], ['--timeout', '1h']]) {
      const statusOf = async (...command: string[]) =>
        (await isol8(['run', ...options, ...command], user)).status;
      assert.equal(await statusOf('sh', '-c', 'exit 9'), 9);
      assert.equal(await statusOf('sh', '-c', 'kill -KILL $$'), 137);
      assert.equal(await statusOf('no-such-command'), 127);
      assert.equal(await statusOf('/etc/passwd'), 126);
    }
  });
});

/** The user's range of /etc/subuid; for root's tests one that only a mount namespace of theirs knows of. */
function subordinateIds(): { start: number; count: number; id: number; behind: string[] } | undefined {
  if (!existsSync('/usr/bin/newuidmap')) return undefined;
  if (isRoot) {
    const files = { passwd: `${readFileSync('/etc/passwd', 'utf8')}probe:x:${USER}:${USER}::/:/bin/sh\n` };
    const ids = { subuid: `probe:300000:1000\n`, subgid: `probe:300000:1000\n` };
    const binds = Object.entries({ ...files, ...ids }).map(([name, text]) => {
      writeFileSync(join(scratch, name), text);
      return `mount --bind ${join(scratch, name)} /etc/${name}`;
    });
    const behind = ['unshare', '--mount', 'sh', '-ec', `${binds.join(';')}; exec "$@"`, 'sh'];
    return { start: 300_000, count: 1000, id: USER, behind };
  }
  const id = process.getuid?.() ?? 0;
  const names = [userInfo().username, `${id}`];
  const rows = readFileSync('/etc/subuid', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const row = rows.find(([name = '']) => names.includes(name));
  return row && { start: Number(row[1]), count: Number(row[2]), id, behind: [] };
}
