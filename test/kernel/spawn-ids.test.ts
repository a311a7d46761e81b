import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import type { IdRange, RunSpec } from '../../src/index.js';
import { asUser, type Caller, describeAsRoot, isRoot, nested, SUBORDINATE, self, skip } from './caller.js';
import { program } from './cli-program.js';
import { leaveMachineAsItWas } from './machine.js';

const MAPS =
  'cat /proc/self/uid_map; echo -; cat /proc/self/gid_map; echo -; cat /proc/self/setgroups; id -u; id -g; id -G';

interface Ids {
  users: string[];
  groups: string[];
  setgroups: string;
  uid: string;
  gid: string;
  list: string;
}

/** What the kernel says inside. */
async function idsOf(caller: Caller, spec: RunSpec): Promise<Ids> {
  const [users, groups, rest] = (await caller.output(MAPS, spec)).split('-\n') as [string, string, string];
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.trim().split(/\s+/).join(' '));
  const [setgroups, uid, gid, list] = rest.trim().split('\n') as [string, string, string, string];
  return { users: lines(users), groups: lines(groups), setgroups, uid, gid, list };
}

const namespaces: NonNullable<RunSpec['namespaces']> = ['user'];
const one = (inner: number, outer: number, count = 1): IdRange => ({ inner, outer, count });

/** Fails with this field, having started nothing: the program would leave its mark in standard output of the agent. */
async function refuses(caller: Caller, spec: RunSpec, field: string, problem: RegExp): Promise<void> {
  await assert.rejects(
    caller.run(['true'], { namespaces, ...spec }),
    (error: Error & { field?: string; code?: string }) => {
      assert.equal(error.name, 'SpecError', error.message);
      assert.equal(error.field, field, error.message);
      assert.match(error.message, problem);
      return true;
    },
  );
}

