import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { it } from 'node:test';
import { isol8, program } from './cli-program.js';
import { describeOnOneProcessor } from './own-mounts.js';

interface Leftover {
  readonly path: string;
  readonly what: string;
}

async function gc(...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await isol8(['gc', '--json', ...args]);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return JSON.parse(stdout).map(({ what, path }: Leftover) => `${what} ${path}`);
}

const output = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8' }).trim();
const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

/** A file that was made long ago, as far as anybody can see. */
function oldFile(path: string, text = ''): void {
  mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
  writeFileSync(path, text);
  utimesSync(path, 0, 0);
}

describeOnOneProcessor(import.meta.url, 'isol8 gc', () => {
  it('finds nothing where nothing is', async () => {
    assert.deepEqual(await gc(), []);
    assert.deepEqual((await isol8(['gc'])).stdout, '');
  });

  it('removes files without a namespace and empty folders, after showing them', async () => {
    oldFile('/run/isol8/ns/uts/gone');
    oldFile('/run/netns/gone');
    const all = ['file /run/isol8/ns/uts/gone', 'file /run/netns/gone'];
    const folders = ['/run/isol8/ns/uts', '/run/isol8/ns', '/run/isol8'].map((path) => `folder ${path}`);
    assert.deepEqual(await gc('--dry-run'), [...all, ...folders]);
    assert.ok(existsSync('/run/netns/gone'));
    const { stdout } = await isol8(['gc']);
    assert.match(stdout, /^removed file +\/run\/isol8\/ns\/uts\/gone +no namespace is mounted on it\n/);
    assert.equal(stdout.split('\n').length, 6);
    assert.deepEqual([existsSync('/run/isol8'), readdirSync('/run/netns')], [false, []]);
  });

  it('leaves alone what is kept, what is young, and what is not its own', async () => {
    assert.equal((await isol8(['ns', 'add', 'kept', '-k', 'net,uts'])).status, 0);
    writeFileSync('/run/netns/young', '');
    oldFile('/run/netns/text', 'of somebody');
    symlinkSync('/nowhere', '/run/netns/link');
    oldFile('/run/isol8/ns/other/file');
    oldFile('/run/isol8/file');
    const before = mounts();
    assert.deepEqual(await gc(), ['folder /run/isol8/unfinished']);
    assert.equal(mounts(), before);
    assert.deepEqual(readdirSync('/run/netns').sort(), ['kept', 'link', 'text', 'young']);
    assert.equal((await isol8(['ns', 'rm', 'kept'])).status, 0);
    output('sh', '-c', 'rm -r /run/netns/* /run/isol8/ns/other /run/isol8/file');
    await gc();
    assert.equal(existsSync('/run/isol8'), false);
  });

  it('leaves a file on which another mnt namespace has its mount', async () => {
    oldFile('/run/netns/theirs');
    const script =
      'mount --bind /run /mnt && mount --bind /proc/self/ns/net /mnt/netns/theirs && echo && exec cat';
    const other = spawn('unshare', ['--mount', 'sh', '-c', script]);
    await once(other.stdout, 'data');
    const found = await gc();
    other.stdin.end();
    await once(other, 'exit');
    assert.deepEqual(found, []);
    assert.deepEqual(await gc(), ['file /run/netns/theirs']);
  });

  it('takes back what an isol8 ns add had kept when it was killed, but not what has the name by now', async () => {
    for (const again of [false, true]) {
      const kill = ['-o', '/dev/null', '-e', 'trace=mount', '-e', 'inject=mount:signal=KILL:when=2'];
      const add = [process.execPath, program, 'ns', 'add', 'half', '-k', 'uts,ipc'];
      const { signal, status } = spawnSync('strace', [...kill, ...add]);
      assert.ok(signal === 'SIGKILL' || status === 137);
      assert.match(mounts(), / \/run\/isol8\/ns\/uts\/half /);
      if (again) {
        assert.equal((await isol8(['ns', 'rm', 'half', '-k', 'uts'])).status, 0);
        assert.equal((await isol8(['ns', 'add', 'half', '-k', 'uts,time'])).status, 0);
        await gc();
        assert.match(mounts(), / \/run\/isol8\/ns\/uts\/half /);
        assert.equal((await isol8(['ns', 'rm', 'half'])).status, 0);
      } else {
        const found = await gc();
        assert.equal(found[0], 'namespace /run/isol8/ns/uts/half');
        assert.ok(found.some((line) => /^record \/run\/isol8\/unfinished\/\d+\.json$/.test(line)));
      }
      await gc();
      assert.doesNotMatch(mounts(), /half/);
      assert.equal(existsSync('/run/isol8'), false);
    }
  });

  it('removes half a record, and none of a process that lives', async () => {
    oldFile('/run/isol8/unfinished/4194000.json.tmp', '{');
    oldFile('/run/isol8/unfinished/4194001.json', '{');
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const pids = output('stat', '-L', '-c', '%i', '/proc/self/ns/pid');
    const intentions = [{ path: '/run/netns/busy', identity: '' }];
    const record = JSON.stringify({ pid: process.pid, started, pids, intentions });
    writeFileSync(`/run/isol8/unfinished/${process.pid}.json`, record);
    oldFile('/run/netns/busy');
    assert.deepEqual(await gc(), ['record /run/isol8/unfinished/4194000.json.tmp']);
    assert.ok(existsSync('/run/netns/busy'));
  });

  it('keeps its folders from others, whatever the umask', async () => {
    const add = [
      '-c',
      'umask 0; exec "$@"',
      'sh',
      process.execPath,
      program,
      'ns',
      'add',
      'open',
      '-k',
      'uts',
    ];
    assert.equal(spawnSync('sh', add).status, 0);
    for (const folder of ['/run/isol8', '/run/isol8/unfinished', '/run/isol8/ns', '/run/isol8/ns/uts'])
      assert.equal((statSync(folder).mode & 0o777).toString(8), '755', folder);
    assert.equal((await isol8(['ns', 'rm', 'open'])).status, 0);
    await gc();
  });

  it('says what cannot be removed, and goes on with the rest', async () => {
    const stuck = '/run/isol8/unfinished/4194002.json.tmp';
    oldFile(stuck);
    oldFile('/run/isol8/unfinished/4194003.json.tmp');
    output('mount', '--bind', stuck, stuck);
    const { status, stdout } = await isol8(['gc']);
    output('umount', stuck);
    assert.equal(status, 1);
    assert.match(stdout, /^could not remove record +\S+4194002.json.tmp +.*: remove \S+: EBUSY\.$/m);
    assert.match(stdout, /^removed record +\S+4194003.json.tmp /m);
    await gc();
    assert.equal(existsSync(stuck), false);
  });
});
