import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  createNamespaces,
  Namespace,
  type NamespaceKind,
  run,
  sethostname,
  setns,
  ThreadError,
  unshare,
  withNamespace,
} from '../../src/index.js';
import { describeAsRoot, isRoot, nested } from './caller.js';
import { bundle } from './lifecycle-victim.js';

const link = (kind: string): string => readlinkSync(`/proc/thread-self/ns/${kind}`);
const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Each in its own order, since all of them move this one thread. */
describeAsRoot(import.meta.url, 'the calling thread', () => {
  const outside = execFileSync('readlink', [`/proc/${process.ppid}/ns/uts`], { encoding: 'utf8' }).trim();

  if (!isRoot || nested) {
    it('does not enter what it could not come back from', async () => {
      using made = await createNamespaces(['uts']);
      const enter = (): void => withNamespace(made.uts as NonNullable<typeof made.uts>, () => assert.fail());
      assert.throws(enter, { code: 'EPERM', message: /no way back/ });
    });
  }

  it('has namespaces of its own', () => {
    unshare(['uts', 'net', 'ipc']);
    assert.notEqual(link('uts'), outside);
  });

  it('goes into a namespace for a function and comes back, with its result or its error', async () => {
    using made = await createNamespaces(['uts', 'net', 'ipc'], { hostname: 'elsewhere' });
    const { uts, net, ipc } = made as Required<typeof made>;
    const home = ['uts', 'net', 'ipc'].map(link);
    const name = hostname();
    const before = descriptors();
    assert.equal(withNamespace(uts, hostname), 'elsewhere');
    const there = withNamespace([uts, net, ipc], () => ['uts', 'net', 'ipc'].map(link));
    assert.deepEqual(there, [uts, net, ipc].map(String));
    assert.throws(() => withNamespace([net, uts], () => assert.fail('of the function')), /of the function/);
    assert.throws(() => withNamespace(uts, async () => 1), TypeError);
    assert.deepEqual(['uts', 'net', 'ipc'].map(link), home);
    assert.equal(hostname(), name);
    assert.equal(descriptors(), before);
  });

  it('gives what it starts inside of the function what it has there', async () => {
    using made = await createNamespaces(['uts'], { hostname: 'elsewhere' });
    let inside: ReturnType<typeof run> | undefined;
    withNamespace(made.uts as NonNullable<typeof made.uts>, () => {
      inside = run(['hostname'], { namespaces: [] });
    });
    assert.equal((await inside)?.stdout, 'elsewhere\n');
    assert.notEqual((await run(['hostname'], { namespaces: [] })).stdout, 'elsewhere\n');
  });

  it('leaves its uts namespace and names the new one; processes that share it have that name', async () => {
    const name = hostname();
    const home = openSync('/proc/thread-self/ns/uts', 'r');
    unshare(['uts']);
    sethostname('new-namespace');
    assert.equal(hostname(), 'new-namespace');
    assert.equal(execFileSync('hostname', { encoding: 'utf8' }), 'new-namespace\n');
    const started = await run(['hostname'], { namespaces: ['pid', 'mnt'] });
    assert.equal(started.stdout, 'new-namespace\n');
    const parent = execFileSync('readlink', [`/proc/${process.ppid}/ns/uts`], { encoding: 'utf8' }).trim();
    assert.equal(parent, outside, 'the process outside has kept its own');
    setns({ kind: 'uts', fd: home });
    closeSync(home);
    assert.equal(hostname(), name);
    assert.notEqual((await run(['hostname'], { namespaces: [] })).stdout, 'new-namespace\n');
  });

  it('is told which kinds a process of many threads cannot change, and what to do instead', async () => {
    using made = await createNamespaces(['user', 'mnt', 'time']);
    assert.throws(() => unshare(['uts', 'user']), threadError('EINVAL', 'user'));
    const refusals: [NamespaceKind, string][] = [
      ['user', 'EINVAL'],
      ['mnt', 'EINVAL'],
      ['time', 'EUSERS'],
    ];
    for (const [kind, errno] of refusals) {
      const target = made[kind] as NonNullable<typeof made.uts>;
      assert.throws(() => setns(target), threadError(errno, kind));
      assert.throws(() => withNamespace(target, () => 1), threadError(errno, kind));
    }
    assert.throws(() => setns({ kind: 'uts', fd: 9999 }), { code: 'EBADF' });
  });

  it('is told what cannot be, before anything is asked of the kernel', () => {
    const spec = (field: string) => ({ name: 'SpecError', field });
    assert.throws(() => unshare('uts' as never), spec('kinds'));
    assert.throws(() => unshare(['nothing' as never]), spec('kinds'));
    for (const target of [
      5,
      null,
      undefined,
      {},
      { kind: 'uts' },
      { kind: 'none', fd: 3 },
      { kind: 'uts', fd: 'x' },
    ])
      assert.throws(() => setns(target as never), spec('target'));
    assert.throws(() => withNamespace(5 as never, () => 1), spec('target'));
    using net = Namespace.open(process.pid, 'net');
    for (const nothing of [undefined, null, [undefined], [net, [net]]])
      assert.throws(() => withNamespace(nothing as never, () => assert.fail('it ran')), {
        name: 'SpecError',
        field: /^target(\[[01]\])?$/,
      });
    assert.throws(() => withNamespace([net, undefined, net] as never, () => 1), spec('target[1]'));
    assert.throws(
      () => withNamespace([{ kind: 'net', fd: 9999 }, undefined] as never, () => 1),
      spec('target[1]'),
    );
    assert.throws(() => withNamespace([undefined, net] as never, () => 1), spec('target[0]'));
    assert.equal(
      withNamespace([], () => 'in place'),
      'in place',
    );
    for (const name of [5, undefined, 'x'.repeat(65), 'é'.repeat(33), 'a\0b'])
      assert.throws(() => sethostname(name as never), spec('hostname'));
  });

  it('is told the limit that is 0, and how to raise it', () => {
    const limit = [
      '--user',
      '--map-root-user',
      'sh',
      '-c',
      'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"',
    ];
    const script = bundle('thread-limited.ts');
    const { stdout, stderr } = spawnSync('unshare', [...limit, 'sh', process.execPath, script], {
      encoding: 'utf8',
    });
    rmSync(script);
    assert.match(
      stdout,
      /^ENOSPC unshare uts, net: ENOSPC\. user\.max_net_namespaces is 0\. Allow some: sysctl user\.max_net_namespaces=15000$/m,
      stderr,
    );
  });

  it('aborts the process that could not come back, rather than let it go on in the wrong place', () => {
    const script = bundle('thread-lost.ts');
    const { signal, stdout } = spawnSync('prlimit', ['--core=0', process.execPath, script], {
      encoding: 'utf8',
    });
    rmSync(script);
    assert.deepEqual([signal, stdout], ['SIGABRT', 'inside\n']);
  });

  it('may be a Worker, and the main thread stays where it is', async () => {
    const script = bundle('thread-worker.ts');
    const before = hostname();
    const worker = new Worker(script);
    const said = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    rmSync(script);
    assert.equal(said, 'worker');
    assert.equal(hostname(), before);
  });

  it('has children in a new pid and a new time namespace, without being in them', async () => {
    const [pid, time] = [link('pid'), link('time')];
    unshare(['pid', 'time']);
    assert.deepEqual([link('pid'), link('time')], [pid, time]);
    await assert.rejects(run(['true'], { namespaces: [] }), { name: 'SpecError', field: 'namespaces.pid' });
    const { stdout } = await run(['readlink', '/proc/self/ns/time'], { namespaces: ['pid'] });
    assert.notEqual(stdout.trim(), time);
    assert.equal(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }), '1\n');
  });
});

const threadError = (errno: string, kind: string) => (error: ThreadError) => {
  assert.ok(error instanceof ThreadError, String(error));
  assert.equal(error.code, errno);
  assert.deepEqual(error.kinds, [kind]);
  return /several threads.*spawn\(command, \{ namespaces/s.test(error.message);
};
