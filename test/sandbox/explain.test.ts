import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compile } from '../../src/sandbox/compile/compile.js';
import { EXPLAIN_FORMATS, type ExplainFormat, explainPlan } from '../../src/sandbox/explain/explain.js';
import type { ExplainedPlan, ExplainedStep } from '../../src/sandbox/explain/json.js';
import { quoteC, quoteCommand } from '../../src/sandbox/explain/quote.js';
import type { Facts } from '../../src/sandbox/facts.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import type { SandboxSpec } from '../../src/sandbox/spec.js';
import { AT, CLONE, O } from '../../src/syscalls/constants.js';
import { flattenSteps, type Plan, type Step } from '../../src/syscalls/plan.js';
import { call, result } from '../../src/syscalls/steps.js';
import { SYSCALLS } from '../../src/syscalls/table.js';
import { exec, handPlan, hostname, rootFacts } from './explain-plans.js';

const explain = (plan: Plan, format: ExplainFormat, showEnvironment = false): string =>
  explainPlan(plan, { format, architecture: 'x64', showEnvironment });

const explainSteps = (steps: readonly Step[], format: ExplainFormat = 'strace'): string =>
  explain({ steps: [...steps, exec(['true'])] }, format);

const compiled = (spec: SandboxSpec, facts: Facts = rootFacts): Plan =>
  compile(parseSpec(['id', '-u'], spec), facts, { mode: 'inPlace', descriptors: 3 }).plan;

const ordinary = {
  ...rootFacts.users,
  id: 1000,
  privileged: false,
  setfcap: false,
  subordinate: [{ start: 100000, count: 65536 }],
};
const ordinaryFacts: Facts = {
  ...rootFacts,
  capabilities: 0n,
  users: { ...ordinary, newidmap: '/usr/bin/newuidmap' },
  groups: { ...ordinary, newidmap: '/usr/bin/newgidmap' },
};

describe('explain', () => {
  it('hides the values of environment variables in every format unless they are asked for', () => {
    const plan: Plan = { steps: [exec(['true'], ['PATH=/bin', 'TOKEN=s3cret', 'EMPTY='])] };
    for (const format of EXPLAIN_FORMATS) {
      assert.doesNotMatch(explain(plan, format), /s3cret/, format);
      assert.match(explain(plan, format), /TOKEN/, format);
      assert.match(explain(plan, format, true), /TOKEN=s3cret/, format);
    }
  });

  it('ends with a newline and has no trailing blanks', () => {
    for (const format of EXPLAIN_FORMATS) {
      const text = explain(compiled({ hostname: 'children', timeOffsets: { boottime: 1 } }), format);
      assert.ok(text.endsWith('\n'));
      assert.doesNotMatch(text, /[ \t]\n/, format);
    }
  });

  it('knows the format of every argument of every system call in the table', () => {
    const calls = (Object.keys(SYSCALLS) as (keyof typeof SYSCALLS)[]).filter((name) => name !== 'execve');
    const steps = calls.map((name) =>
      call(name, [1, 1, 1, 1, 1, 1].slice(0, SYSCALLS[name].args.length), 'try'),
    );
    for (const format of EXPLAIN_FORMATS) {
      for (const step of steps) assert.match(explainSteps([step], format), /./);
    }
  });
});

