import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RunSpec, run, spawn } from '../../src/index.js';
import { trySyscall } from '../../src/syscalls/binding.js';
import { asUser, type Caller, describeAsRoot, nested, self, skip } from './caller.js';
import { leaveMachineAsItWas } from './machine.js';

const status = async (field: string, spec: RunSpec): Promise<string> =>
  (await self.output(`grep ^${field}: /proc/self/status`, spec)).split(/\s+/)[1] as string;

describe('a program', { skip }, () => {
  leaveMachineAsItWas();

  it('has the host name and the domain name it was given, and nobody else has', async () => {
    const own = readFileSync('/proc/sys/kernel/hostname', 'utf8');
    const script = 'cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname';
    assert.equal(
      await self.output(script, { hostname: 'children', domainname: 'of.the.sun' }),
      'children\nof.the.sun',
    );
    assert.equal(
      await self.output(script, { hostname: 'ü'.repeat(32) }).then((text) => text.split('\n')[0]),
      'ü'.repeat(32),
    );
    assert.equal(readFileSync('/proc/sys/kernel/hostname', 'utf8'), own);
  });

  it('is process 2 under an init of ours, and process 1 without', async () => {
    assert.equal(await self.output('echo $$; cat /proc/1/comm', {}), '2\nisol8-init');
    assert.equal(await self.output('echo $$; cat /proc/1/comm', { init: false }), '1\nsh');
  });

  it('has a loopback that is up, unless told otherwise', async () => {
    const script =
      "grep -c '^ *lo:' /proc/net/dev; ip link show lo 2>/dev/null | head -1; cat /proc/net/fib_trie | grep -c 127.0.0.1";
    assert.match(await self.output(script, {}), /^1\n(.*LOOPBACK,UP.*\n)?[1-9]/);
    const down = await self.run(['grep', '-c', '127.0.0.1', '/proc/net/fib_trie'], { loopback: false });
    assert.notEqual(down.exitCode, 0);
  });

  it('sees / as its cgroup in a new cgroup namespace, in every hierarchy', async () => {
    const lines = (await self.output('cat /proc/self/cgroup', {})).split('\n');
    for (const line of lines) assert.match(line, /^\d+:[^:]*:\/$/);
    assert.equal(lines.length, readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n').length);
    const { cgroup, ...rest } = { cgroup: 'shared', mnt: 'new' } as const;
    assert.equal(
      await self.output('cat /proc/self/cgroup', { namespaces: { ...rest, cgroup } }),
      readFileSync('/proc/self/cgroup', 'utf8').trim(),
    );
  });

  describe('starts in a working directory', () => {
    it("that is the caller's by default, and another when named", async () => {
      assert.equal(await self.output('pwd -P', {}), process.cwd());
      assert.equal(
        await self.output('pwd -P; readlink /proc/self/cwd', { cwd: '/usr/bin' }),
        '/usr/bin\n/usr/bin',
      );
      assert.equal(await self.output('pwd -P', { cwd: 'src' }), join(process.cwd(), 'src'));
    });

    it('that is looked up inside, where a mount is seen', async () => {
      const mounts: RunSpec['mounts'] = [
        { type: 'tmpfs', destination: '/mnt' },
        { type: 'tmpfs', destination: '/mnt/inner' },
      ];
      assert.equal(
        await self.output('pwd; stat -f -c %T .', { mounts, cwd: '/mnt/inner' }),
        '/mnt/inner\ntmpfs',
      );
    });

    it('that is never a directory of the host which the set-up has open', async () => {
      const mounts: RunSpec['mounts'] = [{ type: 'tmpfs', destination: '/mnt' }];
      const namespaces = { net: process.pid };
      for (let fd = 3; fd < 30; fd++) {
        await assert.rejects(
          run(['true'], { cwd: `/proc/self/fd/${fd}`, mounts }),
          /chdir \/proc\/self\/fd\/\d+: (ENOENT|ENOTDIR|EACCES)/,
        );
        await assert.rejects(
          run(['true'], { cwd: `/proc/self/fd/${fd}/..`, mounts, namespaces, init: false }),
          /chdir/,
        );
      }
    });
  });

  it('has the environment that was given and nothing else', async () => {
    assert.equal(
      await self.output(['env'], { env: { B: '2', A: 'x=y', EMPTY: '', GONE: undefined, PATH: '/usr/bin' } }),
      'B=2\nA=x=y\nEMPTY=\nPATH=/usr/bin',
    );
    assert.equal(await self.output(['/usr/bin/env'], { env: {} }), '');
    process.env.ISOL8_PROBE = 'from the caller';
    assert.equal(await self.output('echo $ISOL8_PROBE', {}), 'from the caller');
    delete process.env.ISOL8_PROBE;
  });

  it('is looked up in the PATH of its own environment', async () => {
    await assert.rejects(run(['env'], { env: { PATH: '/nowhere' } }), /execve env: ENOENT/);
    assert.equal(
      await self.output(['env'], { env: { PATH: '/nowhere:/usr/bin' } }),
      'PATH=/nowhere:/usr/bin',
    );
    assert.equal(await self.output(['true'], { env: {} }), '');
  });

  it('is not lost when it ends at once, in no new namespace at all', async () => {
    for (let count = 0; count < 300; count++) {
      const { exitCode } = await run(['sh', '-c', 'exit 7'], { namespaces: [] });
      assert.equal(exitCode, 7);
    }
  });

  it('gets its arguments as they are', async () => {
    const args = ['', ' ', '$HOME', '*', "'", 'ü', '-n', '\n', 'a'.repeat(100_000)];
    const { stdout } = await run(['printf', '%s\\0', ...args], {});
    assert.deepEqual(stdout.split('\0').slice(0, -1), args);
  });

  it('gets more of them than a message holds', async () => {
    const args = Array.from({ length: 15 }, () => 'a'.repeat(100_000));
    const { stdout } = await run(
      ['sh', '-c', 'echo $#; shift 14; printf %s "$1" | wc -c', 'sh', ...args],
      {},
    );
    assert.equal(stdout, '15\n100000\n');
  });

  it('has the umask that was given, or that of the caller', async () => {
    assert.equal(await self.output('umask', { umask: 0o27 }), '0027');
    const old = process.umask(0o31);
    const found = await self.output('umask', {}).finally(() => process.umask(old));
    assert.equal(found, '0031');
  });

  it('has the nice value that was given', async () => {
    assert.equal(await self.output('nice', { nice: 7 }), '7');
    assert.equal(await self.output('nice', { nice: 19 }), '19');
  });

  it('has the limits that were given, and soft and hard ones apart', async () => {
    const rlimits: RunSpec['rlimits'] = {
      nofile: { soft: 50, hard: 60 },
      core: 0,
      fsize: 1_000_000,
      cpu: { soft: 5, hard: 'unlimited' },
      stack: { soft: 1 << 20, hard: 1 << 22 },
      nproc: 77,
      as: 'unlimited',
    };
    const text = await self.output('cat /proc/self/limits', { rlimits });
    const row = (name: string): string[] =>
      (new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(text) ?? []).slice(1);
    assert.deepEqual(row('Max open files'), ['50', '60']);
    assert.deepEqual(row('Max core file size'), ['0', '0']);
    assert.deepEqual(row('Max file size'), ['1000000', '1000000']);
    assert.deepEqual(row('Max cpu time'), ['5', 'unlimited']);
    assert.deepEqual(row('Max stack size'), [`${1 << 20}`, `${1 << 22}`]);
    assert.deepEqual(row('Max processes'), ['77', '77']);
  });

  it('has the limit of open files that Node itself was started with', () => {
    const index = new URL('../../src/index.ts', import.meta.url);
    const code = `import('${index}').then(async ({ run }) => {
      const { stdout } = await run(['sh', '-c', 'ulimit -Sn; ulimit -Hn']);
      process.stdout.write(stdout + process.report.getReport().userLimits.open_files.soft);
    })`;
    const node = [process.execPath, '--import', import.meta.resolve('tsx'), '-e', code];
    // What the parent has is the best guess, so the shell stays.
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -Sn 300; ulimit -Hn 4000; "$@"; true', 'sh', ...node],
      { encoding: 'utf8' },
    );
    assert.equal(stdout, '300\n4000\n4000', stderr);
  });

  it('can be kept from new privileges', async () => {
    assert.equal(await status('NoNewPrivs', { noNewPrivileges: true }), '1');
    assert.equal(await status('NoNewPrivs', {}), '0');
    assert.equal(await status('NoNewPrivs', { noNewPrivileges: true, init: false }), '1');
  });

  it('keeps its capabilities as another user when asked to, and loses them otherwise', async () => {
    const all = await status('CapEff', {});
    const spec: RunSpec = { uid: 1, gid: 1 };
    assert.match(await status('CapEff', spec), /^0+$/);
    for (const init of [true, false]) {
      const kept = { ...spec, keepCapabilities: true, init };
      for (const field of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb'])
        assert.equal(await status(field, kept), all, field);
      assert.equal(
        await self.output('id -u; hostname changed; hostname', { ...kept, hostname: 'before' }),
        '1\nchanged',
      );
    }
  });

  describe('has signals as a fresh process has them', () => {
    it('with nothing blocked, ignored or caught, though Node ignores SIGPIPE', async () => {
      for (const init of [true, false]) {
        for (const field of ['SigBlk', 'SigIgn', 'SigCgt', 'SigPnd']) {
          const { stdout } = await run(['cat', '/proc/self/status'], { init });
          assert.match(stdout, new RegExp(`^${field}:\\t0{16}$`, 'm'));
        }
      }
      assert.notEqual(/^SigIgn:\t(.*)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1], '0'.repeat(16));
    });

    it('also when the caller was started by nohup', () => {
      const index = new URL('../../src/index.ts', import.meta.url);
      const code = `import('${index}').then(({ run }) => run(['grep', '^SigIgn', '/proc/self/status'])).then(({ stdout }) => process.stdout.write(stdout))`;
      const node = [process.execPath, '--import', import.meta.resolve('tsx'), '-e', code];
      const { stdout, stderr } = spawnSync(
        'sh',
        ['-c', 'trap "" HUP INT TERM USR1; exec "$@"', 'sh', ...node],
        { encoding: 'utf8' },
      );
      assert.match(stdout, /SigIgn:\t0{16}/, stderr);
    });
  });

  describe('gets descriptors', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
    const list = 'for fd in /proc/self/fd/*; do echo "${fd##*/} $(readlink "$fd")"; done';

    it('that were asked for and no other, whatever this process has open', async () => {
      const opened: number[] = [];
      for (let count = 0; count < 200; count++) {
        const fd = openSync('/', 'r');
        opened.push(fd);
        // Without close-on-exec, as a native module may open them.
        if (count % 2) opened.push(trySyscall('fcntl', fd, 0, 500 + count * 3));
      }
      for (const init of [true, false]) {
        const { stdout } = await run(['ls', '/proc/self/fd'], { init });
        assert.equal(stdout, '0\n1\n2\n3\n', 'the last is that of ls');
      }
      for (const fd of opened) closeSync(fd);
    });

    it('0, 1 and 2 in any case, so that no file it opens becomes its output', async () => {
      for (const stdio of [[], ['ignore'], ['ignore', 'pipe']] as const) {
        await using child = await spawn(['sleep', '60'], { init: false, stdio });
        assert.equal(spawnSync('ls', [`/proc/${child.pid}/fd`], { encoding: 'utf8' }).stdout, '0\n1\n2\n');
        const left = child.stdio.slice(stdio.length).every((stream) => stream !== null);
        assert.deepEqual([child.stdio.length, left], [3, true], 'the rest are pipes');
      }
      const { stdout, stderr } = await run(['sh', '-c', 'cat; echo out; echo err >&2'], {
        stdio: ['ignore'],
      });
      assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
      assert.equal((await run(['cat'], { stdio: [], input: 'in' })).stdout, 'in');
      assert.equal((await run(['cat'], { stdio: [] })).stdout, '');
    });

    it('beyond the first three: pipes, numbers, files and null', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'isol8-fd-'));
      const fd = openSync(folder, 'r');
      const child = await spawn(['sh', '-c', `${list}; echo words >&3; echo more >&1`], {
        stdio: ['ignore', 'pipe', 'inherit', 'pipe', fd, { fd }, 'ignore'],
      });
      let [out, further] = ['', ''];
      child.stdout?.on('data', (chunk) => (out += chunk));
      child.stdio[3]?.on('data', (chunk) => (further += chunk));
      await Promise.all([
        child.exited,
        ...[1, 3].map((index) => new Promise((done) => child.stdio[index]?.once('close', done))),
      ]);
      closeSync(fd);
      rmdirSync(folder);
      assert.equal(further, 'words\n');
      const found = Object.fromEntries(
        out
          .trim()
          .split('\n')
          .slice(0, -1)
          .map((line) => line.split(' ') as [string, string]),
      );
      assert.equal(found['0'], '/dev/null');
      assert.equal(found['2'], readlinkSync('/proc/self/fd/2'));
      assert.match(found['3'] as string, /^pipe:/);
      assert.equal(found['4'], folder);
      assert.equal(found['5'], folder);
      assert.equal(found['6'], '/dev/null');
      assert.deepEqual(
        child.stdio.map((stream) => stream !== null),
        [false, true, false, true, false, false, false],
      );
    });

    it('whose order crosses that of the caller', async () => {
      const [a, b] = [openSync('/dev/null', 'r'), openSync('/etc/passwd', 'r')];
      const child = await spawn(['sh', '-c', list], { stdio: ['pipe', 'pipe', 1, b, a, 0] });
      let out = '';
      child.stdout?.on('data', (chunk) => (out += chunk));
      await Promise.all([child.exited, new Promise((done) => child.stdout?.once('close', done))]);
      for (const fd of [a, b]) closeSync(fd);
      const found = Object.fromEntries(
        out
          .trim()
          .split('\n')
          .map((line) => line.split(' ') as [string, string]),
      );
      assert.equal(found['3'], '/etc/passwd');
      assert.equal(found['4'], '/dev/null');
      assert.equal(found['2'], readlinkSync('/proc/self/fd/1'));
      assert.equal(found['5'], readlinkSync('/proc/self/fd/0'));
    });

    it('that it can open again by name, also as another user', async () => {
      const script = 'echo out > /dev/stdout; echo err > /dev/stderr; cat /dev/stdin > /dev/stdout';
      for (const spec of [{}, { uid: 1, gid: 1 }, { init: false }, { namespaces: [] as [] }] as RunSpec[]) {
        const { stdout, stderr } = await run(['sh', '-c', script], { ...spec, input: 'in\n' });
        assert.deepEqual([stdout, stderr], ['out\nin\n', 'err\n']);
      }
    });

    it('of a file, from which it reads and to which it writes', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'isol8-fd-'));
      const path = join(folder, 'file');
      const fd = openSync(path, 'w+');
      writeSync(fd, 'first\n');
      const child = await spawn(['echo', 'second'], { stdio: ['ignore', fd, 'ignore'] });
      await child.exited;
      closeSync(fd);
      assert.equal(readFileSync(path, 'utf8'), 'first\nsecond\n');
      spawnSync('rm', ['-r', folder]);
    });
  });
});

