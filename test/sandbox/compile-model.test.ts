/** That the model of the kernel notices what it is for: without a step, or with two swapped, a plan is wrong. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile } from '../../src/sandbox/compile/compile.js';
import type { Facts } from '../../src/sandbox/facts.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import type { SandboxSpec } from '../../src/sandbox/spec.js';
import type { Step } from '../../src/syscalls/plan.js';
import type { Run } from './kernel/machine.js';
import { simulate } from './kernel-model.js';

const WHOLE = [{ inner: 0, outer: 0, count: 4_294_967_295 }];
const ids = { id: 1000, privileged: false, setfcap: false, available: WHOLE };
const subordinate = [{ start: 100_000, count: 65_536 }];

const ORDINARY: Facts = {
  architecture: 'x64',
  users: { ...ids, subordinate, newidmap: '/usr/bin/newuidmap' },
  groups: { ...ids, subordinate, newidmap: '/usr/bin/newgidmap' },
  capabilities: 0n,
  lastCapability: 40,
  clone3: true,
  environment: { PATH: '/bin' },
  nofile: undefined,
  umask: 0o77,
  hardLimits: { core: 0n },
  clocks: undefined,
  joins: [],
  sourceIsDirectory: { 0: true },
};

const CAPABLE = {
  id: 0,
  privileged: true,
  setfcap: true,
  available: WHOLE,
  subordinate: [],
  newidmap: undefined,
};
const ROOT: Facts = { ...ORDINARY, users: CAPABLE, groups: CAPABLE, capabilities: (1n << 41n) - 1n };

const RICH: SandboxSpec = {
  hostname: 'h',
  root: '/srv',
  mounts: [
    { type: 'bind', source: '/usr', destination: '/usr', readOnly: true },
    { type: 'tmpfs', destination: '/tmp' },
  ],
  timeOffsets: { boottime: '1h' },
  cwd: '/tmp',
  uid: 5,
  gid: 5,
  groups: [7],
  nice: 3,
  rlimits: { core: 0 },
  noNewPrivileges: true,
  keepCapabilities: true,
};

function runOf(spec: SandboxSpec, facts: Facts): Run {
  const parsed = parseSpec(['true'], spec);
  const options = { mode: 'attached', descriptors: 3 } as const;
  return { spec: parsed, facts, options, compiled: compile(parsed, facts, options) };
}

const withSteps = (run: Run, steps: readonly Step[]): Run => ({
  ...run,
  compiled: { ...run.compiled, plan: { ...run.compiled.plan, steps } },
});

interface Changed {
  readonly steps: readonly Step[];
  readonly step: Step;
}

/** Every plan that `change` makes of one block, with the words for what changed. */
function* changed(
  steps: readonly Step[],
  change: (block: readonly Step[], at: number) => readonly Step[],
): Generator<Changed> {
  for (const [at, step] of steps.entries()) {
    yield { steps: change(steps, at), step };
    if (step.kind !== 'fork') continue;
    for (const inner of changed(step.child, change)) {
      yield { ...inner, steps: steps.with(at, { ...step, child: inner.steps }) };
    }
  }
}

const nameOf = (step: Step): string => (step.kind === 'call' || step.kind === 'fork' ? step.call : step.kind);

function unnoticed(run: Run, change: (block: readonly Step[], at: number) => readonly Step[]): string[] {
  const found: string[] = [];
  for (const { steps, step } of changed(run.compiled.plan.steps, change)) {
    try {
      if (simulate(withSteps(run, steps)).outcome === 'runs') found.push(`${nameOf(step)}: ${step.why}`);
    } catch {
      // noticed
    }
  }
  return [...new Set(found)].sort();
}

const drop = (block: readonly Step[], at: number): readonly Step[] => block.toSpliced(at, 1);

/** What can be left out without breaking a rule: nothing that anybody depends on. */
const OPTIONAL = [
  'close: be done with gid_map',
  'close: be done with its clocks',
  'close: be done with its set-up',
  'close: be done with setgroups',
  'close: be done with the network',
  'close: be done with uid_map',
  'fsconfig: set its mode',
  'ioctl: bring up the loopback',
  'mkdirat: make the directory proc',
  'mkdirat: make the directory tmp',
  'mkdirat: make the directory usr',
  'prctl: be recognised in ps',
];