describeAsRoot(import.meta.url, 'ids for root', () => {
  leaveMachineAsItWas();

  it('are by default all that it has, unchanged, in eight new namespaces', async () => {
    const own = (await self.output('cat /proc/self/uid_map', { namespaces: [] }))
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    const ids = await idsOf(self, {});
    assert.deepEqual(
      ids.users,
      own.map(([inner, , count]) => `${inner} ${inner} ${count}`),
    );
    assert.deepEqual(ids.groups, ids.users);
    assert.equal(`${ids.uid} ${ids.gid} ${ids.setgroups}`, '0 0 allow');
  });

  it('are the same with all', async () => {
    assert.deepEqual(await idsOf(self, { namespaces, mapUsers: 'all' }), await idsOf(self, { namespaces }));
  });

  it('are root alone with root, and itself alone with current', async () => {
    for (const mapUsers of ['root', 'current'] as const) {
      const { users, groups, uid, gid } = await idsOf(self, { namespaces, mapUsers });
      assert.deepEqual([users, groups, uid, gid], [['0 0 1'], ['0 0 1'], '0', '0']);
    }
  });

  it('are those of nobody with no map at all', async () => {
    const { users, groups, uid, gid } = await idsOf(self, { namespaces, mapUsers: 'none' });
    assert.deepEqual([users, groups, uid, gid], [[], [], '65534', '65534']);
  });

  it('are those of nobody in eight new namespaces too', async () => {
    assert.equal(
      await self.output('id -u; id -g; hostname', { mapUsers: 'none', hostname: 'h' }),
      '65534\n65534\nh',
    );
  });

  it('can be mapped for users alone or for groups alone', async () => {
    const users = await idsOf(self, { namespaces, mapUsers: 'root', mapGroups: 'none' });
    assert.deepEqual([users.users, users.groups, users.uid, users.gid], [['0 0 1'], [], '0', '65534']);
    const groups = await idsOf(self, { namespaces, mapUsers: 'none', mapGroups: 'root' });
    assert.deepEqual([groups.users, groups.groups, groups.uid, groups.gid], [[], ['0 0 1'], '65534', '0']);
  });

  it('come from ranges in any number up to what the kernel takes', async () => {
    for (const count of [1, 2, 5, 6, 100, 340]) {
      const ranges = Array.from({ length: count }, (_, index) => one(index * 2, index * 3));
      const { users, groups } = await idsOf(self, { namespaces, mapUsers: ranges, mapGroups: ranges });
      assert.deepEqual(
        users,
        ranges.map(({ inner, outer }) => `${inner} ${outer} 1`),
      );
      assert.deepEqual(groups, users);
    }
  });

  it('make a caller whom the ranges leave out the first who is in them', async () => {
    const mapUsers = [one(0, 1000, 10)];
    const ids = await idsOf(self, { mapUsers, mapGroups: [one(5, 2000, 10)] });
    assert.equal(`${ids.uid} ${ids.gid}`, '0 5');
    assert.equal(
      await self.output('stat -c "%u %g" /proc/self/fd/1; echo > /dev/stdout', {
        mapUsers,
        mapGroups: mapUsers,
      }),
      '0 0',
    );
  });

  it('let it become any mapped user with any mapped groups', async () => {
    const { uid, gid, list } = await idsOf(self, { uid: 1000, gid: 1001, groups: [7, 8] });
    assert.deepEqual([uid, gid, list], ['1000', '1001', '1001 7 8']);
  });

  it('leave it no groups of the caller when it becomes somebody else', async () => {
    assert.equal(await self.output('id -G', { namespaces: [], uid: 1000 }), '0');
    assert.equal(await self.output('id -G', { namespaces: [], uid: 1000, gid: 1000 }), '1000');
  });

  it('let setgroups be denied and allowed', async () => {
    const program = ['setpriv', '--groups', '1', 'true'];
    const allowed = await self.run(program, { namespaces });
    const denied = await self.run(program, { namespaces, setgroups: 'deny' });
    assert.deepEqual([allowed.exitCode, denied.exitCode], [0, 127], denied.stderr);
    assert.match(denied.stderr, /Operation not permitted/);
    assert.equal((await idsOf(self, { namespaces, setgroups: 'deny' })).setgroups, 'deny');
    assert.equal((await idsOf(self, { namespaces, setgroups: 'allow' })).setgroups, 'allow');
  });

  it('take no ambient capability of the caller to another user', { skip: nested }, () => {
    const some = '+setuid,+setgid,+sys_admin';
    const ambient = [
      '--reuid=1000',
      '--regid=1000',
      '--clear-groups',
      `--inh-caps=${some}`,
      `--ambient-caps=${some}`,
    ];
    const capabilities = (...options: string[]): string => {
      const show = ['run', '--share', 'user,net', ...options, '--', 'grep', '^CapEff', '/proc/self/status'];
      const args = [...ambient, process.execPath, program, ...show];
      const { stdout, stderr } = spawnSync('setpriv', args, { encoding: 'utf8' });
      assert.equal(stderr, '');
      return stdout.trim();
    };
    assert.match(capabilities(), /^CapEff:\s+0+2000c0$/);
    assert.match(capabilities('-u', '2000'), /^CapEff:\s+0+$/);
    assert.match(capabilities('-u', '2000', '--keep-caps'), /^CapEff:\s+0+2000c0$/);
  });

  it('are the same outside when no user namespace is made', async () => {
    assert.equal(
      await self.output('id -u; id -g; id -G', { namespaces: ['uts'], uid: 12, gid: 13, groups: [14] }),
      '12\n13\n13 14',
    );
  });

  it('are refused when the map cannot be', async () => {
    await refuses(self, { mapUsers: [one(0, 0, 2), one(1, 5)] }, 'mapUsers[1]', /overlap mapUsers\[0\]/);
    await refuses(self, { mapUsers: [one(0, 0, 2), one(5, 1)] }, 'mapUsers[1]', /overlap/);
    await refuses(
      self,
      { mapGroups: Array.from({ length: 341 }, (_, i) => one(i, i)) },
      'mapGroups',
      /341 lines; .* at most 340/,
    );
    await refuses(self, { mapUsers: [one(0, 4_294_967_290, 10)] }, 'mapUsers[0]', /beyond the highest id/);
    await refuses(self, { mapUsers: [one(-1, 0)] }, 'mapUsers[0].inner', /at least 0/);
    await refuses(self, { mapUsers: [one(0, 0, 0)] }, 'mapUsers[0].count', /at least 1/);
    await refuses(self, { mapUsers: 'subids' }, 'mapUsers', /subordinate ids/);
    await refuses(self, { mapUsers: 'auto' }, 'mapUsers', /subordinate ids/);
    await refuses(self, { mapUsers: 'sub' as 'root' }, 'mapUsers', /must be root, current, auto/);
    await refuses(self, { mapUsers: 'root', uid: 5 }, 'uid', /5 does not exist inside/);
    await refuses(self, { mapUsers: 'root', groups: [5] }, 'groups[0]', /5 does not exist inside/);
    await refuses(self, { setgroups: 'deny', groups: [0] }, 'groups', /setgroups: 'deny'/);
    await refuses(self, { namespaces: ['uts'], mapUsers: 'root' }, 'mapUsers', /new user namespace/);
  });
});

