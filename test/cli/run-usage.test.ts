/** Command lines that cannot be: each is refused with its option's name before anything is started. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isol8 } from '../kernel/cli-program.js';

const scratch = mkdtempSync(join(tmpdir(), 'isol8-usage-'));
after(() => rmSync(scratch, { recursive: true }));
const marker = join(scratch, 'it-ran');

const TRY = "Try 'isol8 run --help' for more information.\n";

/** What getopt_long(3) would refuse; with what was probably meant. */
const SPELLING: readonly [options: string[], problem: string, suggestion?: string][] = [
  [['--hostnaem', 'x'], "unrecognized option '--hostnaem'", '--hostname'],
  [['--workdri=/x'], "unrecognized option '--workdri=/x'", '--workdir'],
  [['--readonly'], "unrecognized option '--readonly'", '--read-only'],
  [['--cwd=/x'], "unrecognized option '--cwd=/x'", '--workdir'],
  [['--setuid', '5'], "unrecognized option '--setuid'", '--user'],
  [['--pid=host'], "unrecognized option '--pid=host'", '--share'],
  [['--mount-proc'], "unrecognized option '--mount-proc'"],
  [['--init'], "unrecognized option '--init'"],
  [['--cap-drop', 'ALL'], "unrecognized option '--cap-drop'"],
  [['--xyzzy'], "unrecognized option '--xyzzy'"],
  [['-Z'], "invalid option -- 'Z'"],
  [['-rZ'], "invalid option -- 'Z'"],
  [['--map-u=0'], "option '--map-u=0' is ambiguous; possibilities: '--map-users' '--map-user'"],
  [['--read-only=yes'], "option '--read-only' doesn't allow an argument"],
  [
    ['--share', 'nte'],
    "invalid argument 'nte' for '--share': choose from mnt, uts, ipc, pid, net, user, cgroup, time",
    'net',
  ],
  [
    ['--share', 'net,'],
    "invalid argument '' for '--share': choose from mnt, uts, ipc, pid, net, user, cgroup, time",
  ],
  [
    ['--propagation', 'slav'],
    "invalid argument 'slav' for '--propagation': choose from private, slave, shared, unchanged",
    'slave',
  ],
  [['--setgroups=no'], "invalid argument 'no' for '--setgroups': choose from allow, deny"],
  [['--explain=python'], "invalid argument 'python' for '--explain': choose from strace, c, sh, json"],
];

