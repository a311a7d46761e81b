import assert from 'node:assert/strict';
import { spawn as spawnChild, spawnSync } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import {
  type NamespaceChoice,
  type NamespaceKind,
  type Process,
  run,
  type SpawnSpec,
  spawn,
} from '../../src/index.js';
import { ALL_KINDS } from '../../src/namespaces/kinds.js';
import { describeAsRoot, isRoot, nested, skip } from './caller.js';
import { readProc, until } from './lifecycle-census.js';
import { leaveMachineAsItWas } from './machine.js';

type Inodes = Record<NamespaceKind, string>;
type Choices = Record<NamespaceKind, 'new' | 'shared' | 'joined'>;
type Namespaces = { [kind in NamespaceKind]?: NamespaceChoice };

const each = <Value>(value: (kind: NamespaceKind) => Value): Record<NamespaceKind, Value> =>
  Object.fromEntries(ALL_KINDS.map((kind) => [kind, value(kind)])) as Record<NamespaceKind, Value>;

const inodesOf = (pid: number | 'self'): Inodes => each((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));

/** The namespaces of a program, as the kernel shows them from outside. */
async function inodesWith(spec: SpawnSpec): Promise<Inodes> {
  await using child = await spawn(['sleep', '60'], { stdio: 'ignore', ...spec });
  return inodesOf(child.pid);
}

