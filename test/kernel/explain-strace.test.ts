import assert from 'node:assert/strict';
import { closeSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { SandboxSpec } from '../../src/sandbox/spec.js';
import { prepareTerminal } from '../../src/sandbox/stdio.js';
import { AT, CLONE, O, PR } from '../../src/syscalls/constants.js';
import type { Plan } from '../../src/syscalls/plan.js';
import { call, result, u32 } from '../../src/syscalls/steps.js';
import {
  CALLER_MAPPED,
  exec,
  handPlan,
  hostname,
  loopback,
  mountProc,
  UTS_PID_MNT_USER,
  underInit,
} from '../sandbox/explain-plans.js';
import { isRoot } from './caller.js';
import { compiledPlan, MODES } from './explain-compared.js';
import {
  type Call,
  cannotTrace,
  differs,
  GLOBAL,
  type Printed,
  printedCalls,
  tracePlan,
} from './explain-oracle.js';

/** Without privilege only the owner of a new user namespace makes others. */
const NEW_USER = isRoot ? 0 : CLONE.NEWUSER;
const childRuns = ['sh', '-c', 'hostname; echo $$'];

/** newuidmap(1) has no privilege under an ordinary user's strace. */
const mapping: SandboxSpec = isRoot ? {} : { mapUsers: 'root' };
const CHILD = /^children\n2\n$/;

const compiledSpecs: Record<string, { spec: SandboxSpec; output: RegExp }> = {
  'all eight namespaces': { spec: { hostname: 'children' }, output: CHILD },
  'no PID 1': { spec: { hostname: 'children', init: false }, output: /^children\n1\n$/ },
  'moved clocks': {
    spec: { hostname: 'children', timeOffsets: { boottime: '1d', monotonic: 3600 } },
    output: CHILD,
  },
  'mounts and limits': {
    spec: {
      hostname: 'children',
      mounts: [
        { type: 'tmpfs', destination: '/mnt', size: '1m' },
        { type: 'bind', source: '/usr', destination: '/mnt/usr', readOnly: true },
        { type: 'mqueue', destination: '/mnt/queues' },
      ],
      rlimits: { nofile: 100 },
      umask: 0o27,
      nice: 3,
      noNewPrivileges: true,
      domainname: 'nis',
    },
    output: CHILD,
  },
  'a root directory': { spec: { root: '/', hostname: 'children', readOnlyRoot: true }, output: CHILD },
  'a few namespaces': {
    spec: { namespaces: ['user', 'uts'], hostname: 'children' },
    output: /^children\n\d+\n$/,
  },
};

const rootSpecs: typeof compiledSpecs = {
  'another user with capabilities': {
    spec: { hostname: 'children', uid: 1000, gid: 1000, groups: [5], keepCapabilities: true },
    output: CHILD,
  },
  'only a uts namespace': {
    spec: { namespaces: ['uts'], hostname: 'children' },
    output: /^children\n\d+\n$/,
  },
};

/** Every process made exactly the calls that were printed for it, in that order. */
function assertPrintedIsRun(plan: Plan, planAt = 3, terminal?: number): string {
  const { ran, processes } = tracePlan(plan, planAt, terminal);
  const known = new Map<string, string>();
  const left = new Map(processes);
  for (const block of printedCalls(plan)) {
    const told = block.name === '' ? [...left.keys()][0] : known.get(GLOBAL + block.name);
    assert.ok(told, `explain does not say which process ${block.name} is`);
    // Of a child of one that it sees nothing of, strace says only which pid it has inside.
    const pid = left.has(told) || isRoot ? told : ([...left.keys()][0] as string);
    assertSameCalls(block, left.get(pid) ?? [], { known, said: `${ran.stdout}${ran.stderr}` });
    left.delete(pid);
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
    const printed = isUnseen(actual) ? withAddresses(expected) : expected;
    assert.equal(differs(printed, actual, known), undefined, `${name}, call ${index}\n${said}`);
    // what follows is the program's
    if (actual.call.startsWith('execve(') && actual.result === '0') return;
  }
  const more = ran[at]?.call;
  assert.equal(more?.replace(/\(.*/, '') ?? 'exit_group', 'exit_group', `${name} went on: ${more}`);
}

/** Without root strace sees no memory of a process that may not be traced, as PID 1 before it is confined. */
const isUnseen = ({ call }: Call): boolean => !isRoot && /\b0x[0-9a-f]{9,}/.test(call);

const withAddresses = ({ call, result }: Call): Call => ({
  call: call.replace(/\{[^{}]*\}|"(?:[^"\\]|\\.)*"(?:\.\.\.)?|\[[^\]]*\]/g, '<address>'),
  result,
});

/** What supervise.c calls, any number of times. */
function skipSupervision(calls: readonly { call: string }[], from: number): number {
  let at = from;
  while (
    /^(rt_sigtimedwait|wait4|kill|munmap|getpid|getpgid|ioctl|ppoll|sendto)\(/.test(calls[at]?.call ?? '')
  )
    at++;
  return at;
}

describe('explain as strace shows what the launcher runs', { skip: cannotTrace }, () => {
  it('for a plan of one process', () => {
    const plan: Plan = {
      steps: [
        call('unshare', [NEW_USER | CLONE.NEWUTS | CLONE.NEWNS], 'leave some namespaces', { id: 'left' }),
        hostname('café "tab\t'.replace('é', 'e')),
        call('mkdirat', [AT.FDCWD, '/', 0o755], 'find a directory there', { tolerate: ['EEXIST'] }),
        call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain nothing by execve'),
        call('prctl', [PR.SET_NAME, 'ünïcode'], 'be recognised'),
        call('umask', [0o27], 'set the umask'),
        call('prlimit64', [0, 7, { words: [1024, 4096n] }, null], 'limit nofile'),
        call('setgroups', [2, u32(0, 5)], 'set groups', isRoot ? {} : { tolerate: ['EPERM'] }),
        call('rt_sigprocmask', [2, new Uint8Array(8), null, 8], 'let signals through'),
        exec(childRuns, ['PATH=/usr/bin:/bin', 'WITH=spaces and "quotes"']),
      ],
    };
    assert.match(assertPrintedIsRun(plan), /^cafe "tab\t\n\d+\n$/);
  });

  it('for a child in a new user namespace whose maps the parent writes', () => {
    const plan = handPlan({
      flags: UTS_PID_MNT_USER,
      maps: CALLER_MAPPED,
      inside: [hostname('children'), ...mountProc(), exec(childRuns)],
    });
    assert.equal(assertPrintedIsRun(plan), 'children\n1\n');
  });

  it('for a program under PID 1', () => {
    const plan = handPlan({
      flags: UTS_PID_MNT_USER | CLONE.NEWNET,
      maps: CALLER_MAPPED,
      inside: [hostname('children'), ...loopback(), ...mountProc(), ...underInit([exec(childRuns)])],
    });
    assert.equal(assertPrintedIsRun(plan), 'children\n2\n');
  });

  it('for mounts made by descriptors', () => {
    const plan: Plan = {
      steps: [
        call('unshare', [NEW_USER | CLONE.NEWNS], 'leave the mount namespace'),
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

  for (const [title, options] of Object.entries({
    'of its own': { mode: 'attached', descriptors: 3, terminal: 'new' },
    "of the caller's": { mode: 'inPlace', descriptors: 3, terminal: 'caller' },
  } as const)) {
    it(`for a compiled plan of a program with a terminal ${title}`, () => {
      const { sources, master } = prepareTerminal({ columns: 80, rows: 24 });
      const [terminal] = sources as [number];
      try {
        const { plan, planAt } = compiledPlan(['test', '-t', '0'], mapping, options);
        assertPrintedIsRun(plan, planAt, terminal);
      } finally {
        for (const descriptor of [terminal, master as number]) closeSync(descriptor);
      }
    });
  }

  for (const [title, { spec, output }] of Object.entries({
    ...compiledSpecs,
    ...(isRoot ? rootSpecs : {}),
  })) {
    for (const mode of MODES) {
      it(`for a compiled plan (${mode}): ${title}`, () => {
        const { plan, planAt } = compiledPlan(childRuns, { ...mapping, ...spec }, mode);
        const stdout = assertPrintedIsRun(plan, planAt);
        if (mode === 'inPlace') assert.match(stdout, output);
      });
    }
  }
});
