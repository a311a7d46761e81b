/** isol8 enter beside nsenter(1) of util-linux: the same command lines must give the same. */
import assert from 'node:assert/strict';
import { spawn as spawnChild } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type Process, spawn } from '../../src/index.js';
import { skip } from './caller.js';
import { isol8, isRoot, type Outcome, outcomeOf, running, start } from './cli-program.js';

const theirs = (args: readonly string[]): Promise<Outcome> =>
  outcomeOf(spawnChild('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'] }));

/** TARGET stands for the pid of a program in eight namespaces of its own. */
const ALIKE: readonly (readonly string[])[] = [
  ['-t', 'TARGET', '-U', '-u', 'hostname'],
  ['--target=TARGET', '--user', '--uts', 'hostname'],
  ['-t', 'TARGET', '-a', 'sh', '-c', 'hostname; id -u; id -G; set -- /proc/[0-9]*; echo $#; pwd'],
  ['-aF', '-t', 'TARGET', 'sh', '-c', 'hostname; pwd'],
  ['-t', 'TARGET', '-U', '-n', 'sh', '-c', 'wc -l < /proc/net/dev'],
  ['-t', 'TARGET', '-U/proc/TARGET/ns/user', '--uts=/proc/TARGET/ns/uts', 'hostname'],
  ['-t', 'TARGET', '-U', '--preserve-credentials', 'id', '-u'],
  ['-t', 'TARGET', '-U', '-S', '0', '-G', '0', 'id', '-u'],
  ['-t', 'TARGET', '-U', '-m', '-w', 'pwd'],
  ['-tTARGET', '-U', '-m', '--wd=/usr', 'pwd'],
  ['-t', 'TARGET', '-Um', 'pwd'],
  ['-t', 'TARGET', '-U', '-m', '-W', '/usr', 'pwd'],
  ['-t', 'TARGET', '-U', '-p', 'sh', '-c', 'kill -15 $$'],
  ['-t', 'TARGET', '-U', '-p', 'sh', '-c', 'exit 4'],
  ['-t', 'TARGET', '-U', '-T', 'cat', '/proc/self/timens_offsets'],
];

const FAILS: readonly (readonly string[])[] = [
  ['-t', 'TARGET', '-U', 'nonexistent-program'],
  ['-t', 'TARGET', '-U', '/etc/passwd'],
  ['-t', 'TARGET', '-U', ''],
  ['--nonsense'],
  ['-t'],
];

const firstLine = (text: string): string =>
  (text.split('\n')[0] ?? '').replace(/^(isol8 enter|nsenter): /, '');