/** What each option's value, or all options together, cannot be: one line. */
const VALUES: readonly [options: string[], line: RegExp][] = [
  [['--join', 'net=blue', '--share', 'net'], /^--join: net is to be shared by --share already$/],
  [['--join', 'net=1', '--net', 'host'], /^--join: net is to be shared by --net host already$/],
  [
    ['--net', 'none', '--share', 'net'],
    /^--net: none is a new net namespace, but --share or --join gives another$/,
  ],
  [['--net', 'none', '--join', 'net=1'], /^--net: none is a new net namespace/],
  [['--net', 'web', '--no-loopback'], /^--no-loopback: is not for a network/],
  [['--join', 'net=1', '--join', 'net=2'], /^--join: net is given twice$/],
  [['--join', 'net='], /^--join: 'net=' is not KIND=TARGET/],
  [['--join', 'uts=blue'], /^--join: .*\/uts\/blue: ENOENT/],
  [['--join', 'pid=blue'], /^--join: 'blue' is neither a pid nor a path/],
  [['--join', 'net=/nowhere'], /^--join: .*\/nowhere/],
  [['--join', 'net=/etc/passwd'], /^--join: .*\/etc\/passwd/],
  [['--join', 'net=4194304'], /^--join: .*4194304/],
  [['--join', 'uts=/proc/self/ns/net'], /^--join: .*(uts|net)/],
  [['-h', 'x'.repeat(65)], /^--hostname: must be at most 64 bytes/],
  [['--share', 'uts', '-h', 'x'], /^--hostname: needs a new uts namespace, and that one is shared$/],
  [
    ['--join', 'uts=1', '--domainname', 'x'],
    /^--domainname: needs a new uts namespace, and that one is joined$/,
  ],
  [['--monotonic', 'soon'], /^--monotonic: "soon" is not a duration/],
  [['--boottime', '1m1h'], /^--boottime: "1m1h" has its units out of order/],
  [['--boottime=-1000w'], /^--boottime: /],
  [['--share', 'time', '--boottime', '1d'], /^--monotonic, --boottime: needs a new time namespace/],
  [['--map-users', '0:1'], /^--map-users: "0:1" is not inner:outer:count/],
  [['--map-users', '0:0:1', '--map-users', '0:5:1'], /^--map-users: .*(overlap|twice|0)/],
  [['--map-groups', '0:0:0'], /^--map-groups: /],
  [['--map-user', 'me'], /^--map-user: 'me' is not a whole number$/],
  [['--map-group', '-1'], /^--map-groups?: /],
  [['--share', 'user', '-r'], /^--map-users: needs a new user namespace/],
  [['--share', 'user', '--setgroups', 'deny'], /^--setgroups: needs a new user namespace/],
  [['--setgroups', 'deny', '--group-add', '5'], /^--group-add: cannot be set with setgroups/],
  [['-u', 'nobody-of-this-name'], /^--user: no user nobody-of-this-name in \/etc\/passwd$/],
  [['-u', '0:no-such-group'], /^--user: no group no-such-group in \/etc\/group$/],
  [['-R', scratch, '-u', 'blue'], /^--user: no user blue in .*isol8-usage-.*\/etc\/passwd$/],
  [['-u', '4294967295'], /^--user: must be at most/],
  [['--group-add', 'no-such-group'], /^--group-add: no group no-such-group in \/etc\/group$/],
  [['--share', 'mnt', '-R', '/'], /^--root: needs a new mnt namespace/],
  [['--share', 'mnt', '--read-only'], /^--read-only: needs a new mnt namespace/],
  [
    ['--share', 'mnt', '--tmpfs', '/x', '-v', '/a:/b'],
    /^--tmpfs \/x: needs a new mnt namespace, and that one is shared$/,
  ],
  [['--share', 'mnt', '--propagation', 'slave'], /^--propagation: needs a new mnt namespace/],
  [['-R', '/', '--propagation', 'unchanged'], /^--propagation: pivot_root needs/],
  [['-v', '/a'], /^--volume: '\/a' is not SOURCE:DIR/],
  [['-v', '/a:/b:rx'], /^--volume: '\/a:\/b:rx' is not SOURCE:DIR/],
  [['-v', '/nowhere:/b'], /^-v \/nowhere:\/b: \/nowhere cannot be found$/],
  [['--tmpfs', '/x', '--vol', '/etc:b'], /^--vol \/etc:b: must be an absolute path, not "b"$/],
  [['--tmpfs', 'foo'], /^--tmpfs foo: must be an absolute path, not "foo"$/],
  [['-v', '/etc:mnt'], /^-v \/etc:mnt: must be an absolute path, not "mnt"$/],
  [
    ['--mount', 'type=proc,target=foo'],
    /^--mount type=proc,target=foo: must be an absolute path, not "foo"$/,
  ],
  [['-v', '/etc:/a/../b'], /^-v \/etc:\/a\/\.\.\/b: must not contain \.\.$/],
  [
    ['--tmpfs', '/x:fast'],
    /^--tmpfs: there is no option 'fast'; there are size=, mode=, ro, rw, exec, noexec, /,
  ],
  [['--tmpfs', '/x:size=64m=2'], /^--tmpfs \/x:size=64m=2: must be bytes, or like 64m or 50%/],
  [['--tmpfs', '/x:mode=700=1'], /^--tmpfs: '700=1' is not an octal number$/],
  [['-e', ''], /^--env: '' has no name$/],
  [['--monotonic', ''], /^--monotonic: must not be empty$/],
  [['--mount', 'source=,target=/x'], /^--mount source=,target=\/x: must not be empty$/],
  [['-u', ''], /^--user: '' is not USER or USER:GROUP$/],
  [['-u', ':5'], /^--user: ':5' is not USER or USER:GROUP$/],
  [['-u', '0:'], /^--user: '0:' is not USER or USER:GROUP$/],
  [['--group-add', ''], /^--group-add: must not be empty$/],
  [['-r', '-u', '7'], /^--user: 7 does not exist inside: --map-users gives/],
  [['-R', '/etc/passwd'], /^--root: \/etc\/passwd is not a directory$/],
  [['-R', '/no/such'], /^--root: \/no\/such cannot be found$/],
  [['--tmpfs', '/x:ro=no'], /^--tmpfs: there is no option 'ro=no'/],
  [
    ['--share', 'ipc', '--mount', 'type=mqueue,target=/mnt'],
    /^--mount type=mqueue,target=\/mnt: mqueue shows the ipc/,
  ],
  [
    ['--share', 'net', '--mount', 'type=sysfs,target=/mnt'],
    /^--mount type=sysfs,target=\/mnt: sysfs shows the net/,
  ],
  [
    ['--share', 'pid', '--mount', 'type=proc,target=/mnt'],
    /^--mount type=proc,target=\/mnt: proc shows the pid/,
  ],
  [['--mount', 'source=/a,target=/x,readonly=yes'], /^--mount: 'readonly=yes' is neither true nor false/],
  [['--mount', 'source=/a,target=/x,ro='], /^--mount: 'ro=' is neither true nor false/],
  [['--mount', 'source="/a",target=/x'], /^--mount: 'source="\/a",target=\/x' is not CSV/],
  [['--mount', '"source=/a'], /^--mount: '"source=\/a' is not CSV/],
  [['--tmpfs', '/x:mode=9'], /^--tmpfs: '9' is not an octal number$/],
  [['--tmpfs', '/x:size=big'], /^--tmpfs \/x:size=big: .*big/],
  [['--mount', 'type=nfs,target=/x'], /^--mount type=nfs,target=\/x: must have a type of bind, tmpfs, proc/],
  [['--mount', 'target=/x'], /^--mount: 'target=\/x' has no source=/],
  [['--mount', 'type=proc'], /^--mount: 'type=proc' has no target=$/],
  [['--mount', 'type=proc,colour=red'], /^--mount: there is no 'colour'; there are type, source/],
  [['--mount', 'type=proc,target=/x,toString=1'], /^--mount: there is no 'toString'; there are type, source/],
  [['-e', '=x'], /^--env: '=x' has no name$/],
  [['--umask', '8'], /^--umask: '8' is not an octal number$/],
  [['--umask', '1000'], /^--umask: must be at most 0o777, not 0o1000$/],
  [['--nice', 'very'], /^--nice: 'very' is not a whole number$/],
  [['--nice', '20'], /^--nice: must be at most 19/],
  [['--ulimit', 'nofile=many'], /^--ulimit: 'many' is not a whole number$/],
  [['--ulimit', 'nofile=20:10'], /^--ulimit: the soft limit is above the hard one$/],
  [['--ulimit', 'nofile=-5'], /^--ulimit: must be at least 0/],
  [['--timeout', '0'], /^--timeout: must be more than nothing$/],
  [['--timeout', '5y'], /^--timeout: "5y" has the unknown unit 'y'/],
  [['--timeout', '52w'], /^--timeout: must be at most 24 days$/],
  [['--preserve-fds', '1'], /^--preserve-fds: descriptor 3 is not open$/],
  [['--preserve-fds', '251'], /^--preserve-fds: must be between 0 and 250$/],
  [['--preserve-fds', 'all'], /^--preserve-fds: 'all' is not a whole number$/],
  [['-t', '--preserve-fds', '0'], /^--preserve-fds: cannot be given with --tty/],
];