const uptime = async (caller: Caller, spec: RunSpec): Promise<number> =>
  Number((await caller.output(['cat', '/proc/uptime'], spec)).split(' ')[0]);
const near = (value: number, wanted: number): void =>
  assert.ok(Math.abs(value - wanted) < 20, `${value} is not ${wanted}`);
const offsets = async (caller: Caller, spec: RunSpec): Promise<string> =>
  (await caller.output(['cat', '/proc/self/timens_offsets'], spec)).replace(/[ \t]+/g, ' ');

describe('the clocks of a program', { skip }, () => {
  let user: Caller;
  before(() => {
    user = asUser();
  });
  after(() => user.close());
  const host = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);

  it('are moved forward and back, in seconds, nanoseconds and words', async () => {
    const cases: [NonNullable<RunSpec['timeOffsets']>, string][] = [
      [{ monotonic: 86_400, boottime: 604_800 }, 'monotonic 86400 0\nboottime 604800 0'],
      [{ monotonic: '7d', boottime: '1h30m' }, 'monotonic 604800 0\nboottime 5400 0'],
      [{ monotonic: '-1m', boottime: -60.5 }, 'monotonic -60 0\nboottime -61 500000000'],
      [{ boottime: { seconds: 5, nanoseconds: 1 } }, 'monotonic 0 0\nboottime 5 1'],
      [{ monotonic: '250ms' }, 'monotonic 0 250000000\nboottime 0 0'],
      [{}, 'monotonic 0 0\nboottime 0 0'],
    ];
    for (const [timeOffsets, expected] of cases) {
      for (const caller of [self, user]) assert.equal(await offsets(caller, { timeOffsets }), expected);
      assert.equal(await offsets(user, { namespaces: ['user', 'time'], timeOffsets }), expected);
    }
  });

  it('are what it reads, while those of the host stay', async () => {
    const before = host();
    near(await uptime(self, { timeOffsets: { boottime: '30d' } }), before + 30 * 86_400);
    near(await uptime(user, { timeOffsets: { boottime: -60 } }), before - 60);
    near(await uptime(self, { timeOffsets: { boottime: '7d' }, init: false }), before + 7 * 86_400);
    near(host(), before);
  });

  it('count from the initial namespace, also from within a moved one', async () => {
    const tsx = ['--import', import.meta.resolve('tsx'), '-e'];
    const code = `import('${new URL('../../src/index.ts', import.meta.url)}').then(({ run }) => run(['cat', '/proc/self/timens_offsets'], { timeOffsets: { monotonic: 100, boottime: -50 } })).then(({ stdout }) => process.stdout.write(stdout))`;
    const { stdout } = await run([process.execPath, ...tsx, code], {
      timeOffsets: { boottime: '30d', monotonic: '30d' },
    });
    assert.equal(stdout.replace(/[ \t]+/g, ' ').trim(), 'monotonic 100 0\nboottime -50 0');
  });

  it('cannot become negative, and the error says how far they can go', async () => {
    await assert.rejects(
      run(['true'], { timeOffsets: { boottime: '-5000d' } }),
      (error: Error & { field?: string }) => {
        assert.equal(error.field, 'timeOffsets.boottime');
        assert.match(error.message, /would make the clock negative .*the smallest offset allowed is -/);
        return true;
      },
    );
  });
});

