import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { it } from 'node:test';
import { Namespace, type NamespaceKind } from '../../src/index.js';
import { isol8, type Outcome, program } from './cli-program.js';
import { describeOnOneProcessor } from './own-mounts.js';

interface Row {
  readonly name: string;
  readonly kind: NamespaceKind;
  readonly inode: number;
  readonly path: string;
}

const ns = (...args: string[]): Promise<Outcome> => isol8(['ns', ...args]);
const output = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8' }).trim();

async function well(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await ns(...args);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return stdout;
}

async function badly(args: string[], message: RegExp): Promise<void> {
  const { status, stdout, stderr } = await ns(...args);
  assert.deepEqual({ status, stdout }, { status: 125, stdout: '' });
  assert.match(stderr, message);
}

const listed = async (): Promise<Row[]> => JSON.parse(await well('ls', '--json'));
const inodeOf = (path: string): number => Number(output('stat', '-c', '%i', path));
const SHARE = ['--share', 'mnt,ipc,pid,cgroup'];

describeOnOneProcessor(import.meta.url, 'isol8 ns', () => {
  it('keeps namespaces under a name, which isol8 run joins and the library finds', async () => {
    await well('add', 'box', '--kind', 'user,uts', '-k', 'net,time', '-h', 'boxed', '--boottime', '1d');
    const rows = await listed();
    assert.deepEqual(
      rows.map(({ name, kind }) => `${name} ${kind}`),
      ['box net', 'box time', 'box user', 'box uts'],
    );
    for (const { kind, inode, path } of rows) {
      assert.equal(path, kind === 'net' ? '/run/netns/box' : `/run/isol8/ns/${kind}/box`);
      assert.equal(inodeOf(path), inode);
      using handle = Namespace.kept('box', kind);
      assert.equal(Number(handle.inode), inode);
    }
    const joins = ['user', 'uts', 'net', 'time'].flatMap((kind) => ['--join', `${kind}=box`]);
    const look = 'hostname; ip -br link show lo; cat /proc/self/timens_offsets';
    const inside = await isol8(['run', ...SHARE, ...joins, '--', 'sh', '-c', look]);
    assert.equal(inside.stderr, '');
    assert.match(inside.stdout, /^boxed\nlo .*UP[\s\S]*boottime\s+86400/);
    assert.match(await well('ls'), /^NAME +NAMESPACE +PATH\nbox +net:\[\d+\] +\/run\/netns\/box\n/);
  });

  const processors = cpus().length;
  const few = processors < 2 && 'there is one processor';
  it('keeps a mnt namespace in one that another processor has numbered', { skip: few }, async () => {
    const own = 'mount -t tmpfs none /run; exec taskset -c "$0" "$@"';
    for (const [first, second] of [
      ['0', '1'],
      ['1', '0'],
    ] as const) {
      const behind = ['taskset', '-c', first, 'unshare', '--mount', 'sh', '-ec', own, second];
      const { status, stderr } = await isol8(['ns', 'add', 'far', '--kind', 'mnt'], { behind });
      assert.deepEqual([status, stderr], [0, '']);
    }
  });

  it('shows its net namespaces to ip-netns(8), and shows what that has made', async () => {
    output('ip', 'netns', 'add', 'red');
    for (const name of [/^red\b/m, /^box\b/m]) assert.match(output('ip', 'netns', 'list'), name);
    const red = (await listed()).find(({ name }) => name === 'red');
    assert.deepEqual(red, {
      name: 'red',
      kind: 'net',
      inode: inodeOf('/run/netns/red'),
      path: '/run/netns/red',
    });
  });

  it('removes one kind, or all of a name, and says what is not there', async () => {
    await well('rm', 'box', '--kind', 'time');
    assert.equal(existsSync('/run/isol8/ns/time/box'), false);
    assert.equal((await listed()).length, 4);
    await badly(
      ['rm', 'box', '-k', 'time'],
      /^isol8 ns: no time namespace is kept as box\. See what is: isol8 ns ls\n$/,
    );
    await well('rm', 'box', 'red');
    assert.deepEqual(await listed(), []);
    assert.equal(await well('ls'), '');
    assert.deepEqual(readdirSync('/run/netns'), []);
    await badly(['rm', 'box'], /no namespace is kept as box/);
  });

  it('takes back what it had kept when one of several cannot be', async () => {
    await well('add', 'taken', '-k', 'net');
    await badly(['add', 'taken', '-k', 'uts,ipc,net'], /make \/run\/netns\/taken: EEXIST\..*isol8 ns rm/);
    assert.deepEqual(
      (await listed()).map(({ kind }) => kind),
      ['net'],
    );
    assert.deepEqual(readdirSync('/run/isol8/ns/uts'), []);
    assert.deepEqual(readdirSync('/run/isol8/unfinished'), []);
    await well('rm', 'taken');
  });

  it('says that a pid namespace needs a process, and what to do', async () => {
    await badly(
      ['add', 'box', '-k', 'uts,pid'],
      /--kind: a pid namespace lives as long as.*isol8 run --join pid=PID\n$/s,
    );
    assert.deepEqual(await listed(), []);
    const { status, stderr } = await isol8(['run', '--join', 'pid=box', 'true']);
    assert.equal(status, 125);
    assert.match(stderr, /neither a pid nor a path/);
  });

  it('takes a number that no pid is written as for a name, like any other', async () => {
    await well('add', '007', '-k', 'net,uts', '-h', 'bond');
    const look = ['sh', '-c', 'hostname; readlink /proc/self/ns/net'];
    const inside = `bond\nnet:[${inodeOf('/run/netns/007')}]\n`;
    const joins = ['--join', 'net=007', '--join', 'uts=007'];
    const joined = await isol8(['run', ...SHARE, '--share', 'user', ...joins, '--', ...look]);
    assert.deepEqual([joined.stdout, joined.stderr], [inside, '']);
    const entered = await isol8(['enter', '007', ...look]);
    assert.deepEqual([entered.stdout, entered.stderr], [inside, '']);
    const { stderr } = await isol8(['run', '--join', 'pid=007', 'true']);
    assert.match(stderr, /neither a pid nor a path/);
    await well('rm', '007');
  });

  it('says in getopt’s words what is wrong with a command line', async () => {
    await badly([], /^isol8 ns: give one of add, rm, ls\n/);
    await badly(['ad'], /Did you mean 'add'\?/);
    await badly(['add'], /add takes one name/);
    await badly(['add', 'a', 'b'], /add takes one name/);
    await badly(['add', 'a'], /add needs --kind/);
    await badly(['add', 'a', '-k', 'nat'], /Did you mean 'net'\?/);
    await badly(['add', '../a', '-k', 'net'], /"\.\.\/a" cannot be the name/);
    await badly(['add', 'a', '-k', 'net', '-h', 'x'], /--hostname: /);
    await badly(['rm', 'a', '--hostname', 'x'], /option '--hostname' is for add alone/);
  });

  const closed = isOpenToAll(dirname(program))
    ? false
    : 'needs a checkout that is open to other users, who start the program from there';
  it('tells an ordinary user to be root, and leaves nothing', { skip: closed }, async () => {
    const before = readlinkSync('/proc/self/ns/mnt');
    const drop = ['setpriv', '--reuid=77', '--regid=77', '--clear-groups'];
    const { status, stderr } = await isol8(['ns', 'add', 'mine', '-k', 'user,uts'], { behind: drop });
    assert.equal(status, 125);
    assert.match(stderr, /EACCES.*be root/);
    assert.equal(readlinkSync('/proc/self/ns/mnt'), before);
    assert.deepEqual(await listed(), []);
  });
});

function isOpenToAll(path: string): boolean {
  const folder = dirname(path);
  return (statSync(path).mode & 0o001) !== 0 && (folder === path || isOpenToAll(folder));
}
