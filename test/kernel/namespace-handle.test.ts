import assert from 'node:assert/strict';
import { spawn as spawnChild } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { it } from 'node:test';
import { createNamespaces, Namespace, spawn, UnsupportedError } from '../../src/index.js';
import { ALL_KINDS } from '../../src/namespaces/kinds.js';
import { descriptors } from './lifecycle-census.js';
import { lsns } from './lsns.js';
import { describeOnOneProcessor } from './own-mounts.js';

const link = (kind: string, pid: number | 'self' = 'self'): string => readlinkSync(`/proc/${pid}/ns/${kind}`);

/** What lsns says about the namespace of a process: its own number, its parent's and its owner's. */
function listed(pid: number, kind: string): { inode: string; parent: string; owner: string } {
  const rows = lsns('-n', '-p', String(pid), '-t', kind, '-o', 'NS,PNS,ONS').split('\n');
  const [inode = '', parent = '', owner = ''] = (rows[0] as string).trim().split(/\s+/);
  return { inode, parent, owner };
}

/** The same as the handle says it; 0 is lsns' word for what cannot be seen. */
function told(namespace: Namespace): ReturnType<typeof listed> {
  using parent = namespace.parent();
  using owner = namespace.owner();
  return {
    inode: String(namespace.inode),
    parent: String(parent?.inode ?? 0),
    owner: String(owner?.inode ?? 0),
  };
}

const kernel = Number(release().split('.')[0]) * 100 + Number(release().split('.')[1]);
/** Where the kernel is too old the call says so, in isol8's own error. */
function since(version: number, check: () => void): void {
  if (kernel >= version) check();
  else assert.throws(check, UnsupportedError);
}

