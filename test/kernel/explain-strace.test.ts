import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile } from '../../src/sandbox/compile/compile.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import type { SandboxSpec } from '../../src/sandbox/spec.js';
import { AT, CLONE, O, PR } from '../../src/syscalls/constants.js';
import type { Plan } from '../../src/syscalls/plan.js';
import { call, result, u32 } from '../../src/syscalls/steps.js';
import {
  ALL_MAPPED,
  blockSignals,
  exec,
  handPlan,
  hostname,
  loopback,
  mountProc,
  rootFacts,
  UTS_PID_MNT_USER,
  underInit,
} from '../sandbox/explain-plans.js';
import {
  type Call,
  cannotTrace,
  differs,
  GLOBAL,
  type Printed,
  printedCalls,
  tracePlan,
} from './explain-oracle.js';

const childRuns = ['sh', '-c', 'hostname; echo $$'];

const compiledSpecs: Record<string, { spec: SandboxSpec; output: RegExp }> = {
  'all eight namespaces': { spec: { hostname: 'children' }, output: /^children\n2\n$/ },
  'no user namespace and no PID 1': {
    spec: { namespaces: ['uts', 'pid', 'mnt'], hostname: 'children', init: false },
    output: /^children\n1\n$/,
  },
  'moved clocks': {
    spec: { hostname: 'children', timeOffsets: { boottime: '1d', monotonic: 3600 } },
    output: /^children\n2\n$/,
  },
  'mounts, limits and another user': {
    spec: {
      hostname: 'children',
      mounts: [
        { type: 'tmpfs', destination: '/mnt', size: '1m' },
        { type: 'bind', source: '/usr', destination: '/mnt/usr', readOnly: true },
        { type: 'mqueue', destination: '/mnt/queues' },
      ],
      rlimits: { nofile: 100 },
      uid: 1000,
      gid: 1000,
      umask: 0o27,
      nice: 3,
      noNewPrivileges: true,
      keepCapabilities: true,
      domainname: 'nis',
    },
    output: /^children\n2\n$/,
  },
  'a root directory': {
    spec: { root: '/', hostname: 'children', readOnlyRoot: true },
    output: /^children\n2\n$/,
  },
  'only a uts namespace': {
    spec: { namespaces: ['uts'], hostname: 'children' },
    output: /^children\n\d+\n$/,
  },
};

/** A plan as the command line would run it, with what the addon does to signals as its first step. */
function compiledPlan(spec: SandboxSpec, mode: 'inPlace' | 'attached'): { plan: Plan; planAt: number } {
  const { plan, control } = compile(parseSpec(childRuns, spec), rootFacts, { mode, descriptors: 3 });
  return { plan: { ...plan, steps: [blockSignals(), ...plan.steps] }, planAt: 2 + control.length };
}

/** Every process made exactly the calls that were printed for it, in that order. */
function assertPrintedIsRun(plan: Plan, planAt = 3): string {
  const { ran, processes } = tracePlan(plan, planAt);
  const known = new Map<string, string>();
  const [first] = processes.keys();
  for (const block of printedCalls(plan)) {
    const pid = block.name === '' ? first : known.get(GLOBAL + block.name);
    assert.ok(pid, `explain does not say which process ${block.name} is`);
    assertSameCalls(block, processes.get(pid) ?? [], { known, said: `${ran.stdout}${ran.stderr}` });
  }
  return ran.stdout;
}

