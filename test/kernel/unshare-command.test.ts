/** isol8 unshare beside unshare(1) of util-linux: the same command lines must give the same. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { skip } from './caller.js';
import { isol8, isRoot, type Outcome, outcomeOf, start } from './cli-program.js';
import { lsns } from './lsns.js';

const theirs = (args: readonly string[]): Promise<Outcome> =>
  outcomeOf(spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] }));

const program = [process.execPath, new URL('../../dist/cli/main.js', import.meta.url).pathname];

/** An ordinary user needs a user namespace for everything else. */
const mapped = isRoot ? [] : ['-r'];
const look = 'id -u; id -g; cat /proc/self/uid_map /proc/self/setgroups; hostname';

const ALIKE: readonly (readonly string[])[] = [
  ['-r', 'sh', '-c', look],
  ['--map-root-user', '--uts', 'sh', '-c', 'hostname box; hostname'],
  ['-c', 'sh', '-c', look],
  ['-U', 'sh', '-c', look],
  ['--map-user=5', '--map-group=6', 'sh', '-c', look],
  ['--map-user', '5', 'id', '-u'],
  [...mapped, '-pf', '--mount-proc', 'sh', '-c', 'echo $$; set -- /proc/[0-9]*; echo $#'],
  [...mapped, '-p', '-f', 'sh', '-c', 'echo $$'],
  [...mapped, '-fp', '--kill-child', 'sh', '-c', 'echo $$; exit 3'],
  [...mapped, '-m', 'sh', '-c', 'cut -d" " -f7 /proc/self/mountinfo | sort -u'],
  [
    ...mapped,
    '--mount',
    '--propagation=slave',
    'sh',
    '-c',
    'cut -d" " -f7 /proc/self/mountinfo | grep -c shared',
  ],
  [...mapped, '-mR', '/usr', 'pwd'],
  [...mapped, '-w', '/usr', 'pwd'],
  [...mapped, '-mR', '/', '-w', '/usr', 'pwd'],
  [...mapped, '-nC', 'sh', '-c', 'cat /proc/net/dev | wc -l; cat /proc/self/cgroup | tail -1'],
  [...mapped, '-iT', '--boottime', '100000', '-f', 'cat', '/proc/self/timens_offsets'],
  [...mapped, '--monotonic=50', '--time', '--fork', 'cat', '/proc/self/timens_offsets'],
  [...mapped, '-f', 'sh', '-c', 'kill -15 $$'],
  [...mapped, '-r', '--keep-caps', 'grep', 'CapAmb', '/proc/self/status'],
  ['-r', '-S', '0', '-G', '0', 'id', '-u'],
  ['--', 'echo', '-u'],
  ['echo', '--help'],
  ['true'],
];

/** What fails: the same status, and the same first line but for the name. */
const FAILS: readonly (readonly string[])[] = [
  ['/nonexistent/program'],
  [''],
  ['nonexistent-program'],
  ['/etc/passwd'],
  [...mapped, '-R', '/nonexistent', 'true'],
  [...mapped, '-w', '/nonexistent', 'true'],
  ['--nonsense'],
  ['-Y'],
  ['--propagation'],
  ...(isRoot
    ? []
    : [
        ['-m', 'true'],
        ['-n', 'true'],
      ]),
];

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').replace(/^(isol8 )?unshare: /, '');

describe('isol8 unshare and unshare', { skip }, () => {
  for (const args of ALIKE) {
    it(`agree: ${args.join(' ')}`, async () => {
      const [mine, other] = await Promise.all([isol8(['unshare', ...args]), theirs(args)]);
      assert.deepEqual({ ...mine, stderr: '' }, { ...other, stderr: '' }, mine.stderr + other.stderr);
    });
  }

  for (const args of FAILS) {
    it(`fail alike: ${args.join(' ')}`, async () => {
      const [mine, other] = await Promise.all([isol8(['unshare', ...args]), theirs(args)]);
      assert.deepEqual([mine.status, mine.stdout], [other.status, other.stdout]);
      assert.equal(firstLine(mine.stderr), firstLine(other.stderr));
    });
  }
});