describe('isol8 enter', { skip }, () => {
  let target: Process;
  let pid = 0;
  before(async () => {
    const spec = {
      hostname: 'entered',
      timeOffsets: { boottime: 1000 },
      cwd: '/usr',
      stdio: 'pipe',
    } as const;
    target = await spawn(['sh', '-c', 'export MARK=1; exec env MARK=2 sleep 100'], spec);
    pid = await programOf(target.pid);
  });
  after(() => target[Symbol.asyncDispose]());
  const filled = (args: readonly string[]): string[] =>
    args.map((word) => word.replaceAll('TARGET', `${pid}`));

  for (const args of ALIKE) {
    it(`agrees with nsenter: ${args.join(' ')}`, async () => {
      const mine = await isol8(['enter', ...filled(args)]); // one after the other: they would see each other
      const other = await theirs(filled(args));
      assert.deepEqual({ ...mine, stderr: '' }, { ...other, stderr: '' }, mine.stderr + other.stderr);
    });
  }

  for (const args of FAILS) {
    it(`fails as nsenter does: ${args.join(' ')}`, async () => {
      const [mine, other] = await Promise.all([isol8(['enter', ...filled(args)]), theirs(filled(args))]);
      assert.deepEqual([mine.status, mine.stdout], [other.status, other.stdout]);
      assert.equal(firstLine(mine.stderr), firstLine(other.stderr));
    });
  }

  it('prints nothing that a terminal would obey, whatever it was given', async () => {
    const { status, stderr } = await isol8(['enter', '\u001b[2Jnobody', 'true']);
    assert.equal(status, 1);
    assert.match(stderr, /^isol8 enter: \\x1b\[2Jnobody/);
  });

  it('enters all of a process by its pid alone, and keeps its own pid where it needs no child', async () => {
    const links = 'for kind in mnt uts ipc net user cgroup pid time; do readlink /proc/self/ns/$kind; done';
    const { stdout, stderr } = await isol8(['enter', `${pid}`, 'sh', '-c', links]);
    const kinds = ['mnt', 'uts', 'ipc', 'net', 'user', 'cgroup', 'pid', 'time'];
    const wanted = kinds.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
    assert.deepEqual(stdout.trim().split('\n'), wanted, stderr);
    const child = start(['enter', '-t', `${pid}`, '-U', '-u', 'sh', '-c', 'echo $$']);
    assert.equal((await outcomeOf(child)).stdout, `${child.pid}\n`);
  });

  it('enters a user namespace that denies setgroups as nsenter does', async () => {
    const child = spawnChild('unshare', ['-r', 'sleep', '100'], { stdio: 'ignore' });
    try {
      while (readlinkSync(`/proc/${child.pid}/exe`).endsWith('unshare'))
        await new Promise((resolve) => setTimeout(resolve, 10));
      const args = ['-t', `${child.pid}`, '-U', 'id', '-u'];
      const [mine, other] = await Promise.all([isol8(['enter', ...args]), theirs(args)]);
      assert.deepEqual([mine.status, mine.stdout], [other.status, other.stdout], mine.stderr + other.stderr);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it("takes the target's environment, users and root", async () => {
    assert.match((await isol8(['enter', '-t', `${pid}`, '-e', 'env'])).stdout, /^MARK=2$/m);
    const followed = await isol8(['enter', '-t', `${pid}`, '-S', 'follow', 'id', '-u']);
    assert.equal(followed.stdout, `${process.getuid?.()}\n`, followed.stderr);
    if (isRoot) assert.equal((await isol8(['enter', '-t', `${pid}`, '-r', 'pwd'])).stdout, '/\n');
  });

  it("enters an ordinary user's own sandbox, which may have no other groups, by its pid alone", async () => {
    await using sandbox = await running(['run', '--', 'sleep', '100'], 'sleep', { user: true });
    const pid = `${sandbox.inside}`;
    const { status, stdout, stderr } = await isol8(['enter', pid, 'id', '-u'], { user: true });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '0\n' }, stderr);
    if (!isRoot) return; // whoever has subordinate ids may drop his groups
    const asNsenter = await isol8(['enter', '-t', pid, '-a', 'id', '-u'], { user: true });
    assert.match(asNsenter.stderr, /^isol8 enter: setgroups failed: Operation not permitted/);
    assert.equal(asNsenter.status, 1);
  });

  it('tells a process from another with the same number by the inode of its pidfd', async () => {
    const wrong = await isol8(['enter', '-t', `${pid}:1`, '-u', 'true']);
    assert.match(wrong.stderr, /it is another process by now/);
    const right = /is (\d+), not 1/.exec(wrong.stderr)?.[1];
    assert.equal(
      (await isol8(['enter', '-t', `${pid}:${right}`, '-U', '-u', 'hostname'])).stdout,
      'entered\n',
    );
  });

  it("joins the user namespace's parent, and the net namespace of a socket", async () => {
    const parent = await isol8(['enter', '-t', `${pid}`, '-u', '--user-parent', 'hostname']);
    assert.equal(parent.stdout, 'entered\n', parent.stderr);
    const script =
      'require("net").createServer().listen(0, function () { console.log(this._handle.fd); }); setTimeout(() => {}, 9e4)';
    await using holder = await spawn([process.execPath, '-e', script], {
      namespaces: ['user', 'net'],
      init: false,
    });
    holder.stdout?.setEncoding('utf8');
    const fd = await new Promise<string>((resolve) => holder.stdout?.once('data', resolve));
    const args = ['-t', `${holder.pid}`, '-U', '--net-socket', fd.trim(), 'readlink', '/proc/self/ns/net'];
    const entered = await isol8(['enter', ...args]);
    assert.equal(entered.stdout.trim(), readlinkSync(`/proc/${holder.pid}/ns/net`), entered.stderr);
  });

  it('joins the cgroup of version 2, or says that there is none', async () => {
    const { status, stderr } = await isol8(['enter', '-t', `${process.pid}`, '-c', 'true']);
    assert.match(`${status} ${stderr}`, /^0 $|cgroup/);
  });

  it('refuses what it cannot enter, in one line', async () => {
    const refusals: [string[], RegExp][] = [
      [['-t', '4194304', '-u', 'true'], /no such process/i],
      [['-u', 'true'], /no target PID specified/],
      [['-t', 'x', '-u', 'true'], /failed to parse pid/],
      [['-t', `${pid}`, '--uts=/etc/passwd', 'true'], /not a namespace/],
      [['-t', `${pid}`, '-u/proc/self/ns/net', 'true'], /a net namespace, not uts/],
      [['-t', `${pid}`, '-r/etc/passwd', 'true'], /not a directory/],
      [['nothing-of-that-name', 'true'], /no process and no kept namespace/],
    ];
    for (const [args, words] of refusals) {
      const { status, stderr } = await isol8(['enter', ...args]);
      assert.equal(status, 1, `${args}: ${stderr}`);
      assert.match(stderr, words);
    }
    const explained = await isol8(['enter', '-t', `${pid}`, '-U', '-u', '--explain', 'true']);
    assert.match(explained.stdout, /^setns\(<uts>, CLONE_NEWUTS\)/m, explained.stderr);
  });
});

/** The child of PID 1, once it is there and has become the program. */
async function programOf(init: number): Promise<number> {
  for (;;) {
    const child = readdirSync('/proc').find((name) => /^\d+$/.test(name) && parentOf(name) === init);
    if (child !== undefined && exeOf(child).endsWith('sleep')) return Number(child);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined; // it has ended
  }
}

function exeOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}
