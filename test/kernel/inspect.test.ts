/** inspect() beside /proc, id and what unshare made. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Isol8Error, inspect, SpecError } from '../../src/index.js';
import { eventually, isRoot, readProc, USER } from './cli-program.js';

const library = new URL('../../dist/library/index.js', import.meta.url).href;

const probe = spawnSync('unshare', ['--user', '--map-root-user', 'true'], { encoding: 'utf8' });
const skip = probe.status !== 0 && `no user namespace can be made here: ${probe.stderr}`;

describe('inspect()', () => {
  it('tells of this process what /proc tells', () => {
    const found = inspect(process.pid);
    const links = readdirSync('/proc/self/ns').sort();
    assert.deepEqual(Object.keys(found.namespaces ?? {}).sort(), links);
    for (const [name, identity] of Object.entries(found.namespaces ?? {})) {
      const { ino, dev } = statSync(`/proc/self/ns/${name}`);
      assert.deepEqual(identity, { inode: ino, device: dev });
      assert.match(readlinkSync(`/proc/self/ns/${name}`), new RegExp(`\\[${ino}\\]$`));
    }
    assert.equal(found.ppid, process.ppid);
    assert.equal(found.command?.[0], process.argv0);
    assert.equal(found.user.uid, process.getuid?.());
    assert.equal(found.user.name, spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim());
    assert.equal(found.pids.at(0), process.pid);
    const args = ['-o', 'lstart=', '-p', String(process.pid)];
    const ps = spawnSync('ps', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } });
    const started = Date.parse(`${ps.stdout.trim()} UTC`);
    assert.ok(Math.abs(found.started.getTime() - started) < 3000, `${found.started}, not ${ps.stdout}`);
    const paths = found.cgroups?.map(
      ({ hierarchy, controllers, path }) => `${hierarchy}:${controllers}:${path}`,
    );
    assert.equal(`${paths?.join('\n')}\n`, readFileSync('/proc/self/cgroup', 'utf8'));
    assert.deepEqual(found.hidden, []);
  });

  it('tells of a process in new namespaces how they were made', { skip }, async () => {
    const args = [
      '--user',
      '--map-root-user',
      '--uts',
      '--pid',
      '--fork',
      '--kill-child',
      '--time',
      '--boottime',
      '3600',
    ];
    const child = spawn('unshare', [...args, 'sleep', '60'], { stdio: 'ignore' });
    try {
      const pid = await eventually(() => {
        const inner = readProc(`${child.pid}/task/${child.pid}/children`).trim();
        return inner !== '' && readProc(`${inner}/comm`) === 'sleep\n' && Number(inner);
      }, 'sleep runs');
      const found = inspect(pid);
      assert.deepEqual(found.command, ['sleep', '60']);
      assert.equal(found.name, 'sleep');
      assert.deepEqual(found.pids, [pid, 1]);
      assert.deepEqual(found.uidMap, [{ inner: 0, outer: process.getuid?.(), count: 1 }]);
      assert.equal(found.setgroups, 'deny');
      assert.deepEqual(found.clocks?.boottime, { seconds: 3600, nanoseconds: 0 });
      assert.ok(found.capabilities.effective.includes('CAP_SYS_ADMIN'));
      const own = inspect(process.pid).namespaces;
      const changed = Object.keys(found.namespaces ?? {}).filter(
        (name) => found.namespaces?.[name as 'uts']?.inode !== own?.[name as 'uts']?.inode,
      );
      assert.deepEqual(changed.sort(), [
        'pid',
        'pid_for_children',
        'time',
        'time_for_children',
        'user',
        'uts',
      ]);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('names what may not be seen', () => {
    const script = `import(${JSON.stringify(library)}).then(({ inspect }) => console.log(JSON.stringify(inspect(1))))`;
    const user = isRoot ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : ['env'];
    const [program = '', ...args] = [...user, process.execPath, '-e', script];
    const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    const found = JSON.parse(stdout || stderr);
    assert.deepEqual(found.hidden, ['namespaces']);
    assert.equal(found.namespaces, undefined);
    assert.ok(found.capabilities.bounding.length > 0);
  });

  it('says that a process is not there', () => {
    assert.throws(
      () => inspect(4_194_305),
      (error: Isol8Error) => {
        assert.ok(error instanceof Isol8Error);
        assert.equal(error.code, 'ESRCH');
        return /^inspect process 4194305: ESRCH\. There is no such process/.test(error.message);
      },
    );
    for (const pid of [0, -1, 1.5, Number.NaN]) assert.throws(() => inspect(pid), SpecError);
  });

  it('tells of a process that has ended but was not reaped', async () => {
    const child = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = await once(child.stdout, 'data');
    const pid = Number(line);
    try {
      await eventually(() => readProc(`${pid}/stat`).includes(') Z '), 'it ends');
      const found = inspect(pid);
      assert.deepEqual(found.command, []);
      assert.deepEqual(
        Object.keys(found.namespaces ?? {})
          .sort()
          .includes('mnt'),
        false,
      );
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});
