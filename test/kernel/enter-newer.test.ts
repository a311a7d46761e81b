/** What isol8 enter takes that nsenter(1) of Debian 12 does not have, or does differently from a later one. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
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
    const user = isRoot ? [] : [`--user=:${idOf(`/proc/${pid}/ns/user`)}`];
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

  it('has -N for --net-socket', async () => {
    const { status, stderr } = await isol8(['enter', '-t', `${pid}`, '-N', '0', 'true']);
    assert.equal(status, 1);
    assert.match(stderr, /^isol8 enter: --net-socket: descriptor 0 of process \d+ is not a socket/);
  });
});
