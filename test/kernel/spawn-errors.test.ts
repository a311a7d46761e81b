import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Isol8Error, type RunSpec, run, SpecError, StepError, spawn } from '../../src/index.js';
import { asUser, behind, type Caller, self, skip } from './caller.js';
import { descriptors } from './lifecycle-census.js';
import { leaveMachineAsItWas } from './machine.js';

interface Expected {
  code: string;
  syscall: string;
  field?: string;
  message: RegExp;
}

/** Fails in a step: operation, object, errno, its place among the steps, cause and remedy. */
async function failsIn(caller: Caller, command: string[], spec: RunSpec, expected: Expected): Promise<void> {
  await assert.rejects(caller.run(command, spec), (error: Error & Partial<StepError>) => {
    assert.equal(error.name, 'StepError', error.message);
    assert.equal(error.code, expected.code, error.message);
    assert.equal(error.syscall, expected.syscall, error.message);
    assert.equal(error.field, expected.field, error.message);
    assert.match(error.message, expected.message);
    const [, step, steps] = /\(step (\d+) of (\d+): [^)]+\)\. \S/.exec(error.message) ?? [];
    assert.deepEqual([Number(step), Number(steps)], [error.step, error.steps], error.message);
    return true;
  });
}

describe('an error in a step', { skip }, () => {
  let folder: string;
  let user: Caller;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'isol8-errors-'));
    writeFileSync(join(folder, 'text'), 'no program', { mode: 0o644 });
    writeFileSync(join(folder, 'garbage'), '\u007fELF garbage', { mode: 0o755 });
    writeFileSync(join(folder, 'lost'), '#!/nowhere/sh\n', { mode: 0o755 });
    symlinkSync('loop', join(folder, 'loop'));
    user = asUser();
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await user.close();
  });
  leaveMachineAsItWas();

  for (const init of [true, false]) {
    const which = init ? 'under an init' : 'without an init';
    it(`says that a program is not there, ${which}`, async () => {
      const expected = { code: 'ENOENT', syscall: 'execve', field: 'command' };
      await failsIn(
        self,
        ['no-such-program'],
        { init, env: { PATH: '/usr/bin' } },
        { ...expected, message: /^execve no-such-program: ENOENT .*There is no such program inside/ },
      );
      await failsIn(self, [join(folder, 'none')], { init }, { ...expected, message: /none: ENOENT/ });
      await failsIn(self, [join(folder, 'lost')], { init }, { ...expected, message: /its interpreter/ });
      await failsIn(
        self,
        [join(folder, 'text', 'below')],
        { init },
        { ...expected, code: 'ENOTDIR', message: /ENOTDIR/ },
      ).catch(() =>
        failsIn(self, [join(folder, 'text', 'below')], { init }, { ...expected, message: /ENOENT/ }),
      );
    });
    it(`says that a program may not be executed, or is none, ${which}`, async () => {
      const expected = { code: 'EACCES', syscall: 'execve', field: 'command' };
      await failsIn(self, [join(folder, 'text')], { init }, { ...expected, message: /not executable/ });
      await failsIn(
        self,
        ['text'],
        { init, env: { PATH: `/nowhere:${folder}` } },
        { ...expected, message: /not executable/ },
      );
      await failsIn(self, [folder], { init }, { ...expected, message: /not executable/ });
      await failsIn(
        self,
        [join(folder, 'garbage')],
        { init },
        { ...expected, code: 'ENOEXEC', message: /not a program for this machine/ },
      );
    });
  }

  it('says what is wrong with a working directory', async () => {
    const expected = { syscall: 'chdir', field: 'cwd' };
    await failsIn(
      self,
      ['true'],
      { cwd: '/nowhere' },
      { ...expected, code: 'ENOENT', message: /^chdir \/nowhere: ENOENT .*no such directory inside/ },
    );
    await failsIn(
      self,
      ['true'],
      { cwd: '/etc/passwd' },
      { ...expected, code: 'ENOTDIR', message: /ENOTDIR/ },
    );
    await failsIn(
      user,
      ['true'],
      { cwd: '/proc/1/cwd', namespaces: [] },
      { ...expected, code: 'EACCES', message: /may not enter it/ },
    );
  });

  it('says what is wrong with a mount point', async () => {
    const expected = { code: 'ENOENT', syscall: 'openat2', field: 'mounts[1]' };
    const good = { type: 'tmpfs', destination: '/mnt' } as const;
    await failsIn(
      self,
      ['true'],
      { mounts: [good, { type: 'tmpfs', destination: '/nowhere' }] },
      { ...expected, message: /openat2 \/nowhere: ENOENT .*Make it first/ },
    );
    assert.equal(existsSync('/nowhere'), false);
    await failsIn(
      self,
      ['true'],
      { mounts: [good, { type: 'tmpfs', destination: join(folder, 'loop') }] },
      { ...expected, code: 'ELOOP', message: /in a circle/ },
    );
    const onFile = run(['true'], { mounts: [good, { type: 'tmpfs', destination: '/etc/passwd' }] });
    await assert.rejects(
      onFile,
      /^StepError: move_mount \/etc\/passwd: (ENOTDIR|EINVAL) .*A directory goes on a directory/,
    );
  });

  it('refuses a size of a tmpfs before anything is started; more than all of the memory is one that the kernel takes', async () => {
    const sized = (size: string): RunSpec => ({ mounts: [{ type: 'tmpfs', destination: '/mnt', size }] });
    assert.equal((await run(['true'], sized('101%'))).exitCode, 0);
    const refused = { name: 'SpecError', field: 'mounts[0].size' };
    for (const size of ['64q', '5%5', '', '0', '00', '0m', '0%'])
      await assert.rejects(run(['true'], sized(size)), refused);
  });

  it('says that a mount point may be a link that leads nowhere inside', async () => {
    const root = mkdtempSync(join(folder, 'root-'));
    symlinkSync('/nowhere', join(root, 'proc'));
    await failsIn(
      self,
      ['true'],
      { root },
      { code: 'ENOENT', syscall: 'openat2', field: 'proc', message: /a link to what does not exist inside/ },
    );
  });

  it('tells an ordinary user that namespaces take a user namespace', async () => {
    await failsIn(
      user,
      ['true'],
      { namespaces: ['net', 'uts'] },
      {
        code: 'EPERM',
        syscall: 'unshare',
        field: 'namespaces',
        message: /new (uts, net|net, uts) namespace takes CAP_SYS_ADMIN.*make a new user namespace with it/,
      },
    );
    await failsIn(
      user,
      ['true'],
      { namespaces: ['pid'] },
      { code: 'EPERM', syscall: 'clone', field: 'namespaces', message: /CAP_SYS_ADMIN/ },
    );
  });

  it('tells an ordinary user what it may not raise', async () => {
    await failsIn(
      user,
      ['true'],
      { nice: -5 },
      { code: 'EACCES', syscall: 'setpriority', field: 'nice', message: /CAP_SYS_NICE/ },
    );
    const limited = behind(['prlimit', '--nofile=1000:1000']);
    const raised = limited.run(['true'], { rlimits: { nofile: 2000 } });
    await raised.then(
      ({ exitCode }) => assert.equal(exitCode, 0, 'who may raise it may'),
      (error) => assert.match(error.message, /^prlimit64 RLIMIT_NOFILE: EPERM .*CAP_SYS_RESOURCE/),
    );
    await limited.close();
  });

  it('names the limit on namespaces that is reached, and how to raise it', async () => {
    const script =
      'echo 0 > /proc/sys/user/max_user_namespaces; echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"';
    const limited = behind(['unshare', '--user', '--map-root-user', 'sh', '-c', script, 'sh']);
    await failsIn(
      limited,
      ['true'],
      {},
      {
        code: 'ENOSPC',
        syscall: 'clone3',
        field: 'namespaces',
        message: /user\.max_user_namespaces is 0\. Allow some: sysctl user\.max_user_namespaces=15000/,
      },
    );
    await failsIn(
      limited,
      ['true'],
      { namespaces: ['net'] },
      { code: 'ENOSPC', syscall: 'unshare', field: 'namespaces', message: /max_net_namespaces is 0/ },
    );
    await limited.close();
  });

  it('says that a pid namespace without its PID 1 takes nobody in', async () => {
    const first = await spawn(['sleep', '60'], { stdio: 'ignore' });
    const [pid, user] = ['pid', 'user'].map((kind) => openSync(`/proc/${first.pid}/ns/${kind}`, 'r')) as [
      number,
      number,
    ];
    await first[Symbol.asyncDispose]();
    const shared = {
      mnt: 'shared',
      uts: 'shared',
      ipc: 'shared',
      net: 'shared',
      cgroup: 'shared',
      time: 'shared',
    } as const;
    const spec: RunSpec = { namespaces: { ...shared, pid: { fd: pid }, user: { fd: user } } };
    await failsIn(self, ['true'], spec, {
      code: 'ENOMEM',
      syscall: 'clone',
      field: 'namespaces',
      message: /has lost its PID 1/,
    });
    for (const fd of [pid, user]) closeSync(fd);
  });
});