describeOnOneProcessor(import.meta.url, 'a handle of a namespace', () => {
  it('refuses in one kind of error what only a caller without types gives', () => {
    using net = Namespace.open('/proc/self/ns/net');
    const refused = (act: () => unknown, field: string): void =>
      assert.throws(act, { name: 'SpecError', field });
    for (const target of [undefined, null, true, {}, [], { pid: '1' }, { fd: 1.5 }, { path: 5 }, 1.5, 0, ''])
      refused(() => Namespace.open(target as never, 'net'), 'target');
    refused(() => Namespace.open(1, 'nothing' as never), 'kind');
    refused(() => Namespace.kept(5 as never, 'net'), 'name');
    refused(() => Namespace.kept('x', 5 as never), 'kind');
    for (const place of [5, undefined, null]) {
      refused(() => net.keep(place as never), 'place');
      refused(() => Namespace.release(place as never, 'net'), 'place');
    }
    for (const other of [undefined, null, 5, {}]) refused(() => net.sameAs(other as never), 'other');
  });

  it('is of a process, a path, a descriptor, something with a pid, or a name', async () => {
    await using child = await spawn(['sleep', '60'], { stdio: 'ignore' });
    for (const kind of ALL_KINDS) {
      const path = `/proc/${child.pid}/ns/${kind}`;
      const fd = openSync(path, 'r');
      const kept = kind === 'pid' ? undefined : Namespace.open(child.pid, kind);
      kept?.keep('of-a-process');
      kept?.[Symbol.dispose]();
      const handles = [
        Namespace.open(child.pid, kind),
        Namespace.open(child, kind),
        Namespace.open(path),
        Namespace.open({ fd }),
        Namespace.open({ path }, kind),
        ...(kind === 'pid' ? [] : [Namespace.kept('of-a-process', kind)]),
      ];
      closeSync(fd);
      const { ino, dev } = statSync(path, { bigint: true });
      for (const handle of handles) {
        assert.equal(`${handle}`, readlinkSync(path));
        assert.deepEqual([handle.kind, handle.inode, handle.device], [kind, ino, dev]);
        assert.ok(handle.sameAs(handles[0] as Namespace));
        using own = Namespace.open(`/proc/self/ns/${kind}`);
        assert.ok(!handle.sameAs(own), `${kind} is not that of this process`);
      }
      for (const handle of handles) handle[Symbol.dispose]();
      if (kind !== 'pid') Namespace.release('of-a-process', kind);
    }
  });

  it('knows who owns it, what it was made in, and by whom, as lsns does', async () => {
    await using child = await spawn(['sleep', '60'], { stdio: 'ignore' });
    for (const kind of ALL_KINDS) {
      for (const pid of [child.pid, process.pid]) {
        using handle = Namespace.open(pid, kind);
        assert.deepEqual(told(handle), listed(pid, kind), `${kind} of ${pid}`);
        if (kind !== 'user') assert.equal(handle.ownerUid(), undefined);
      }
    }
    using user = Namespace.open(child.pid, 'user');
    assert.equal(user.ownerUid(), 0);
    using parent = user.parent();
    assert.equal(`${parent}`, link('user'));
  });

  it('knows the uid of whoever made a user namespace', async () => {
    const drop = ['--reuid=77', '--regid=77', '--clear-groups'];
    const child = spawnChild('setpriv', [...drop, 'unshare', '--user', 'sh', '-c', 'echo; exec sleep 60']);
    await once(child.stdout, 'data');
    using user = Namespace.open(child.pid as number, 'user');
    assert.equal(user.ownerUid(), 77);
    child.kill();
    await once(child, 'exit');
  });

  it('says what it cannot be made of', () => {
    assert.throws(() => Namespace.open(process.pid), { name: 'SpecError', field: 'kind' });
    assert.throws(() => Namespace.open('/proc/self/ns/net', 'uts'), /is a net namespace, not uts/);
    assert.throws(() => Namespace.open('/etc/passwd'), /is not a namespace/);
    assert.throws(() => Namespace.kept('nobody', 'net'), { code: 'ENOENT' });
    for (const name of ['', '.', '..', 'a/b', 'a\0b', 'x'.repeat(256)]) {
      assert.throws(() => Namespace.kept(name, 'net'), { code: 'EINVAL' }, name);
    }
    assert.throws(() => Namespace.release('name-without-kind'), { name: 'SpecError', field: 'kind' });
  });

  it('leaves no descriptor when it is disposed of, and then says so', async () => {
    const before = descriptors();
    using created = await createNamespaces(['user', 'net', 'uts', 'mnt', 'ipc', 'cgroup', 'time']);
    for (let i = 0; i < 50; i++) {
      using handle = Namespace.open(process.pid, 'net');
      handle.owner()?.[Symbol.dispose]();
      assert.throws(() => Namespace.open('/etc/passwd'));
      assert.throws(() => Namespace.open('/proc/self/ns/net', 'uts'));
    }
    const uts = created.uts as Namespace;
    created[Symbol.dispose]();
    assert.deepEqual(descriptors(), before);
    assert.throws(() => uts.fd, { code: 'EBADF', message: /uts:\[\d+\] was disposed of/ });
    assert.throws(() => uts.keep('gone'), { code: 'EBADF' });
    assert.equal(existsSync('/run/isol8/ns/uts/gone'), false);
  });

  it('translates pids', async () => {
    await using child = await spawn(['sleep', '60'], { stdio: 'ignore', init: false });
    using pids = Namespace.open(child, 'pid');
    since(611, () => {
      assert.equal(pids.translatePid(child.pid), 1);
      assert.equal(pids.translatePid(1, 'inside'), child.pid);
      assert.equal(pids.translatePid(process.pid), undefined);
      assert.equal(pids.translatePid(4_194_000, 'inside'), undefined);
    });
    using own = Namespace.open('/proc/self/ns/uts');
    assert.throws(() => own.translatePid(1), /uts:.*pid namespace/);
  });

  it('counts its mounts', async () => {
    await using child = await spawn(['sleep', '60'], {
      stdio: 'ignore',
      mounts: [{ type: 'tmpfs', destination: '/mnt' }],
    });
    using mnt = Namespace.open(child, 'mnt');
    using own = Namespace.open('/proc/self/ns/mnt');
    const lines = readFileSync(`/proc/${child.pid}/mountinfo`, 'utf8').trim().split('\n');
    since(612, () => {
      assert.equal(mnt.mountInfo().mounts, lines.length);
      assert.ok(mnt.mountInfo().id > own.mountInfo().id, 'numbers only grow');
    });
    using uts = Namespace.open('/proc/self/ns/uts');
    assert.throws(() => uts.mountInfo(), /uts:.*mnt namespace/);
  });
});