describe('explain as strace', () => {
  const line = (step: Step): string => explainSteps([step]).split('\n')[0]?.split('  #')[0]?.trimEnd() ?? '';

  it('names flags and what is not known before it runs', () => {
    const path = { text: ['/proc/', { result: 'child' }, '/uid_map'], fill: '/' } as const;
    assert.equal(
      explainSteps([
        call('openat', [AT.FDCWD, path, O.WRONLY | O.CLOEXEC, 0], 'write the map', { id: 'file' }),
        call('write', [result('file'), '0 0 1\n', 6], 'write it', { expect: { equals: 6, errno: 'EIO' } }),
      ])
        .split('\n')
        .slice(0, 2)
        .map((shown) => shown.replace(/ +#/, ' #'))
        .join('\n'),
      'openat(AT_FDCWD, "/proc/<child>/uid_map", O_WRONLY|O_CLOEXEC) = <file> # write the map\n' +
        'write(<file>, "0 0 1\\n", 6) # write it; must give 6, else EIO',
    );
  });

  it('takes O_DIRECTORY from the architecture', () => {
    const plan: Plan = { steps: [call('openat', [AT.FDCWD, '/', 0o40000], 'open'), exec(['true'])] };
    assert.match(explainPlan(plan, { format: 'strace', architecture: 'arm64' }), /O_RDONLY\|O_DIRECTORY\)/);
    assert.doesNotMatch(explain(plan, 'strace'), /O_DIRECTORY/);
  });

  it('shows numbers that no flag covers', () => {
    assert.equal(line(call('unshare', [CLONE.NEWUTS | 1], 'try')), 'unshare(CLONE_NEWUTS|0x1)');
    assert.equal(line(call('umount2', ['/x', 0], 'try')), 'umount2("/x", 0)');
  });

  it('cuts long texts', () => {
    assert.match(
      line(call('write', [1, 'x'.repeat(5000), 5000], 'try')),
      /^write\(1, "x{400}"\.\.\., 5000\)$/,
    );
  });

  it('puts children below the call that makes them', () => {
    const text = explain(
      handPlan({ flags: CLONE.NEWUTS, inside: [hostname('children'), exec(['true'])] }),
      'strace',
    );
    assert.match(
      text,
      /^clone3\(.*\) = <pid of child> .*\n {2}# child \(<pid of child>\), in a new uts namespace:\n {2}prctl/m,
    );
  });
});

describe('explain as shell commands', () => {
  const sh = (spec: SandboxSpec, facts?: Facts): string => explain(compiled(spec, facts), 'sh');

  it('lets unshare map the one id of an ordinary user', () => {
    const facts = {
      ...ordinaryFacts,
      users: { ...ordinary, subordinate: [] },
      groups: { ...ordinary, subordinate: [] },
    };
    assert.match(
      sh({}, facts as Facts),
      /^unshare .*--fork --kill-child --map-user=0 --map-group=0 .*--propagation private/m,
    );
  });

  it('lets unshare map subordinate ids', () => {
    const text = sh({}, ordinaryFacts);
    assert.match(text, /--map-user=0 --map-users=100000,1,65536 --map-group=0 --map-groups=100000,1,65536/);
  });

  it('turns offsets, limits and ids into options', () => {
    const text = sh({
      timeOffsets: { boottime: '1d', monotonic: -5 },
      rlimits: { nofile: 10 },
      uid: 5,
      gid: 6,
    });
    assert.match(text, /^exec unshare .*--time .*--monotonic -5 --boottime 86400 /m);
    assert.match(text, /prlimit --pid \$\$ --nofile=10:10 /);
    assert.match(text, /setpriv --clear-groups --regid=6 --reuid=5 /);
  });

  it('joins by the path that was opened, else by what the step says, else by the descriptor', () => {
    const open = call('openat', [AT.FDCWD, '/run/netns/blue', O.CLOEXEC, 0], 'open', { id: 'blue' });
    const join = (fd: number | { result: string }, shell?: string[]): Step =>
      call('setns', [fd, CLONE.NEWNET], 'join', shell ? { shell } : {});
    assert.match(
      explainSteps([open, join({ result: 'blue' })], 'sh'),
      /^nsenter --net=\/run\/netns\/blue true$/m,
    );
    assert.match(explainSteps([join(5, ['nsenter', '--net=/a b'])], 'sh'), /^nsenter '--net=\/a b' true$/m);
    assert.match(explainSteps([join(5)], 'sh'), /^nsenter --net=\/proc\/self\/fd\/5 true$/m);
  });

  it('is taken by sh as it was meant, whatever the words are', () => {
    const word = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\0\r]/g, ''));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (words) => {
        const script = quoteCommand(['printf', '%s\\0', ...words]);
        const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
        assert.equal(stdout, words.length === 0 ? '\0' : words.map((one) => `${one}\0`).join(''));
      }),
      { numRuns: 50 },
    );
  });
});

describe('explain as C', () => {
  it('writes texts as literals that cannot end a comment, a string or a line', () => {
    assert.equal(quoteC('a"b\\c\n\x001é'), '"a\\"b\\\\c\\n\\0001\\303\\251"');
    const text = explainSteps([call('chdir', ['/*'], 'do */ this\nand that')], 'c');
    assert.match(text, /\/\* 0\. do \* \/ this and that \*\//);
  });
});

describe('explain as JSON', () => {
  const numbersOf = (steps: readonly ExplainedStep[]): number[] =>
    steps.flatMap(({ step, child }) => [step, ...numbersOf(child ?? [])]);

  it('numbers the steps as errors do, and keeps what the plan says', () => {
    const plan = compiled({ hostname: 'children' });
    const json = JSON.parse(explain(plan, 'json')) as ExplainedPlan;
    const flat = flattenSteps(plan.steps);
    assert.deepEqual(
      numbersOf(json.steps).sort((a, b) => a - b),
      flat.map((_, index) => index),
    );
    const find = (steps: readonly ExplainedStep[]): ExplainedStep | undefined =>
      steps.find(({ call }) => call?.name === 'sethostname') ??
      steps.map(({ child }) => find(child ?? [])).find((found) => found !== undefined);
    const step = find(json.steps);
    assert.equal(step?.field, 'hostname');
    assert.equal(step?.call?.number, 170);
    assert.deepEqual(step?.args, [
      { shown: '"children"', text: 'children' },
      { shown: '8', number: 8 },
    ]);
  });
});
