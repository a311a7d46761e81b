import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { createNamespaces, Namespace, type NamespaceKind, run } from '../../src/index.js';
import { ALL_KINDS } from '../../src/namespaces/kinds.js';
import { lsns } from './lsns.js';
import { describeOnOneProcessor } from './own-mounts.js';

const KEPT_KINDS = ALL_KINDS.filter((kind) => kind !== 'pid');
const output = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8' }).trim();
const placeOf = (kind: NamespaceKind, name: string): string =>
  kind === 'net' ? `/run/netns/${name}` : `/run/isol8/ns/${kind}/${name}`;

/** What /proc/self/mountinfo has on a path, as `uts:[4026532000]`; the last one is on top. */
const mountedOn = (path: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[4] === path)
    .map((fields) => fields[3] as string);

const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

const SHARED = {
  mnt: 'shared',
  ipc: 'shared',
  pid: 'shared',
  net: 'shared',
  cgroup: 'shared',
  time: 'shared',
} as const;

/** Pids of the processes that are in a namespace. */
const inhabitants = (namespace: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/${namespace.split(':')[0]}`) === namespace;
    } catch {
      return false;
    }
  });

describeOnOneProcessor(import.meta.url, 'a namespace without a process', () => {
  it('is made with all that its kind can have', async () => {
    const spec = {
      hostname: 'without',
      timeOffsets: { boottime: '1d' },
      mounts: [{ type: 'tmpfs', destination: '/mnt' }],
    } as const;
    using created = await createNamespaces(KEPT_KINDS, { ...spec, mounts: [...spec.mounts] });
    for (const kind of KEPT_KINDS) {
      const namespace = created[kind] as Namespace;
      assert.notEqual(`${namespace}`, readlinkSync(`/proc/self/ns/${kind}`));
      assert.deepEqual(inhabitants(`${namespace}`), [], `${kind} has no process`);
      assert.equal(namespace.keep('without'), placeOf(kind, 'without'));
    }
    created[Symbol.dispose]();
    const enter = (kind: NamespaceKind, option: string, ...command: string[]): string =>
      output(
        'nsenter',
        `--user=${placeOf('user', 'without')}`,
        `--${option}=${placeOf(kind, 'without')}`,
        ...command,
      );
    assert.equal(enter('uts', 'uts', 'hostname'), 'without');
    assert.match(enter('net', 'net', 'ip', 'link', 'show', 'lo'), /LOOPBACK,UP/);
    assert.match(enter('mnt', 'mount', 'stat', '-f', '-c', '%T', '/mnt'), /tmpfs/);
    assert.match(enter('time', 'time', 'cat', '/proc/self/timens_offsets'), /boottime\s+86400/);
    for (const kind of KEPT_KINDS) Namespace.release('without', kind);
  });

  it('stands where ip-netns(8) has it, for net', async () => {
    using created = await createNamespaces(['net']);
    assert.equal((created.net as Namespace).keep('blue'), '/run/netns/blue');
    assert.match(output('ip', 'netns', 'list'), /^blue\b/);
    output('ip', 'netns', 'add', 'red');
    using red = Namespace.kept('red', 'net');
    assert.deepEqual(mountedOn('/run/netns/red'), [`${red}`]);
    Namespace.release('red', 'net');
    output('ip', 'netns', 'delete', 'blue');
    assert.deepEqual(readdirSync('/run/netns'), []);
  });

  it('is joined by its place, and ends with it', async () => {
    using created = await createNamespaces(['user', 'uts'], { hostname: 'kept' });
    const [user, uts] = ['user', 'uts'].map((kind) => created[kind as 'user']?.keep('joined')) as [
      string,
      string,
    ];
    const inode = `${created.uts}`;
    created[Symbol.dispose]();
    const inside = await run(['sh', '-c', 'hostname; readlink /proc/self/ns/uts'], {
      namespaces: { user, uts, ...SHARED },
    });
    assert.equal(inside.stdout, `kept\n${inode}\n`);
    for (const kind of ['user', 'uts'] as const) Namespace.release('joined', kind);
    assert.deepEqual([mountedOn(user), mountedOn(uts)], [[], []]);
    assert.equal(existsSync(uts), false);
    assert.ok(!lsns('-n', '-o', 'NS').includes(inode.slice(5, -1)));
  });

  for (const propagation of ['private', 'shared'] as const) {
    it(`is kept by a mount on a file, in a directory with ${propagation} propagation`, async () => {
      const folder = `/run/${propagation}`;
      mkdirSync(folder);
      output('mount', '-t', 'tmpfs', 'tmpfs', folder);
      output('mount', `--make-${propagation}`, folder);
      const found = mounts();
      for (const kind of KEPT_KINDS) {
        using created = await createNamespaces([kind]);
        const namespace = created[kind] as Namespace;
        const path = `${folder}/${kind}`;
        assert.equal(namespace.keep(path), path);
        assert.equal(mountedOn(path).at(-1), `${namespace}`);
        assert.throws(() => namespace.keep(path), { code: 'EEXIST', message: /choose another name/ });
        using again = Namespace.open(path);
        assert.ok(again.sameAs(namespace));
        Namespace.release(path);
        assert.equal(existsSync(path), false);
        assert.equal(mounts(), found, `${kind} leaves no mount`);
      }
      output('umount', folder);
    });
  }

  it('is not kept where that fails, and leaves nothing', () => {
    using older = Namespace.open('/proc/self/ns/mnt');
    assert.throws(() => older.keep('self'), { code: 'EINVAL', message: /older than itself/ });
    assert.deepEqual(readdirSync('/run/isol8/ns/mnt'), []);
    assert.deepEqual(mountedOn('/run/isol8/ns/mnt/self'), []);
    using net = Namespace.open('/proc/self/ns/net');
    assert.throws(() => net.keep('/run/no-such-folder/net'), { code: 'ENOENT' });
    writeFileSync('/run/file', 'mine');
    assert.throws(() => net.keep('/run/file'), { code: 'EEXIST' });
    assert.throws(() => Namespace.release('/run/file'), /\/run\/file is not a namespace/);
    assert.throws(() => Namespace.release('/proc/self/ns/net'), {
      code: 'EINVAL',
      message: /Nothing is kept there/,
    });
    assert.throws(() => Namespace.release('nobody', 'uts'), { code: 'ENOENT' });
    assert.equal(readFileSync('/run/file', 'utf8'), 'mine');
  });
});
