import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { type RunSpec, spawn } from '../../src/index.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { type SyscallName, syscallNumber } from '../../src/syscalls/table.js';
import { behind, type Caller, describeAsRoot, self } from './caller.js';
import { isol8 } from './cli-program.js';

/** What spawn-errors.test.ts does not have: each is made to happen in the kernel. */
describeAsRoot(import.meta.url, 'the cause of an errno', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'isol8-causes-'));
    const source = new URL('forbid-call.c', import.meta.url).pathname;
    const { status, stderr } = spawnSync('cc', ['-o', join(folder, 'forbid'), source], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
  after(() => rmSync(folder, { recursive: true }));

  const forbidding = (call: SyscallName): Caller =>
    behind([join(folder, 'forbid'), `${syscallNumber(call, currentArchitecture())}`]);

  async function fails(caller: Caller, spec: RunSpec, message: RegExp, program = 'true'): Promise<void> {
    try {
      await assert.rejects(caller.run([program], spec), { message });
    } finally {
      await caller.close();
    }
  }

  it('EPERM of a seccomp filter is told as that, with what the call needs otherwise', async () => {
    const spec: RunSpec = { namespaces: ['uts', 'mnt'], hostname: 'x', proc: false };
    await fails(
      forbidding('sethostname'),
      spec,
      /^sethostname x: EPERM .*CAP_SYS_ADMIN.* Or the seccomp filter/,
    );
    await fails(forbidding('setpriority'), { namespaces: [], nice: 1 }, /CAP_SYS_NICE.*seccomp=unconfined/);
    await fails(
      forbidding('umask'),
      { namespaces: [], umask: 0 },
      /^umask: EPERM .*\. Perhaps the seccomp filter/,
    );
  });

  it('EPERM of clone and unshare under a filter names the engine’s option', async () => {
    const docker = 'seccomp=unconfined';
    await fails(forbidding('unshare'), { namespaces: ['uts'] }, new RegExp(`^unshare .*: EPERM .*${docker}`));
    // The command line as it is built, since what compiles TypeScript for the tests starts a process too.
    const clone = [join(folder, 'forbid'), `${syscallNumber('clone', currentArchitecture())}`];
    const { status, stderr } = await isol8(['run', '--timeout', '1h', '--', 'true'], { behind: clone });
    assert.equal(status, 125);
    assert.match(stderr, new RegExp(`clone the launcher: EPERM\\. Perhaps .*${docker}`));
  });

  it('EPERM for want of a capability names it', async () => {
    const without = (capability: string): Caller =>
      behind(['setpriv', `--bounding-set=-${capability}`, `--inh-caps=-${capability}`]);
    await fails(without('setgid'), { namespaces: [], groups: [5] }, /^setgroups: EPERM .*CAP_SETGID/);
    await fails(without('setuid'), { namespaces: [], uid: 5 }, /^setresuid uid 5: EPERM .*CAP_SETUID/);
    await fails(
      without('net_admin'),
      { namespaces: ['net'] },
      /^ioctl lo: EPERM .*CAP_NET_ADMIN.*loopback: false/,
    );
  });

  it('EPERM of a limit above what the kernel has', () =>
    fails(
      self,
      { namespaces: [], rlimits: { nofile: 2 ** 40 } },
      /^prlimit64 RLIMIT_NOFILE: EPERM .*CAP_SYS_RESOURCE.*fs\.nr_open/,
    ));

  it('EPERM of a new /proc where the old one is covered', () =>
    fails(
      behind(['unshare', '--mount', 'sh', '-ec', 'mount -t tmpfs tmpfs /proc/fs; exec "$@"', 'sh']),
      {},
      /^mount \/proc: EPERM .*fully visible.*systempaths=unconfined/,
    ));

  it('ENOSPC (EUSERS before Linux 4.9) of user namespaces that are nested too deep', async () => {
    const script = 'n=$1; shift; [ $n = 0 ] && exec "$@"; exec unshare -Ur sh -c "$S" sh $((n - 1)) "$@"';
    // An ordinary user's tests are in a user namespace already.
    const depth = process.env.ISOL8_TEST_AGAIN === undefined ? '33' : '32';
    const nested = behind(['env', `S=${script}`, 'sh', '-c', script, 'sh', depth]);
    await fails(nested, {}, /^clone3? .*: (ENOSPC|EUSERS) .*nested 32 deep/);
  });

  it('EINVAL of setns into a pid namespace that is not below', () => {
    const below = ['unshare', '--pid', '--fork', '--kill-child'];
    const script = `exec ${below.join(' ')} "$@" 9</proc/self/ns/pid`;
    return fails(
      behind([...below, 'sh', '-c', script, 'sh']),
      { namespaces: { ...SHARED, pid: { fd: 9 } } },
      /^setns the pid namespace: EINVAL .*not a child of ours/,
    );
  });

  it('EINVAL of a bind from another mnt namespace', async () => {
    await using other = await spawn(['sleep', '60'], { namespaces: ['mnt'], proc: false, stdio: 'ignore' });
    const source = `/proc/${other.pid}/root/etc`;
    const mounts: RunSpec['mounts'] = [{ type: 'bind', source, destination: '/mnt' }];
    await fails(self, { namespaces: ['mnt'], mounts }, /^open_tree .*: EINVAL .*another mnt namespace/);
  });

  it('ETXTBSY of a program that somebody writes', async () => {
    const program = join(folder, 'busy');
    copyFileSync('/bin/true', program);
    const writer = openSync(program, 'r+');
    await fails(self, { namespaces: [] }, /^execve .*: ETXTBSY .*open for writing/, program);
    closeSync(writer);
  });
});

const SHARED = {
  mnt: 'shared',
  uts: 'shared',
  ipc: 'shared',
  net: 'shared',
  user: 'shared',
  cgroup: 'shared',
  time: 'shared',
} as const;
