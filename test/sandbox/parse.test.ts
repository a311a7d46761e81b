import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpecError } from '../../src/foundation/errors.js';
import { ALL_KINDS } from '../../src/namespaces/kinds.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import { checkSignal, parseProcessSpec, type SpawnSpec } from '../../src/sandbox/process-spec.js';
import type { SandboxSpec } from '../../src/sandbox/spec.js';

const parse = (spec: unknown, command: unknown = ['true']) =>
  parseSpec(command as string[], spec as SandboxSpec);

function refuses(spec: unknown, field: string, problem: RegExp, command?: unknown): void {
  assert.throws(
    () => (command === undefined ? parse(spec) : parse(spec, command)),
    (error) => {
      assert.ok(error instanceof SpecError, String(error));
      assert.equal(error.field, field, error.message);
      assert.match(error.message, problem);
      assert.ok(error.message.startsWith(`${field}: `), error.message);
      return true;
    },
  );
}

function fieldOf(spec: unknown): string {
  try {
    parse(spec);
    return 'accepted';
  } catch (error) {
    return error instanceof SpecError ? error.field : String(error);
  }
}

/** An object and all that are in it. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

it('a checked spec has nothing in it that its caller could change', () => {
  const range = (): object => ({ inner: 0, outer: 0, count: 1 });
  const spec = {
    namespaces: { net: { fd: 3 }, uts: { pid: 1 } },
    ...{ mapUsers: [range()], mapGroups: [range()], groups: [1], env: { A: 'b' } },
    mounts: [{ type: 'tmpfs', destination: '/mnt' }],
    timeOffsets: { monotonic: { seconds: 1, nanoseconds: 0 } },
    rlimits: { nofile: { soft: 1, hard: 2 } },
  };
  const own = { tty: { columns: 1, rows: 1 }, timeout: { seconds: 1, nanoseconds: 0 } };
  const streams = { stdio: ['pipe', { fd: 3 }] as const };
  const command = ['true'];
  const given = new Set(objectsIn([spec, own, streams, command]));
  const checked = [parse(spec, command), parseProcessSpec(own).process, parseProcessSpec(streams).process];
  assert.deepEqual(
    objectsIn(checked).filter((each) => given.has(each)),
    [],
  );
});

describe('a spec', () => {
  it('has all namespaces new and the defaults that go with them when it is empty', () => {
    const parsed = parse({});
    assert.deepEqual(
      Object.values(parsed.namespaces),
      ALL_KINDS.map(() => 'new'),
    );
    const { proc, init, loopback, propagation, mapUsers, mapGroups, dieWithParent, mounts } = parsed;
    assert.deepEqual(
      { proc, init, loopback, propagation, mapUsers, mapGroups, dieWithParent, mounts },
      {
        proc: true,
        init: true,
        loopback: true,
        propagation: 'private',
        mapUsers: 'default',
        mapGroups: 'default',
        dieWithParent: true,
        mounts: [],
      },
    );
  });

  it('takes namespaces as a word, as a list and as a record', () => {
    assert.deepEqual(parse({ namespaces: 'all' }).namespaces, parse({}).namespaces);
    assert.equal(parse({ namespaces: ['uts'] }).namespaces.uts, 'new');
    assert.equal(parse({ namespaces: ['uts'] }).namespaces.net, 'shared');
    const record = parse({
      namespaces: { net: 'shared', uts: '/run/ns', ipc: 7, pid: { pid: 8 }, user: { fd: 9 } },
    }).namespaces;
    assert.deepEqual(record, {
      mnt: 'new',
      uts: { path: '/run/ns' },
      ipc: { pid: 7 },
      pid: { pid: 8 },
      net: 'shared',
      user: { fd: 9 },
      cgroup: 'new',
      time: 'new',
    });
  });

  it('has no proc, init or loopback of its own where the namespaces for them are not new', () => {
    const { proc, init, loopback } = parse({ namespaces: [] });
    assert.deepEqual({ proc, init, loopback }, { proc: false, init: false, loopback: false });
    assert.equal(parse({ namespaces: { pid: 7 } }).proc, true);
    assert.equal(parse({ namespaces: { pid: 7 } }).init, false);
    assert.equal(parse({ namespaces: { pid: 'shared' } }).proc, false);
  });

  it('has the word for users go for groups too, but not the ranges', () => {
    assert.equal(parse({ mapUsers: 'root' }).mapGroups, 'root');
    assert.equal(parse({ mapUsers: [] }).mapGroups, 'default');
    assert.equal(parse({ mapUsers: 'root', mapGroups: 'none' }).mapGroups, 'none');
  });

  it('has mount points made plain', () => {
    const mounts = [{ type: 'tmpfs', destination: '//a/./b///' }];
    assert.equal(parse({ mounts }).mounts[0]?.destination, '/a/b');
  });

  it('has limits as numbers of 64 bits', () => {
    const { rlimits } = parse({ rlimits: { core: 0, cpu: 'unlimited', nofile: { soft: 1, hard: 2 } } });
    assert.deepEqual(rlimits, [
      { name: 'cpu', soft: 2n ** 64n - 1n, hard: 2n ** 64n - 1n },
      { name: 'core', soft: 0n, hard: 0n },
      { name: 'nofile', soft: 1n, hard: 2n },
    ]);
  });

  it('is not changed by being parsed', () => {
    const freeze = <Value extends object>(value: Value): Value => {
      for (const member of Object.values(value)) if (typeof member === 'object' && member) freeze(member);
      return Object.freeze(value);
    };
    parse(
      freeze({
        namespaces: ['mnt', 'time', 'user'],
        mounts: [{ type: 'tmpfs', destination: '/x/' }],
        mapUsers: [{ inner: 0, outer: 0, count: 1 }],
        timeOffsets: { boottime: '1h' },
      }),
    );
  });
});

describe('a spec is refused, with the field named,', () => {
  it('for a command that is none', () => {
    for (const command of [[], [''], 'ls', null, {}]) refuses({}, 'command', /must|program/, command);
    refuses({}, 'command[1]', /must be a string/, ['ls', 1]);
    refuses({}, 'command[1]', /NUL/, ['ls', 'a\0b']);
  });

  it('for a field that there is not', () => {
    refuses({ hostnam: 'x' }, 'hostnam', /no such field/);
    refuses({ namespaces: { nett: 'new' } }, 'namespaces.nett', /no such field/);
    refuses({ mounts: [{ type: 'tmpfs', destination: '/x', sise: 1 }] }, 'mounts[0].sise', /no such field/);
    refuses(
      { mounts: [{ type: 'proc', destination: '/x', source: '/y' }] },
      'mounts[0].source',
      /no such field/,
    );
    refuses({ timeOffsets: { realtime: 1 } }, 'timeOffsets.realtime', /no such field/);
    refuses({ rlimits: { files: 1 } }, 'rlimits.files', /no such field/);
    refuses({ mapUsers: [{ inner: 0, outer: 0, count: 1, size: 2 }] }, 'mapUsers[0].size', /no such field/);
  });

  it('for a value of another type or out of range', () => {
    const cases: [unknown, string][] = [
      [{ hostname: 1 }, 'hostname'],
      [{ hostname: 'ü'.repeat(33) }, 'hostname'],
      [{ hostname: 'a\0' }, 'hostname'],
      [{ namespaces: 'some' }, 'namespaces'],
      [{ namespaces: ['mnt', 'foo'] }, 'namespaces[1]'],
      [{ namespaces: { net: '' } }, 'namespaces.net'],
      [{ namespaces: { net: 'blue' } }, 'namespaces.net'],
      [{ namespaces: { net: 0 } }, 'namespaces.net'],
      [{ namespaces: { net: 1.5 } }, 'namespaces.net'],
      [{ namespaces: { net: { fd: -1 } } }, 'namespaces.net.fd'],
      [{ namespaces: { net: null } }, 'namespaces.net'],
      [{ mapUsers: [{ inner: 0, outer: 0 }] }, 'mapUsers[0].count'],
      [{ mapUsers: [{ inner: 0, outer: 2 ** 32, count: 1 }] }, 'mapUsers[0].outer'],
      [{ setgroups: true }, 'setgroups'],
      [{ root: '' }, 'root'],
      [{ readOnlyRoot: 1 }, 'readOnlyRoot'],
      [{ mounts: {} }, 'mounts'],
      [{ mounts: [{ type: 'ext4', destination: '/x' }] }, 'mounts[0].type'],
      [{ mounts: [{ type: 'bind', destination: '/x' }] }, 'mounts[0].source'],
      [{ mounts: [{ type: 'tmpfs', destination: 'x' }] }, 'mounts[0].destination'],
      [{ mounts: [{ type: 'tmpfs', destination: '/x', size: 0 }] }, 'mounts[0].size'],
      [{ mounts: [{ type: 'tmpfs', destination: '/x', size: '12q' }] }, 'mounts[0].size'],
      [{ mounts: [{ type: 'tmpfs', destination: '/x', mode: 0o10000 }] }, 'mounts[0].mode'],
      [{ mounts: [{ type: 'tmpfs', destination: '/x/../y' }] }, 'mounts[0].destination'],
      [{ mounts: [{ type: 'tmpfs', destination: '/' }] }, 'mounts[0].destination'],
      [{ propagation: 'rshared' }, 'propagation'],
      [{ timeOffsets: { boottime: Number.NaN } }, 'timeOffsets.boottime'],
      [{ timeOffsets: { boottime: '1 week' } }, 'timeOffsets.boottime'],
      [{ timeOffsets: { monotonic: { seconds: 1, nanoseconds: -1 } } }, 'timeOffsets.monotonic'],
      [{ cwd: '' }, 'cwd'],
      [{ env: { 'A=B': 'x' } }, 'env.A=B'],
      [{ env: { A: 1 } }, 'env.A'],
      [{ env: [] }, 'env'],
      [{ uid: -1 }, 'uid'],
      [{ uid: 2 ** 32 - 1 }, 'uid'],
      [{ gid: '0' }, 'gid'],
      [{ groups: [1, -1] }, 'groups[1]'],
      [{ groups: Array.from({ length: 65_537 }, () => 1) }, 'groups'],
      [{ umask: 0o1000 }, 'umask'],
      [{ nice: 20 }, 'nice'],
      [{ nice: -21 }, 'nice'],
      [{ rlimits: { nofile: -1 } }, 'rlimits.nofile'],
      [{ rlimits: { nofile: 'infinity' } }, 'rlimits.nofile'],
      [{ rlimits: { nofile: { soft: 2, hard: 1 } } }, 'rlimits.nofile'],
      [{ rlimits: { nofile: { soft: 2 } } }, 'rlimits.nofile.hard'],
      [{ noNewPrivileges: 'yes' }, 'noNewPrivileges'],
      [{ dieWithParent: null }, 'dieWithParent'],
    ];
    const wrong = cases
      .map(([spec, field]) => [fieldOf(spec), field])
      .filter(([found, field]) => found !== field);
    assert.deepEqual(wrong, []);
    refuses(null, 'spec', /./);
    refuses(7, 'spec', /./);
  });

  it('for fields that need a namespace which is not new', () => {
    const cases: [string, SandboxSpec, string][] = [
      ['uts', { hostname: 'x' }, 'hostname'],
      ['uts', { domainname: 'x' }, 'domainname'],
      ['user', { mapUsers: 'root' }, 'mapUsers'],
      ['user', { mapGroups: 'root' }, 'mapGroups'],
      ['user', { setgroups: 'deny' }, 'setgroups'],
      ['mnt', { root: '/' }, 'root'],
      ['mnt', { readOnlyRoot: true }, 'readOnlyRoot'],
      ['mnt', { mounts: [{ type: 'tmpfs', destination: '/mnt' }] }, 'mounts'],
      ['mnt', { proc: true }, 'proc'],
      ['mnt', { propagation: 'slave' }, 'propagation'],
      ['net', { loopback: true }, 'loopback'],
      ['time', { timeOffsets: { boottime: 1 } }, 'timeOffsets'],
      ['pid', { init: true }, 'init'],
    ];
    for (const [kind, spec, field] of cases) {
      const other = new RegExp(`needs a new ${kind} namespace, and that one is shared`);
      refuses({ namespaces: { [kind]: 'shared' }, ...spec }, field, other);
      refuses({ namespaces: ALL_KINDS.filter((name) => name !== kind), ...spec }, field, other);
      refuses({ namespaces: { [kind]: 1 }, ...spec }, field, /and that one is joined/);
      assert.doesNotThrow(() => parse(spec));
    }
    assert.doesNotThrow(() =>
      parse({ namespaces: [], proc: false, init: false, loopback: false, readOnlyRoot: false, mounts: [] }),
    );
  });

  it('for fields that contradict each other', () => {
    refuses({ root: '/x', propagation: 'unchanged' }, 'propagation', /pivot_root needs/);
    refuses({ groups: [1], setgroups: 'deny' }, 'groups', /setgroups: 'deny'/);
    assert.doesNotThrow(() => parse({ propagation: 'unchanged' }));
  });

  it('for what concerns the process', () => {
    const cases: [object, string][] = [
      [{ stdio: 'null' }, 'stdio'],
      [{ stdio: ['pipe', -1] }, 'stdio[1]'],
      [{ stdio: ['pipe', 'none'] }, 'stdio[1]'],
      [{ stdio: ['pipe', { fd: 1.5 }] }, 'stdio[1].fd'],
      [{ tty: { columns: 0, rows: 1 } }, 'tty.columns'],
      [{ tty: true, stdio: 'pipe' }, 'stdio'],
      [{ timeout: 0 }, 'timeout'],
      [{ timeout: '25d' }, 'timeout'],
      [{ timeout: 'soon' }, 'timeout'],
      [{ killSignal: 'SIGNONE' }, 'killSignal'],
      [{ killSignal: 65 }, 'killSignal'],
      [{ killSignal: 0 }, 'killSignal'],
    ];
    for (const [spec, field] of cases) {
      assert.throws(
        () => parseProcessSpec(spec),
        (error: SpecError) => {
          assert.equal(error.field, field, error.message);
          return error instanceof SpecError;
        },
      );
    }
    assert.throws(() => checkSignal({} as AbortSignal), { name: 'SpecError', field: 'signal' });
  });
});

it('a descriptor of a program, and its terminal, are refused in words', () => {
  for (const [spec, message] of [
    [
      { stdio: ['pipe', 'pipe', 'pipe', 'pip'] },
      "stdio[3]: must be 'pipe', 'inherit', 'ignore' or a descriptor, not \"pip\"",
    ],
    [{ stdio: [{ fd: -1 }] }, 'stdio[0].fd: must be at least 0, not -1'],
    [{ tty: { columns: 0, rows: 24 } }, 'tty.columns: must be at least 1, not 0'],
    [{ timeout: { seconds: '1', nanoseconds: 0 } }, 'timeout.seconds: must be a number, not "1"'],
  ] as const)
    assert.throws(() => parseProcessSpec(spec as unknown as SpawnSpec), { message });
});