describeAsRoot(import.meta.url, 'a program of root', () => {
  it('has moved clocks without a user namespace', async () => {
    const spec: RunSpec = { namespaces: ['time'], timeOffsets: { monotonic: '-10s', boottime: '1d' } };
    assert.equal(await offsets(self, spec), 'monotonic -10 0\nboottime 86400 0');
  });

  it('keeps the capabilities of the caller as another user without a user namespace', async () => {
    const all = await status('CapEff', { namespaces: [] });
    const kept: RunSpec = { namespaces: [], uid: 1, gid: 1, keepCapabilities: true };
    assert.equal(await status('CapEff', kept), all);
    assert.equal(await status('CapAmb', kept), all);
  });

  it('is nicer than its caller only as much as asked, back to zero included', { skip: nested }, async () => {
    const code = `import('${new URL('../../src/index.ts', import.meta.url)}').then(async ({ run }) => {
      const first = await run(['nice'], { nice: 12 });
      const second = await run(['nice'], { namespaces: [] });
      const third = await run(['nice'], { nice: 0 });
      process.stdout.write(first.stdout + second.stdout + third.stdout);
    })`;
    const node = [process.execPath, '--import', import.meta.resolve('tsx'), '-e', code];
    assert.equal(spawnSync('nice', ['-n', '5', ...node], { encoding: 'utf8' }).stdout, '12\n5\n0\n');
  });
});