describeAsRoot(import.meta.url, 'namespaces of a program', () => {
  let target: Process;
  let own: Inodes;
  let theirs: Inodes;

  before(async () => {
    target = await spawn(['sleep', '600'], { stdio: 'ignore', hostname: 'target' });
    own = inodesOf('self');
    theirs = inodesOf(target.pid);
  });
  after(async () => {
    await target?.[Symbol.asyncDispose]();
  });
  leaveMachineAsItWas();

  function check(found: Inodes, choices: Choices): void {
    const words = each((kind) =>
      found[kind] === own[kind] ? 'shared' : found[kind] === theirs[kind] ? 'joined' : 'new',
    );
    assert.deepEqual(words, choices);
  }

  for (const kind of ALL_KINDS) {
    it(`gives it a new ${kind} namespace and no other`, async () => {
      check(
        await inodesWith({ namespaces: [kind] }),
        each((other) => (other === kind ? 'new' : 'shared')),
      );
    });
    it(`shares the ${kind} namespace and no other`, async () => {
      const namespaces = { [kind]: 'shared' } as Namespaces;
      check(
        await inodesWith({ namespaces }),
        each((other) => (other === kind ? 'shared' : 'new')),
      );
    });
    const shared = each<NamespaceChoice>(() => 'shared');
    const alone = each((other) => (other === kind ? 'joined' : 'shared'));
    it(`joins the ${kind} namespace of a process given by its pid`, async () => {
      check(await inodesWith({ namespaces: { ...shared, [kind]: target.pid } }), alone);
      check(await inodesWith({ namespaces: { ...shared, [kind]: { pid: target.pid } } }), alone);
    });
    it(`joins the ${kind} namespace of a process that was spawned`, async () => {
      check(await inodesWith({ namespaces: { ...shared, [kind]: target } }), alone);
    });
    it(`joins the ${kind} namespace that a path leads to`, async () => {
      check(await inodesWith({ namespaces: { ...shared, [kind]: `/proc/${target.pid}/ns/${kind}` } }), alone);
    });
    it(`joins the ${kind} namespace of a descriptor`, async () => {
      const fd = openSync(`/proc/${target.pid}/ns/${kind}`, 'r');
      check(await inodesWith({ namespaces: { ...shared, [kind]: { fd } } }), alone);
      closeSync(fd);
    });
  }

  it('are all new when nothing is said, and when all is said', async () => {
    check(
      await inodesWith({}),
      each(() => 'new'),
    );
    check(
      await inodesWith({ namespaces: 'all' }),
      each(() => 'new'),
    );
    check(
      await inodesWith({ namespaces: {} }),
      each(() => 'new'),
    );
  });

  it('are all shared with an empty list', async () => {
    check(
      await inodesWith({ namespaces: [] }),
      each(() => 'shared'),
    );
  });

  it('are all joined, the user namespace with those that it owns', async () => {
    check(
      await inodesWith({ namespaces: each(() => target.pid) }),
      each(() => 'joined'),
    );
  });

  it('are new or shared in each of the 256 combinations', async () => {
    const combinations = Array.from({ length: 256 }, (_, bits) =>
      ALL_KINDS.filter((_kind, index) => (bits >> index) & 1),
    );
    for (const kinds of combinations) {
      const init = kinds.includes('pid') && kinds.length % 2 === 0;
      const found = await inodesWith({ namespaces: kinds, init });
      check(
        found,
        each((kind) => (kinds.includes(kind) ? 'new' : 'shared')),
      );
    }
  });

  it('are new, shared or joined in any mixture of two kinds', async () => {
    const rows = mixtures();
    const pairs = new Set(
      rows.flatMap((row) => ALL_KINDS.flatMap((a) => ALL_KINDS.map((b) => [a, row[a], b, row[b]].join()))),
    );
    assert.equal(pairs.size, 8 * 7 * 9 + 8 * 3, 'the sample misses a pair');
    for (const row of rows) {
      const namespaces = each<NamespaceChoice>((kind) => (row[kind] === 'joined' ? target.pid : row[kind]));
      await inodesWith({ namespaces }).then(
        (found) => check(found, row),
        (error) => assert.fail(`${JSON.stringify(row)}: ${error.message}`),
      );
    }
  });

  it('count as shared when the namespace to join is the own one', async () => {
    check(
      await inodesWith({ namespaces: each(() => process.pid) }),
      each(() => 'shared'),
    );
  });

  it('can be entered by nsenter afterwards, which sees the same', async () => {
    const { stdout } = spawnSync(
      'nsenter',
      ['--target', `${target.pid}`, '--all', 'readlink', '/proc/self/ns/net'],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(stdout.trim(), theirs.net);
  });

  it('can be those that unshare(1) made', async () => {
    const script = 'readlink /proc/self/ns/net; exec "$@"';
    const node = [process.execPath, '--import', 'tsx', '-e', JOIN_OWN_PARENT];
    const { stdout, stderr } = spawnSync('unshare', ['--net', 'sh', '-c', script, 'sh', ...node], {
      encoding: 'utf8',
      cwd: new URL('../..', import.meta.url).pathname,
    });
    const [made, joined] = stdout.trim().split('\n');
    assert.equal(joined, made, stderr);
  });

  describe('joined with a new user namespace', () => {
    const shared = each<NamespaceChoice>(() => 'shared');

    it('show the processes of the joined pid namespace in a new /proc', async () => {
      const namespaces: Namespaces = { ...shared, user: 'new', mnt: 'new', pid: target.pid };
      const { stdout } = await run(['cat', '/proc/1/comm'], { namespaces });
      assert.equal(stdout, 'isol8-init\n');
    });

    it('show them in a mount of proc elsewhere too', async () => {
      const namespaces: Namespaces = { ...shared, user: 'new', mnt: 'new', pid: target.pid };
      const { stdout } = await run(['cat', '/mnt/1/comm'], {
        namespaces,
        mounts: [{ type: 'proc', destination: '/mnt' }],
      });
      assert.equal(stdout, 'isol8-init\n');
    });

    it('show the queues of the joined ipc namespace in a new mqueue', async () => {
      await run(['touch', '/mnt/letters'], {
        namespaces: { ...shared, mnt: 'new', ipc: target.pid },
        mounts: [{ type: 'mqueue', destination: '/mnt' }],
      });
      const { stdout, stderr } = await run(['ls', '/mnt'], {
        namespaces: { ...shared, user: 'new', mnt: 'new', ipc: target.pid },
        mounts: [{ type: 'mqueue', destination: '/mnt' }],
      });
      assert.equal(stdout, 'letters\n', stderr);
    });
  });

  describe('joined with their user namespace', () => {
    it('make the program root in there, with all capabilities', async () => {
      const { stdout } = await run(['sh', '-c', 'id -u; id -g; grep CapEff /proc/self/status; hostname'], {
        namespaces: each(() => target.pid),
      });
      assert.match(stdout, /^0\n0\nCapEff:\s+0*1f+\ntarget\n$/);
    });

    it('leave nobody in there as root of the machine, whose ids they do not know', {
      skip: nested,
    }, async () => {
      const asUser = ['setpriv', '--reuid=1000', '--regid=1000', '--clear-groups'];
      const without = spawnChild(asUser[0] as string, [
        ...asUser.slice(1),
        ...['unshare', '--user', '--map-current-user', 'sleep', '60'],
      ]);
      const pid = without.pid as number;
      try {
        await until(() => readProc(`${pid}/uid_map`).trim() === '1000       1000          1', 'it is mapped');
        const namespaces: Namespaces = { ...each(() => 'shared'), user: pid };
        await assert.rejects(run(['true'], { namespaces }), {
          code: 'EINVAL',
          message: /^setresgid its root: EINVAL .*be root in there.* Choose ids that it maps\.$/,
        });
        await assert.rejects(run(['true'], { namespaces, uid: 1000 }), /be root in there/);
        const script = 'id -u; id -G; grep -E "^(Uid|Gid|Groups)" /proc/self/status';
        const { stdout } = await run(['sh', '-c', script], { namespaces, uid: 1000, gid: 1000 });
        assert.match(stdout, /^1000\n1000( 65534)*\nUid:(\t1000){4}\nGid:(\t1000){4}\nGroups:\t *\n$/);
      } finally {
        without.kill('SIGKILL');
      }
    });

    it('let it open its output by name, whoever it is outside', async () => {
      const mapUsers = [{ inner: 0, outer: 1000, count: 10 }];
      await using other = await spawn(['sleep', '60'], { stdio: 'ignore', mapUsers, mapGroups: mapUsers });
      const script = 'cat /proc/self/uid_map | tr -s " "; echo again > /dev/stdout';
      const { stdout, stderr } = await run(['sh', '-c', script], { namespaces: each(() => other.pid) });
      assert.equal(stdout, ' 0 1000 10\nagain\n', stderr);
    });

    it('let it make more namespaces that the user namespace then owns', async () => {
      const namespaces: Namespaces = { ...each(() => 'shared'), user: target.pid, uts: 'new', net: 'new' };
      const { stdout } = await run(['sh', '-c', 'hostname; cat /sys/class/net/lo/flags 2>/dev/null; true'], {
        namespaces,
        hostname: 'inner',
      });
      assert.match(stdout, /^inner\n/);
    });

    it('can be mixed with namespaces that another user namespace owns', async () => {
      await using other = await spawn(['sleep', '60'], { stdio: 'ignore', hostname: 'other' });
      const namespaces: Namespaces = { ...each(() => target.pid), uts: other.pid, net: other.pid };
      const found = await inodesWith({ namespaces });
      assert.deepEqual(found, { ...theirs, uts: inodesOf(other.pid).uts, net: inodesOf(other.pid).net });
    });

    it('can be mixed with namespaces that a nested user namespace owns', async () => {
      const spec = { namespaces: { ...each(() => target.pid), user: target.pid, net: 'new' } as Namespaces };
      await using nested = await spawn(['unshare', '--user', '--net', 'sleep', '60'], {
        stdio: 'ignore',
        ...spec,
      });
      const isNested = (): boolean => readlinkSync(`/proc/${nested.pid}/ns/user`) !== theirs.user;
      await until(isNested, 'unshare is in a new user namespace');
      const found = await inodesWith({ namespaces: { ...each(() => target.pid), net: nested.pid } });
      assert.deepEqual(found, { ...theirs, net: inodesOf(nested.pid).net });
    });
  });

  it('can be joined together with an own time namespace whose clocks are moved', async () => {
    const namespaces: Namespaces = { ...each(() => target.pid), user: 'shared', time: 'new' };
    await using child = await spawn(['sleep', '60'], {
      stdio: 'ignore',
      namespaces,
      timeOffsets: { boottime: 86_400 },
    });
    const found = inodesOf(child.pid);
    assert.deepEqual({ ...found, time: '' }, { ...theirs, user: own.user, time: '' });
    const { stdout } = await run(['cat', '/proc/uptime'], { namespaces: each(() => child.pid) });
    assert.ok(Number(stdout.split('.')[0]) >= 86_400, stdout);
  });

  it('can be joined together with a new user and time namespace whose clocks are moved', async () => {
    const namespaces: Namespaces = { ...each(() => target.pid), user: 'new', time: 'new' };
    const { stdout } = await run(['cat', '/proc/uptime'], { namespaces, timeOffsets: { boottime: 86_400 } });
    assert.ok(Number(stdout.split('.')[0]) >= 86_400, stdout);
  });
});

describe('namespaces of an ordinary user', { skip }, () => {
  it('are joined through the user namespace that owns them or one above', () => {
    const node = [process.execPath, '--import', import.meta.resolve('tsx'), '-e', JOIN_NESTED];
    const user = isRoot ? ['setpriv', '--reuid', '4242', '--regid', '4242', '--clear-groups', ...node] : node;
    const [program, ...args] = user as [string, ...string[]];
    const { stdout, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      cwd: new URL('../..', import.meta.url).pathname,
    });
    assert.equal(stdout, 'target, nested net: true\n', stderr);
  });
});