function assertSameCalls(
  { name, calls }: Printed,
  ran: readonly Call[],
  { known, said }: { known: Map<string, string>; said: string },
): void {
  let at = 0;
  for (const [index, expected] of calls.entries()) {
    if (expected.call.startsWith('#')) {
      at = skipSupervision(ran, at);
      continue;
    }
    const actual = ran[at++];
    assert.ok(actual, `${name}: nothing ran for ${expected.call}\n${said}`);
    assert.equal(differs(expected, actual, known), undefined, `${name}, call ${index}\n${said}`);
    // what follows is the program's
    if (actual.call.startsWith('execve(') && actual.result === '0') return;
  }
  const more = ran[at]?.call;
  assert.equal(more?.replace(/\(.*/, '') ?? 'exit_group', 'exit_group', `${name} went on: ${more}`);
}

/** What supervise.c calls, any number of times. */
function skipSupervision(calls: readonly { call: string }[], from: number): number {
  let at = from;
  while (/^(rt_sigtimedwait|wait4|kill|munmap|getpid|write)\(/.test(calls[at]?.call ?? '')) at++;
  return at;
}

describe('explain as strace shows what the launcher runs', { skip: cannotTrace }, () => {
  it('for a plan of one process', () => {
    const plan: Plan = {
      steps: [
        call('unshare', [CLONE.NEWUTS | CLONE.NEWNS], 'leave two namespaces', { id: 'left' }),
        hostname('café "tab\t'.replace('é', 'e')),
        call('mkdirat', [AT.FDCWD, '/', 0o755], 'find a directory there', { tolerate: ['EEXIST'] }),
        call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain nothing by execve'),
        call('prctl', [PR.SET_NAME, 'ünïcode'], 'be recognised'),
        call('umask', [0o27], 'set the umask'),
        call('prlimit64', [0, 7, { words: [1024, 4096n] }, null], 'limit nofile'),
        call('setgroups', [2, u32(0, 5)], 'set groups'),
        call('rt_sigprocmask', [2, new Uint8Array(8), null, 8], 'let signals through'),
        exec(childRuns, ['PATH=/usr/bin:/bin', 'WITH=spaces and "quotes"']),
      ],
    };
    assert.match(assertPrintedIsRun(plan), /^cafe "tab\t\n\d+\n$/);
  });

  it('for a child in a new user namespace whose maps the parent writes', () => {
    const plan = handPlan({
      flags: UTS_PID_MNT_USER,
      maps: ALL_MAPPED,
      inside: [hostname('children'), ...mountProc(), exec(childRuns)],
    });
    assert.equal(assertPrintedIsRun(plan), 'children\n1\n');
  });

  it('for a program under PID 1', () => {
    const plan = handPlan({
      flags: UTS_PID_MNT_USER | CLONE.NEWNET,
      maps: { setgroups: 'deny', uid_map: '0 0 1\n', gid_map: '0 0 1\n' },
      inside: [hostname('children'), ...loopback(), ...mountProc(), ...underInit([exec(childRuns)])],
    });
    assert.equal(assertPrintedIsRun(plan), 'children\n2\n');
  });

  it('for mounts made by descriptors', () => {
    const plan: Plan = {
      steps: [
        call('unshare', [CLONE.NEWNS], 'leave the mount namespace'),
        ...mountProc().slice(0, 1),
        call('openat', [AT.FDCWD, '/', O.PATH | O.CLOEXEC, 0], 'look paths up from here', { id: 'root' }),
        call('fsopen', ['tmpfs', 1], 'make a new tmpfs', { id: 'context' }),
        call('fsconfig', [result('context'), 1, 'size', '1m', 0], 'set its size'),
        call('fsconfig', [result('context'), 6, null, null, 0], 'create it'),
        call('fsmount', [result('context'), 1, 6], 'get a mount of it', { id: 'tmpfs' }),
        call(
          'mount_setattr',
          [result('tmpfs'), '', 0x9000, { words: [1, 0, 0, 0] }, 32],
          'make it read-only',
        ),
        call('openat2', [result('root'), '/mnt', { words: [O.PATH | O.CLOEXEC, 0, 18] }, 24], 'find it', {
          id: 'at',
        }),
        call('move_mount', [result('tmpfs'), '', result('at'), '', 0x44], 'mount it'),
        call('close_range', [3, 0xffffffff, 0], 'close all'),
        exec(['sh', '-c', 'findmnt -no FSTYPE,VFS-OPTIONS /mnt']),
      ],
    };
    assert.match(assertPrintedIsRun(plan), /^tmpfs +ro,nosuid,nodev/);
  });

  for (const [title, { spec, output }] of Object.entries(compiledSpecs)) {
    for (const mode of ['inPlace', 'attached'] as const) {
      it(`for a compiled plan (${mode}): ${title}`, () => {
        const { plan, planAt } = compiledPlan(spec, mode);
        const stdout = assertPrintedIsRun(plan, planAt);
        if (mode === 'inPlace') assert.match(stdout, output);
      });
    }
  }
});