describe('a machine without /dev/null', { skip }, () => {
  it('is told of when a stream is to be ignored', () => {
    const library = new URL('../../dist/library/index.js', import.meta.url).href;
    const script = `
      const { spawn } = await import(${JSON.stringify(library)});
      const { readdirSync } = await import('node:fs');
      const started = await spawn(['true']);
      await started.exited;
      await started[Symbol.asyncDispose]();
      const before = readdirSync('/proc/self/fd').length;
      const { message } = await spawn(['true'], { stdio: 'ignore' }).catch((error) => error);
      console.log(message, readdirSync('/proc/self/fd').length - before);`;
    const command = [process.execPath, '--input-type=module', '-e', script];
    const unshare = [
      '--user',
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      'mount -t tmpfs none /dev && exec "$@"',
      'sh',
    ];
    const { stdout, stderr } = spawnSync('unshare', [...unshare, ...command], { encoding: 'utf8' });
    assert.equal(stdout, 'open /dev/null: ENOENT 0\n', stderr);
  });
});

describe('a namespace that cannot be joined', { skip }, () => {
  const joins = async (
    net: string | number | { fd: number },
    code: string,
    message: RegExp,
  ): Promise<void> => {
    await assert.rejects(run(['true'], { namespaces: { net } }), (error: Isol8Error) => {
      assert.ok(error instanceof Isol8Error && !(error instanceof StepError), error.stack);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
  };

  it('is of another kind', () =>
    joins(
      '/proc/self/ns/uts',
      'ERR_SPEC',
      /namespaces\.net: \/proc\/self\/ns\/uts is a uts namespace, not net/,
    ));
  it('is no namespace', () =>
    joins('/etc/passwd', 'ERR_SPEC', /namespaces\.net: \/etc\/passwd is not a namespace/));
  it('is not there', () =>
    joins(
      '/run/netns/none',
      'ENOENT',
      /namespaces\.net: open \/run\/netns\/none: ENOENT\. There is no such process or file/,
    ));
  it('is that of a process which is not there', () =>
    joins(4_194_000, 'ENOENT', /open \/proc\/4194000\/ns\/net: ENOENT\. There is no such process/));
  it('is a descriptor that is not open', () =>
    joins({ fd: 999_999 }, 'ERR_SPEC', /namespaces\.net: descriptor 999999 is not open/));
  it('is a FIFO, for which nobody waits', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'isol8-fifo-'));
    spawnSync('mkfifo', [join(folder, 'fifo')]);
    await joins(join(folder, 'fifo'), 'ERR_SPEC', /is not a namespace/).finally(() =>
      rmSync(folder, { recursive: true }),
    );
  });
  it('is a descriptor of something else', () =>
    joins({ fd: 0 }, 'ERR_SPEC', /namespaces\.net: .* is not a namespace/));

  it('is that of another user', async (t) => {
    const user = asUser({ subordinate: false });
    const other = await user.run(['true'], { namespaces: { net: 1 } }).then(
      () => undefined,
      (error) => error,
    );
    await user.close();
    t.diagnostic(other?.message);
    assert.match(other.message, /EACCES|EPERM/);
    assert.match(other.message, /be root/);
  });
});

describe('a spec that cannot be', { skip }, () => {
  it('starts nothing and leaves no descriptor open', async () => {
    await run(['true']);
    const found = descriptors();
    const bad: RunSpec[] = [
      { namespaces: ['uts'], mapUsers: 'root' },
      { namespaces: { net: '/proc/self/ns/net', uts: '/proc/self/ns/net' } },
      { mounts: [{ type: 'bind', source: '/nowhere', destination: '/mnt' }] },
      { root: '/nowhere' },
      { root: '/etc/passwd' },
      { namespaces: { ipc: 'shared' }, mounts: [{ type: 'mqueue', destination: '/mnt' }] },
      { mapUsers: [{ inner: 0, outer: 4_294_967_290, count: 10 }], namespaces: { net: '/proc/self/ns/net' } },
      { timeOffsets: { boottime: '-9000d' } },
      { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 4000] },
      { namespaces: { net: '/proc/self/ns/net' }, stdio: ['pipe', 4000] },
    ];
    for (const spec of bad) await assert.rejects(run(['touch', '/tmp/isol8-should-not-be'], spec), SpecError);
    assert.deepEqual(descriptors(), found);
    assert.equal(existsSync('/tmp/isol8-should-not-be'), false);
  });
});