const JOIN_NESTED = `
  import('./src/index.js').then(async ({ run, spawn }) => {
    const { readlinkSync } = await import('node:fs');
    const kinds = 'mnt uts ipc pid net user cgroup time'.split(' ');
    const target = await spawn(['sleep', '60'], { stdio: 'ignore', hostname: 'target' });
    const all = (pid) => Object.fromEntries(kinds.map((kind) => [kind, pid]));
    const nested = await spawn(['unshare', '--user', '--map-root-user', '--net', 'sleep', '60'], { stdio: 'ignore', namespaces: all(target.pid) });
    const inode = (pid) => readlinkSync('/proc/' + pid + '/ns/net');
    while (inode(nested.pid) === inode(target.pid)) await new Promise((done) => setTimeout(done, 2));
    const namespaces = { ...all(target.pid), net: nested.pid };
    const { stdout } = await run(['sh', '-c', 'hostname; readlink /proc/self/ns/net'], { namespaces });
    const [name, net] = stdout.split('\\n');
    console.log(name + ', nested net: ' + (net === inode(nested.pid)));
    process.exit(0);
  }).catch((error) => { console.error(error); process.exit(1); });`;

const JOIN_OWN_PARENT = `
  import('./src/index.js').then(async ({ run }) => {
    const namespaces = { ...Object.fromEntries('mnt uts ipc pid user cgroup time'.split(' ').map((k) => [k, 'shared'])) };
    const { stdout } = await run(['readlink', '/proc/self/ns/net'], { namespaces: { ...namespaces, net: process.pid } });
    process.stdout.write(stdout);
  });`;

/** A fixed random sample of the 6561, large enough to hold every pair of choices for every pair of kinds. */
function mixtures(): Choices[] {
  let seed = 1;
  const next = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  const words = ['new', 'shared', 'joined'] as const;
  return Array.from({ length: 150 }, () => each(() => words[next() % 3] as (typeof words)[number]));
}
