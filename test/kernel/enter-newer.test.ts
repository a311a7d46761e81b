/** What isol8 enter takes that nsenter(1) of Debian 12 does not have, or does differently from a later one. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { trySyscall } from '../../src/syscalls/binding.js';
import { skip } from './caller.js';
import { eventually, isol8, isRoot } from './cli-program.js';

/** linux/nsfs.h: NS_GET_ID, of Linux 6.18. */
const NS_GET_ID = 0x8008b70d;

/** The kernel's number of a namespace, or undefined where it has none. */
function idOf(path: string): bigint | undefined {
  const fd = openSync(path, 'r');
  const id = new BigUint64Array(1);
  const result = trySyscall('ioctl', fd, NS_GET_ID, new Uint8Array(id.buffer));
  closeSync(fd);
  return result < 0 ? undefined : id[0];
}

const noIds =
  idOf('/proc/self/ns/uts') === undefined && 'this kernel gives namespaces no ids: they need Linux 6.18';

/** Who has made the user namespace without root may not change groups in it, which nsenter does. */
const AS_I_AM = isRoot ? [] : ['--preserve-credentials'];

describe('isol8 enter as the newest nsenter', { skip }, () => {
  let target: ChildProcess;
  let pid = 0;
  const link = (kind: string, of: number | string = pid): string => readlinkSync(`/proc/${of}/ns/${kind}`);
  before(async () => {
    target = spawn('unshare', [isRoot ? '-unm' : '-runm', 'sleep', '600'], { stdio: 'ignore' });
    pid = target.pid as number;
    await eventually(() => readlinkSync(`/proc/${pid}/exe`).endsWith('sleep'), 'the target is there');
  });
  after(() => target.kill('SIGKILL'));

  it('enters a namespace by the id that the kernel gives it', { skip: noIds }, async () => {
    // Without root the user namespace comes first, as in nsenter.
    const user = isRoot ? [] : [`--user=:${idOf(`/proc/${pid}/ns/user`)}`, ...AS_I_AM];
    const id = idOf(`/proc/${pid}/ns/uts`);
    for (const option of [`-u:${id}`, `-u=:${id}`, `--uts=:${id}`]) {
      const { stdout, stderr } = await isol8(['enter', ...user, option, 'readlink', '/proc/self/ns/uts']);
      assert.equal(stdout.trim(), link('uts'), stderr);
    }
  });

  it('refuses an id that is none, or of another kind', async () => {
    const refusals: [string, RegExp][] = [
      ['--uts=:x', /--uts: failed to parse nsid: x/],
      ['--uts=:', /--uts: failed to parse nsid: $/m],
      ['--uts=:18446744073709551616', /failed to parse nsid/],
      ['--uts=:18446744073709551615', /--uts: cannot open namespace of id 18446744073709551615/],
      [`--net=:${idOf('/proc/self/ns/uts') ?? 1}`, /--net: namespace .* not net|--net: cannot open/],
    ];
    for (const [option, words] of refusals) {
      const { status, stderr } = await isol8(['enter', option, 'true']);
      assert.equal(status, 1, stderr);
      assert.match(stderr, words);
    }
  });

  it('takes what says who and where to be for nsenter, unless the first word is a pid or a kept name', async () => {
    const says = async (args: string[], stdout: string): Promise<void> => {
      const mine = await isol8(['enter', ...args]);
      assert.deepEqual([mine.stdout, mine.status], [stdout, 0], mine.stderr);
    };
    if (isRoot) {
      await says(['-S', '5', 'id', '-u'], '5\n');
      await says(['-G', '5', 'id', '-g'], '5\n');
      await says(['-w/usr', `${pid}`, 'pwd'], '/usr\n');
    }
    await says(['-F', 'echo', 'x'], 'x\n');
    await says(['--preserve-credentials', 'echo', 'x'], 'x\n');
    await says(['-w/usr', 'pwd'], '/usr\n');
    await says(['--no-fork', ...AS_I_AM, `${pid}`, 'readlink', '/proc/self/ns/uts'], `${link('uts')}\n`);
    const wrong = await isol8(['enter', 'nothing-of-that-name', 'true']);
    assert.match(wrong.stderr, /no process and no kept namespace/);
  });

  it('takes one working directory, and --wdns=DIR with its equals sign', async () => {
    for (const args of [
      ['-w/', '-W/usr', 'true'],
      ['--wdns', 'pwd'],
      ['-W', '/usr', 'pwd'],
      ['-Z', 'echo', 'x'],
    ]) {
      const mine = await isol8(['enter', ...args]);
      const other = spawnSync('nsenter', args, { encoding: 'utf8' });
      assert.deepEqual([mine.status, mine.stdout], [other.status, other.stdout], mine.stderr);
      assert.equal(mine.stderr.split('\n')[0]?.slice(13), other.stderr.split('\n')[0]?.slice(9));
    }
  });

  it("enters the parent of the target's user namespace with --user-parent alone", async () => {
    const script = 'readlink /proc/self/ns/user; exec unshare -r sleep 600';
    const nested = spawn('unshare', ['-r', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const parent = await new Promise<string>((resolve) =>
        nested.stdout.setEncoding('utf8').once('data', resolve),
      );
      await eventually(
        () => readlinkSync(`/proc/${nested.pid}/exe`).endsWith('sleep'),
        'the target is there',
      );
      const args = [
        'enter',
        '-t',
        `${nested.pid}`,
        '--user-parent',
        ...AS_I_AM,
        'readlink',
        '/proc/self/ns/user',
      ];
      const { stdout, stderr } = await isol8(args);
      assert.equal(stdout, parent, stderr);
    } finally {
      nested.kill('SIGKILL');
    }
  });

  it('has -N for --net-socket', async () => {
    const { status, stderr } = await isol8(['enter', '-t', `${pid}`, '-N', '0', 'true']);
    assert.equal(status, 1);
    assert.match(stderr, /^isol8 enter: --net-socket: descriptor 0 of process \d+ is not a socket/);
  });
});