describe('isol8 unshare', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'isol8-unshare-'));
  after(() => rmSync(folder, { recursive: true }));

  it('keeps the pid', async () => {
    const child = start(['unshare', ...mapped, '-u', 'sh', '-c', 'echo $$']);
    const { pid } = child;
    assert.equal((await outcomeOf(child)).stdout, `${pid}\n`);
  });

  it('maps blocks around the present id, in any number, and all', async () => {
    const map = async (...args: string[]): Promise<string[]> => {
      const { stdout, stderr } = await isol8(['unshare', ...args, 'cat', '/proc/self/uid_map']);
      assert.equal(stderr, '');
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().replace(/ +/g, ':'));
    };
    if (!isRoot) return assert.deepEqual(await map('-r'), [`0:${process.getuid?.()}:1`]);
    assert.deepEqual(await map('--map-users', '0:1000:5', '--map-users', '10:2000:1'), [
      '0:1000:5',
      '10:2000:1',
    ]);
    assert.deepEqual(await map('--map-users=1000,0,5'), ['0:1000:5']);
    assert.deepEqual(await map('--map-user=2', '--map-users=0:1000:5'), ['2:0:1', '0:1000:2', '3:1002:2']);
    assert.match((await map('--map-users=all'))[0] as string, /^0:0:/);
  });

  it('keeps namespaces without a process, the pid one too', async () => {
    const script = [
      `mount -t tmpfs none ${folder} && cd ${folder} && touch uts pid net`,
      `"$@" unshare --uts=uts --net=net hostname kept`,
      `nsenter --uts=uts hostname`,
      `"$@" unshare --pid=pid --fork true`,
      'grep -c " nsfs " /proc/self/mountinfo',
      `"$@" enter --uts=${folder}/uts hostname`,
    ].join('\n');
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-ec', script, 'sh', ...program], {
      encoding: 'utf8',
    });
    assert.equal(stdout, 'kept\n3\nkept\n', stderr);
  });

  it('passes SIGTERM on with --forward-signals, and keeps it to itself without', async () => {
    const trap = 'trap "echo got; exit 5" TERM; echo up; while :; do sleep 0.05; done';
    for (const [flags, status] of [
      [['--forward-signals'], 5],
      [['--fork', '--kill-child'], null],
    ] as const) {
      const child = start(['unshare', ...mapped, ...flags, 'sh', '-c', trap]);
      const ended = outcomeOf(child);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      child.kill('SIGTERM');
      await sleep(200);
      if (status === null) {
        assert.equal(child.exitCode, null, 'it waits');
        child.kill('SIGKILL');
      }
      assert.equal((await ended).status, status);
    }
  });

  it('clears the environment but for what is listed', async () => {
    const env = { ...process.env, KEEP: 'me', DROP: 'me' };
    for (const clear of [['--clear-env'], []]) {
      const { stdout } = await isol8(['unshare', ...mapped, ...clear, '--whitelist-env', 'KEEP', 'env'], {
        env,
      });
      assert.equal(stdout, 'KEEP=me\n');
    }
    assert.equal((await isol8(['unshare', ...mapped, '--clear-env', 'env'], { env })).stdout, '');
  });

  it('brings a user namespace and a /proc for binfmt_misc', async () => {
    const explain = async (...args: string[]): Promise<string> =>
      (await isol8(['unshare', ...args, '--explain', 'true'])).stdout;
    for (const args of [['--mount-binfmt'], ['-l', ':x:M::x::/bin/sh:']]) {
      const plan = await explain(...args);
      assert.match(plan, /^unshare\(CLONE_NEWNS\|CLONE_NEWUSER\)/m);
      assert.match(
        plan,
        /^mount\("proc", "\/proc"[\s\S]*^mount\("binfmt_misc", "\/proc\/sys\/fs\/binfmt_misc"/m,
      );
    }
    assert.doesNotMatch(await explain('--mount-binfmt=/mnt'), /"proc"/);
  });

  it('passes on the descriptors that it was given, with their numbers, and none of its own', () => {
    const open = '3</etc/passwd 7</etc/group 9</etc/passwd 20</etc/hostname';
    const list = 'for fd in /proc/self/fd/*; do echo "$fd $(readlink $fd)"; done';
    const listed = (...command: string[]): string[] => {
      const args = ['-c', `"$@" ${open}`, 'bash', ...command, 'bash', '-c', list];
      const { stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8' });
      assert.equal(stderr, '');
      return stdout.split('\n').filter((line) => / \/etc\//.test(line) || / anon_inode/.test(line));
    };
    const mine = [process.execPath, new URL('../../dist/cli/main.js', import.meta.url).pathname];
    const expected = listed('unshare', ...mapped);
    assert.equal(expected.length, 4);
    assert.deepEqual(listed(...mine, 'unshare', ...mapped), expected);
    assert.deepEqual(listed(...mine, 'unshare', ...mapped, '--uts', '--fork', '--kill-child'), expected);
    assert.deepEqual(listed(...mine, 'unshare', '-r', ...mine, 'enter', '-w/usr', '--'), expected);
  });

  it('ends by the signal that has ended its child, and refuses what cannot be', async () => {
    assert.equal((await isol8(['unshare', ...mapped, '-f', 'sh', '-c', 'kill -9 $$'])).signal, 'SIGKILL');
    const refusals: [string[], RegExp][] = [
      [['--boottime', '5', 'true'], /require unsharing of a time namespace \(-T\)/],
      [['--map', 'true'], /'--map' is ambiguous/],
      [['--pid=/tmp/x', 'true'], /needs --fork/],
      [['-r', '--setgroups', 'allow', 'true'], /mutually exclusive/],
      [['--map-users', '0:1:0', 'true'], /--map-users/],
      [['--kill-child=SIGNONE', 'true'], /--kill-child/],
      [['--owner', '1', 'true'], /--owner: '1' is not UID:GID/],
      [['-S', '-1', 'true'], /--setuid: failed to parse/],
      [['--map-user=nosuch', 'true'], /unshare: --map-user: no user nosuch in/],
      [['--map-group=nosuch', 'true'], /unshare: --map-group: no group nosuch in/],
      [['--map-user=4294967296', 'true'], /unshare: --map-user: failed to parse '4294967296'/],
      [['--map-group=4294967295', 'true'], /unshare: --map-group: /],
      [['-r', '-S', '4294967295', 'true'], /unshare: --setuid: /],
    ];
    for (const [args, words] of refusals) {
      const { status, stderr } = await isol8(['unshare', ...args]);
      assert.equal(status, 1, args.join(' '));
      assert.match(stderr, words);
    }
  });

  it('takes the names of signals that unshare takes, and numbers, but not 0', async () => {
    const names = [
      'KILL',
      'sigterm',
      'RTMIN+3',
      'RT3',
      'RTMAX-1',
      'CLD',
      'POLL',
      'IOT',
      'RTMIN+99',
      'EMT',
      '0',
      '',
    ];
    for (const name of names) {
      const args = [...mapped, `--kill-child=${name}`, 'true'];
      const [mine, other] = await Promise.all([isol8(['unshare', ...args]), theirs(args)]);
      assert.equal(mine.status, other.status, `${name}: ${mine.stderr}`);
    }
    const { stdout } = await isol8(['unshare', ...mapped, '--kill-child=RTMIN+3', '--explain', 'true']);
    assert.match(stdout, /^ *prctl\(PR_SET_PDEATHSIG, 0x25\)/m);
    assert.equal((await isol8(['unshare', ...mapped, '--kill-child=9', 'true'])).status, 0);
  });

  it('prints its system calls with --explain', async () => {
    const { stdout } = await isol8(['unshare', '-u', '--explain', 'true']);
    assert.match(stdout, /^unshare\(CLONE_NEWUTS\)/m);
  });
});

if (isRoot) {
  describe('isol8 unshare as root', { skip }, () => {
    it('gives a user namespace to its owner', async () => {
      const args = ['unshare', '--owner', '1000:1000', '--map-users', '0:1000:1', '--map-groups', '0:1000:1'];
      const child = start([...args, 'sh', '-c', 'cat /proc/self/uid_map; exec sleep 60']);
      const ended = outcomeOf(child);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      const owner = lsns('-t', 'user', '-n', '-r', '-o', 'UID,PID');
      assert.match(owner, new RegExp(`^1000 ${child.pid}$`, 'm'));
      child.kill('SIGKILL');
      assert.match((await ended).stdout, /^\s+0\s+1000\s+1$/m);
    });

    it('keeps namespaces whose ids are mapped from outside', () => {
      const script = [
        'mount -t tmpfs none /mnt && cd /mnt && touch user uts',
        `"$@" unshare --map-users=0:1000:5 --map-groups=0:1000:5 -S 0 -G 0 --user=user --uts=uts hostname kept`,
        'nsenter --user=user --uts=uts sh -c "hostname; cat /proc/self/uid_map"',
      ].join('\n');
      const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-ec', script, 'sh', ...program], {
        encoding: 'utf8',
      });
      assert.match(stdout, /^kept\n +0 +1000 +5\n$/, stderr);
    });

    it('registers an interpreter, where the kernel has binfmt_misc for user namespaces', async () => {
      const line = ':isol8test:M::\\x7fISOL::/bin/sh:';
      const args = ['unshare', '-rpf', '-l', line, 'cat', '/proc/sys/fs/binfmt_misc/isol8test'];
      const { stdout, stderr } = await isol8(args);
      assert.match(stdout + stderr, /enabled|mount .*binfmt_misc failed: /);
    });
  });
}
