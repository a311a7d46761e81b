import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { runCommand } from '../../src/cli/commands/run-options.js';
import { type OptionSpec, spellings } from '../../src/cli/options.js';
import { ALL_KINDS, type NamespaceKind } from '../../src/namespaces/kinds.js';
import { describeAsRoot } from './caller.js';
import { scratch, TRIALS } from './cli-option-trials.js';
import { isol8, namespacesOf, printed, running } from './cli-program.js';
import { leaveMachineAsItWas } from './machine.js';

after(() => rmSync(scratch, { recursive: true }));

describeAsRoot(import.meta.url, 'an option of isol8 run', () => {
  leaveMachineAsItWas();
  for (const { options, script, prints, ...more } of TRIALS) {
    const told = prints instanceof RegExp ? `matches ${prints}` : JSON.stringify(prints);
    it(`has its effect: ${options.join(' ').replaceAll(scratch, '')}: ${script.replaceAll(scratch, '')} ${told}`, async () => {
      const text = (await printed(options, script, more)).replaceAll('\r', '');
      if (prints instanceof RegExp) assert.match(text, prints);
      else assert.equal(text, prints);
    });
  }

  it('leaves out none of the table', () => {
    const given = new Set(TRIALS.flatMap(({ options }) => options).map((word) => word.split('=')[0]));
    const elsewhere = [
      'share',
      'join',
      'map-auto',
      'map-subids',
      'preserve-fds',
      'no-kill-child',
      'explain',
      'show-env',
      'version',
      'help',
    ];
    const table: readonly OptionSpec[] = runCommand.options;
    const missing = table.filter((option) => !spellings(option).some((spelling) => given.has(spelling)));
    assert.deepEqual(missing.map(({ name }) => name).sort(), elsewhere.sort());
  });

  for (const kind of ALL_KINDS) {
    it(`is --share ${kind}, and the other seven namespaces are new`, async () => {
      const ours = namespacesOf('self');
      const script = ALL_KINDS.map((each) => `readlink /proc/self/ns/${each}`).join('; ');
      const inside = (await printed(['--share', kind], script)).split('\n');
      for (const [index, each] of ALL_KINDS.entries())
        assert.equal(inside[index] === ours[each], each === kind, each);
    });
  }

  it('is --share with a list, given more than once', async () => {
    const script = 'for kind in mnt uts ipc pid net user cgroup time; do readlink /proc/self/ns/$kind; done';
    const all = await printed(
      ['--share', 'mnt,uts,ipc', '--share', 'pid', '--share=net,user,cgroup,time'],
      script,
    );
    assert.deepEqual(all.split('\n'), Object.values(namespacesOf('self')));
  });

  it('is --explain, which prints the plan that would run: with a terminal of its own, beside isol8, with more descriptors', async () => {
    const explained = async (...options: string[]): Promise<string> => {
      const { status, stdout, stderr } = await isol8(['run', ...options, '--explain', '--', 'true'], {
        stdio: ['pipe', 'pipe', 'pipe', 0, 0],
      });
      assert.equal(status, 0, stderr);
      return stdout;
    };
    const alone = await explained();
    assert.doesNotMatch(alone, /TIOCSCTTY|CLONE_PARENT/);
    assert.match(await explained('--timeout', '1h'), /CLONE_PARENT/);
    assert.match(await explained('-t'), /^ *setsid\(\).*\n *ioctl\(0, TIOCSCTTY, 0\)/m);
    const closing = (text: string): number =>
      Number(/close_range\((\d+), \d+, CLOSE_RANGE_CLOEXEC/.exec(text)?.[1]);
    assert.equal(closing(await explained('--preserve-fds', '2')), closing(alone) + 2);
  });

  it('is --explain with values of variables when --show-env asks for them, and then the script runs with those', async () => {
    const options = ['--share', 'user,pid', '--clear-env', '-e', 'TOKEN=s3cret'];
    const explained = async (...more: string[]): Promise<string> =>
      (await isol8(['run', ...options, ...more, '--', 'env'])).stdout;
    for (const format of ['strace', 'sh', 'c', 'json']) {
      const hidden = await explained(`--explain=${format}`);
      assert.doesNotMatch(hidden, /s3cret/);
      if (format !== 'json') assert.match(hidden, /TOKEN/);
      if (format === 'sh' || format === 'c') assert.match(hidden, /--show-env/);
      assert.match(await explained(`--explain=${format}`, '--show-env'), /s3cret/);
    }
    const script = await explained('--explain=sh', '--show-env');
    const { stdout, stderr } = spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      env: { ...process.env, OTHER: '1' },
    });
    assert.match(stdout, /^TOKEN=s3cret$/m, stderr);
    assert.doesNotMatch(stdout, /OTHER/);
  });

  it('is --explain in each of its formats, and then nothing runs', async () => {
    const marker = join(scratch, 'it-ran');
    const formats = {
      '--explain': /^clone3?\(/m,
      '--explain=strace': /execve\(/,
      '--explain=c': /int main\(/,
      '--explain=sh': /unshare/,
      '--explain=json': /^\{/,
    };
    for (const [option, expected] of Object.entries(formats)) {
      for (const more of [[], ['-t'], ['--timeout', '1s']]) {
        const { status, stdout, stderr } = await isol8(['run', ...more, option, '--', 'touch', marker]);
        assert.deepEqual([status, stderr], [0, ''], option);
        assert.match(stdout, expected);
      }
    }
    assert.ok(!existsSync(marker));
  });

  /** Looked at from outside: in a joined mnt namespace /proc may be one that knows nothing of the program. */
  const joining = async (options: readonly string[], more = {}): Promise<Record<NamespaceKind, string>> => {
    await using program = await running(['run', ...options, '--', 'sleep', '600'], 'sleep', more);
    return namespacesOf(program.inside);
  };

  it('is --join with each kind by its pid, all eight together by paths, and a network by its name', async () => {
    await using joined = await running(['run', '-h', 'joined', '--', 'sleep', '600'], 'sleep');
    const pid = joined.inside;
    const [theirs, ours] = [namespacesOf(pid), namespacesOf('self')];
    for (const kind of ALL_KINDS) {
      // Without a user namespace in between the target's others belong to one that is not ours.
      const user = kind === 'user' ? [] : ['--share', 'user'];
      const found = await joining([...user, '--join', `${kind}=${pid}`]);
      assert.equal(found[kind], theirs[kind]);
      for (const other of ALL_KINDS)
        if (other !== kind) assert.notEqual(found[other], theirs[other], `${kind} ${other}`);
    }
    const all = ALL_KINDS.flatMap((kind) => ['--join', `${kind}=/proc/${pid}/ns/${kind}`]);
    assert.deepEqual(await joining(all), theirs);
    const names = 'mount -t tmpfs none /run && mkdir /run/netns && touch /run/netns/blue && mount --bind';
    const behind = [
      'unshare',
      '--mount',
      'sh',
      '-ec',
      `${names} /proc/${pid}/ns/net /run/netns/blue; exec "$@"`,
      'sh',
    ];
    const found = await joining(['--share', 'user', '--join', 'net=blue'], { behind });
    assert.deepEqual([found.net, found.user], [theirs.net, ours.user]);
  });
});