/** The second of two steps of one block, done before the first. */
function reversed(
  steps: readonly Step[],
  [first, second]: readonly [string, string],
): readonly Step[] | undefined {
  const at = (wanted: string): number =>
    steps.findIndex((step) => `${nameOf(step)}: ${step.why}`.startsWith(wanted));
  const [from, to] = [at(second), at(first)];
  if (from > to && to >= 0) {
    const moved = steps[from] as Step;
    return steps.toSpliced(from, 1).toSpliced(to, 0, moved);
  }
  for (const [index, step] of steps.entries()) {
    const child = step.kind === 'fork' && reversed(step.child, [first, second]);
    if (child) return steps.with(index, { ...step, child });
  }
  return undefined;
}

/** What comes before what within one process. */
const ORDERS: readonly (readonly [string, string])[] = [
  ['write: set uid_map', 'write: let the child go on'],
  ['write: set gid_map', 'write: let the child go on'],
  ['close: leave the write end', 'read: wait until'],
  ['write: move its clocks', 'clone: start a child'],
  ['unshare: have children in a new time', 'write: move its clocks'],
  ['prctl: die when the parent does', 'ppoll: see that the parent'],
  ['mount: keep mounts made here', 'move_mount: make it a mount point'],
  ['open_tree: bind /usr', 'move_mount: make it a mount point'],
  ['mount_setattr: make it read-only', 'move_mount: mount it on /usr'],
  ['move_mount: mount it on /usr', 'move_mount: mount it on /tmp'],
  ['move_mount: mount it on /tmp', 'pivot_root: make it /'],
  ['fchdir: stand in the new root', 'pivot_root: make it /'],
  ['pivot_root: make it /', 'umount2: let go'],
  ['umount2: let go', 'chdir: be inside'],
  ['pivot_root: make it /', 'vfork: start the program'],
  ['close_range: close all that the set-up opened', 'chdir: start in the working directory'],
  ['setgroups: set supplementary groups', 'setresuid: be uid'],
  ['setresgid: be gid', 'setresuid: be uid'],
  ['prctl: keep capabilities', 'setresuid: be uid'],
  ['capset: make the capabilities inheritable', 'prctl: keep it across execve'],
  ['close_range: close the rest by execve', 'rt_sigprocmask: let signals through'],
  ['prctl: keep the program from tracing', 'vfork: start the program'],
  ['vfork: start the program', 'capset: keep nothing but'],
  ['vfork: start the program', 'seccomp: allow what PID 1 needs'],
  ['vfork: start the program', 'write: tell the caller that the program runs'],
  ['prctl: never gain privilege again', 'seccomp: allow what PID 1 needs'],
];

describe('the model of the kernel', () => {
  const { uid: _uid, gid: _gid, groups: _groups, ...oneId } = RICH;
  for (const [who, facts, spec] of [
    ['root', ROOT, RICH],
    ['an ordinary user with subordinate ids', ORDINARY, RICH],
    ['an ordinary user with one id', ORDINARY, { ...oneId, mapUsers: 'root' }],
  ] as const) {
    it(`notices every step that a plan for ${who} lacks, but for those that nothing depends on`, () => {
      const run = runOf(spec, facts);
      assert.equal(simulate(run).outcome, 'runs');
      const found = unnoticed(run, drop);
      assert.deepEqual(
        found.filter((step) => !OPTIONAL.includes(step)),
        [],
      );
    });
  }

  it('notices when two steps are done in the wrong order', () => {
    const run = runOf(RICH, ROOT);
    const wrong = ORDERS.filter((order) => {
      const steps = reversed(run.compiled.plan.steps, order);
      assert.ok(steps, `the plan has not ${order.join(' … ')}`);
      try {
        return simulate(withSteps(run, steps)).outcome === 'runs';
      } catch {
        return false;
      }
    });
    assert.deepEqual(wrong, []);
  });
});