async function refused(options: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await isol8(['run', ...options, '--', 'touch', marker]);
  assert.equal(stdout, '');
  assert.equal(status, 125, stderr);
  assert.ok(!existsSync(marker), 'nothing is started');
  assert.ok(stderr.startsWith('isol8 run: '), stderr);
  return stderr.slice('isol8 run: '.length);
}

describe('isol8 run refuses', { concurrency: 2 }, () => {
  for (const [options, problem, suggestion] of SPELLING) {
    test(`${options.join(' ')}: ${problem}`, async () => {
      const hint = suggestion === undefined ? '' : `Did you mean '${suggestion}'?\n`;
      assert.equal(await refused(options), `${problem}\n${hint}${TRY}`);
    });
  }

  for (const [options, line] of VALUES) {
    test(`${options.join(' ').replaceAll(scratch, '')}, in one line: ${line}`, async () => {
      const text = await refused(options);
      assert.match(text.slice(0, -1), line);
      assert.doesNotMatch(text.slice(0, -1), /\n|undefined|\[object/);
    });
  }

  test('an option whose argument is missing', async () => {
    for (const [option, problem] of [
      ['--hostname', "option '--hostname' requires an argument"],
      ['-h', "option requires an argument -- 'h'"],
    ] as const) {
      const { status, stdout, stderr } = await isol8(['run', option]);
      assert.deepEqual(
        { status, stdout, stderr },
        { status: 125, stdout: '', stderr: `isol8 run: ${problem}\n${TRY}` },
      );
    }
  });

  test('a command with an empty name', async () => {
    const { status, stderr } = await isol8(['run', '']);
    assert.equal(status, 125);
    assert.match(stderr, /^isol8 run: command: the name of the program is empty\n$/);
  });
});

describe('isol8 takes', () => {
  test('its command behind --, as any first operand', async () => {
    for (const args of [
      ['--', 'run', '--version'],
      ['run', '--version'],
    ])
      assert.match((await isol8(args)).stdout, /^isol8 \d/);
    const { status, stderr } = await isol8(['--', 'run', '--hostnaem']);
    assert.equal(status, 125);
    assert.match(stderr, /^isol8 run: unrecognized option/);
    assert.match((await isol8(['--', 'nonsense'])).stderr, /^isol8: unknown command 'nonsense'\n/);
  });
});

describe('isol8 refuses', () => {
  test('a command that there is not, and says which one is near', async () => {
    const { status, stdout, stderr } = await isol8(['rnu', '--', 'touch', marker]);
    const hint = "Did you mean 'run'?\nTry 'isol8 --help' for more information.\n";
    assert.deepEqual([status, stdout, stderr], [125, '', `isol8: unknown command 'rnu'\n${hint}`]);
    for (const name of ['__proto__', 'constructor', 'toString']) {
      assert.match((await isol8([name])).stderr, new RegExp(`^isol8: unknown command '${name}'\n`));
    }
  });

  test('an option before the command that it does not have', async () => {
    const { status, stderr } = await isol8(['--verison']);
    const hint = "Did you mean '--version'?\nTry 'isol8 --help' for more information.\n";
    assert.deepEqual([status, stderr], [125, `isol8: unrecognized option '--verison'\n${hint}`]);
  });

  test('a shell that it has no completions for', async () => {
    for (const args of [['tcsh'], [], ['bash', 'zsh']]) {
      const { status, stdout, stderr } = await isol8(['completion', ...args]);
      assert.deepEqual([status, stdout], [125, '']);
      assert.match(stderr, /^isol8 completion: give one of bash, zsh, fish\n/);
    }
  });
});