describe('ids for an ordinary user with subordinate ids', { skip }, () => {
  let user: Caller;
  let me: string;
  let sub: { start: number; count: number };
  before(async () => {
    user = asUser();
    me = await user.output('id -u', { namespaces: [] });
    sub = isRoot ? SUBORDINATE : await ownSubordinate(user, me);
  });
  after(() => user.close());

  it('are by default root for the user and from 1 on the subordinate ids', async () => {
    const { users, groups, setgroups, uid, gid } = await idsOf(user, {});
    assert.deepEqual(users, [`0 ${me} 1`, `1 ${sub.start} ${sub.count}`]);
    assert.equal(groups.length, 2);
    assert.deepEqual([uid, gid, setgroups], ['0', '0', 'allow']);
  });

  it('are the same with auto', async () => {
    assert.deepEqual(await idsOf(user, { mapUsers: 'auto' }), await idsOf(user, {}));
  });

  it('keep their numbers with subids, where the user itself is nobody', async () => {
    const { users, uid } = await idsOf(user, { mapUsers: 'subids' });
    assert.deepEqual(users, [`${sub.start} ${sub.start} ${sub.count}`]);
    assert.equal(uid, `${sub.start}`);
  });

  it('are one alone with root and with current, and setgroups is denied', async () => {
    const root = await idsOf(user, { mapUsers: 'root' });
    assert.deepEqual([root.users, root.uid, root.setgroups], [[`0 ${me} 1`], '0', 'deny']);
    const current = await idsOf(user, { mapUsers: 'current' });
    assert.deepEqual([current.users, current.uid, current.setgroups], [[`${me} ${me} 1`], me, 'deny']);
  });

  it('are those of nobody with no map at all', async () => {
    const { users, uid, gid } = await idsOf(user, { mapUsers: 'none' });
    assert.deepEqual([users, uid, gid], [[], '65534', '65534']);
  });

  it('come from ranges that mix its own with subordinate ones', async () => {
    const mapUsers = [one(0, sub.start + 5, 10), one(500, Number(me)), one(600, sub.start + 20, 5)];
    const { users, uid } = await idsOf(user, { mapUsers });
    assert.deepEqual(
      users,
      mapUsers.map(({ inner, outer, count }) => `${inner} ${outer} ${count}`),
    );
    assert.equal(uid, '500');
  });

  it('let it become others and reopen its output as such', async () => {
    const found = await user.output('id -u; id -g; id -G; echo reopened > /dev/stdout', {
      uid: 10,
      gid: 20,
      groups: [30],
    });
    assert.equal(found, '10\n20\n20 30\nreopened');
  });

  it('are refused when they are not its to map, with the reason and the remedy', async () => {
    await refuses(
      user,
      { mapUsers: [one(0, 0)] },
      'mapUsers[0]',
      /outer ids 0 are not yours to map\. Without CAP_SETUID.*\/etc\/subuid/,
    );
    await refuses(
      user,
      { mapUsers: [one(0, Number(me)), one(1, sub.start + sub.count - 1, 2)] },
      'mapUsers[1]',
      /not yours/,
    );
    await refuses(user, { mapUsers: 'all' }, 'mapUsers[0]', /not yours|not in the user namespace/);
    await refuses(
      user,
      { mapUsers: 'root', setgroups: 'allow' },
      'setgroups',
      /only after setgroups was denied/,
    );
    await refuses(user, { mapUsers: 'root', groups: [0] }, 'groups', /cannot be set/);
  });

  it('cannot be changed without a user namespace, and the error says why', async () => {
    await assert.rejects(
      user.run(['true'], { namespaces: [], uid: 0 }),
      /setresuid uid 0: EPERM .*takes CAP_SETUID/,
    );
  });
});

describe('ids for an ordinary user without subordinate ids', { skip }, () => {
  let user: Caller;
  before(() => {
    user = asUser({ subordinate: false });
  });
  after(() => user.close());

  it('are by default root for the user alone, with setgroups denied', async () => {
    const me = await user.output('id -u', { namespaces: [] });
    const { users, groups, setgroups } = await idsOf(user, {});
    assert.deepEqual([users, groups.length, setgroups], [[`0 ${me} 1`], 1, 'deny']);
  });

  it('are refused when the words need subordinate ids, with how to get some', async () => {
    const remedy = isRoot ? /gives this user none; .*usermod --add-subuids/ : /subordinate ids/;
    await refuses(user, { mapUsers: 'auto' }, 'mapUsers', remedy);
    await refuses(user, { mapUsers: 'subids' }, 'mapUsers', remedy);
  });
});

/** As the machine has it for this user; the first span suffices here. */
async function ownSubordinate(user: Caller, me: string): Promise<{ start: number; count: number }> {
  const text = await user.output('id -un; cat /etc/subuid', { namespaces: [] });
  const [name, ...lines] = text.split('\n');
  const line = lines.find((row) => row.startsWith(`${name}:`) || row.startsWith(`${me}:`));
  assert.ok(line, 'this user has no subordinate ids');
  const [, start, count] = line.split(':').map(Number) as [number, number, number];
  return { start, count };
}
