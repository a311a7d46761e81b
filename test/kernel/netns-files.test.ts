/** A named network namespace beside ip-netns(8): the same files in /etc, the same devices in /sys. */
import assert from 'node:assert/strict';
import { execFileSync, spawn as spawnChild } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { Namespace, netnsMounts, run } from '../../src/index.js';
import { isol8, type Outcome, outcomeOf } from './cli-program.js';
import { describeInOwnMounts } from './own-mounts.js';

const ETC: Readonly<Record<string, string>> = {
  hosts: '127.0.0.1 localhost\n',
  'folder/file': 'outside\n',
  'nsswitch.conf': 'hosts: files dns\n',
  'netns/blue/hosts': '127.0.0.1 localhost\n192.0.2.7 only-here\n',
  'netns/blue/resolv.conf': 'nameserver 8.8.8.8\n',
  'netns/blue/folder/other': 'inside\n',
  'netns/blue/unheard-of': '',
};

const SHOW =
  'cat /etc/hosts /etc/resolv.conf; ls /etc/folder /etc; getent ahosts only-here; ls /sys/class/net; pwd';

const ipNetnsExec = (...command: string[]): Promise<Outcome> =>
  outcomeOf(spawnChild('ip', ['netns', 'exec', 'blue', ...command], { stdio: ['ignore', 'pipe', 'pipe'] }));

describeInOwnMounts(import.meta.url, 'files of a named network namespace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'isol8-etc-'));
  before(() => {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
    for (const [name, text] of Object.entries(ETC)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    mkdirSync('/run/resolver');
    writeFileSync('/run/resolver/stub', 'nameserver 127.0.0.53\n');
    symlinkSync('../run/resolver/stub', join(folder, 'resolv.conf'));
    execFileSync('mount', ['--move', folder, '/etc']);
    execFileSync('ip', ['netns', 'add', 'blue']);
    execFileSync('ip', ['-n', 'blue', 'link', 'add', 'here', 'type', 'veth', 'peer', 'name', 'too']);
  });
  after(() => {
    execFileSync('ip', ['netns', 'delete', 'blue']);
    execFileSync('umount', ['/etc']);
    rmSync(folder, { recursive: true });
  });

  const SAME: readonly (readonly string[])[] = [['--net=blue'], ['blue']];
  for (const target of SAME) {
    it(`are shown by isol8 enter ${target} as by ip netns exec`, async () => {
      const [theirs, ours] = [
        await ipNetnsExec('sh', '-c', SHOW),
        await isol8(['enter', ...target, 'sh', '-c', SHOW]),
      ];
      assert.match(theirs.stdout, /only-here\nnameserver 8\.8\.8\.8\n.*192\.0\.2\.7.*\nhere\nlo\ntoo\n/s);
      assert.deepEqual([ours.stdout, ours.status], [theirs.stdout, theirs.status]);
      assert.match(
        ours.stderr,
        /^isol8 enter: \/etc\/netns\/blue\/unheard-of is not shown: there is no \/etc\/unheard-of$/m,
      );
      assert.match(theirs.stderr, /^Bind \/etc\/netns\/blue\/unheard-of -> \/etc\/unheard-of failed/);
    });
  }

  it('are seen by nobody else, while what is mounted outside is seen inside', async () => {
    const before = readFileSync('/proc/self/mountinfo', 'utf8');
    const { stdout } = await isol8([
      'enter',
      '--net=blue',
      'sh',
      '-c',
      'cat /proc/self/mountinfo; readlink /proc/self/ns/mnt',
    ]);
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), before);
    assert.doesNotMatch(stdout, / shared:/);
    assert.match(stdout, / - sysfs blue rw/);
    assert.ok(!stdout.includes(readlinkSync('/proc/self/ns/mnt')));
  });

  it('are shown for a name only, not for a path or with mounts that are entered', async () => {
    const show = ['cat', '/etc/hosts'];
    for (const target of [['--net=/run/netns/blue'], ['--net=blue', `--mount=/proc/${process.pid}/ns/mnt`]])
      assert.equal((await isol8(['enter', ...target, ...show])).stdout, ETC.hosts);
  });

  it('are shown by isol8 run --join, and by netnsMounts', async () => {
    const show = ['sh', '-c', 'cat /etc/resolv.conf; ls /etc/folder /sys/class/net'];
    const expected = 'nameserver 8.8.8.8\n/etc/folder:\nother\n\n/sys/class/net:\nhere\nlo\ntoo\n';
    const { stdout, stderr } = await isol8(['run', '--join', 'net=blue', '--', ...show]);
    assert.equal(stdout, expected, stderr);
    assert.match(stderr, /^isol8 run: \/etc\/netns\/blue\/unheard-of is not shown/m);
    using net = Namespace.kept('blue', 'net');
    const spec = { namespaces: { net, user: 'shared' }, mounts: netnsMounts('blue') } as const;
    assert.equal((await run(show, spec)).stdout, expected);
    assert.throws(() => netnsMounts('../etc'), { code: 'EINVAL' });
  });

  it('are explained as the commands of the shell that do it', async () => {
    const { stdout } = await isol8(['enter', '--net=blue', '--explain=sh', 'true']);
    assert.match(stdout, /mount --bind \/etc\/netns\/blue\/resolv\.conf \/etc\/resolv\.conf/);
  });
});
