import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CLONE } from '../../src/syscalls/constants.js';
import { encodePlan, encodeTemplate, forkArguments } from '../../src/syscalls/encode.js';
import { ERRNO_NAMES, errnoNumber } from '../../src/syscalls/errno.js';
import { type Argument, flattenSteps, type Step } from '../../src/syscalls/plan.js';
import { fillTemplate } from '../../src/syscalls/plan-template.js';
import { call, exitStep, result } from '../../src/syscalls/steps.js';
import { syscallNumber } from '../../src/syscalls/table.js';
import * as wire from '../../src/syscalls/wire.js';
import { Comparison } from './comparison.js';
import { type Decoded, decode } from './decode.js';
import { randomPlan } from './random-plans.js';

describe('encodePlan', () => {
  it('writes what a decoder reads back as the same plan, for every well-formed one', () => {
    fc.assert(
      fc.property(randomPlan, (plan) => new Comparison(plan, decode(encodePlan(plan, 'x64'))).run()),
      { numRuns: 1500 },
    );
  });

  it('gives each architecture its own numbers and machine, and differs in nothing else', () => {
    fc.assert(
      fc.property(randomPlan, (plan) => {
        const [x64, arm64] = [decode(encodePlan(plan, 'x64')), decode(encodePlan(plan, 'arm64'))];
        assert.equal(x64.header.machine, wire.MACHINE.x64);
        assert.equal(arm64.header.machine, wire.MACHINE.arm64);
        assert.deepEqual({ ...x64.header, machine: 0 }, { ...arm64.header, machine: 0 });
        const without = ({ steps }: Decoded): unknown => steps.map((step) => ({ ...step, call: 0 }));
        assert.deepEqual(without(x64), without(arm64));
      }),
      { numRuns: 200 },
    );
  });

  it('is the same as a template that any of its programs is added to afterwards', () => {
    fc.assert(
      fc.property(randomPlan, fc.nat(), fc.boolean(), (plan, pick, packed) => {
        const programs = flattenSteps(plan.steps).filter((step) => step.kind === 'exec');
        const program = programs[pick % Math.max(1, programs.length)];
        fc.pre(program !== undefined);
        const { candidates, env } = program;
        const argv = program.argv as string[];
        const bytesOfAll = Buffer.from(env.map((entry) => `${entry}\0`).join(''));
        const block = { count: env.length, bytes: bytesOfAll };
        const template = encodeTemplate(plan, 'x64', program);
        const bytes = fillTemplate(template, { candidates, argv, env: packed ? block : env });
        new Comparison(plan, decode(bytes)).run();
      }),
      { numRuns: 300 },
    );
  });

  it('grows with its texts, and leaves no memory of this process between them', () => {
    const long = 'é'.repeat(50_000);
    const plan = { steps: [call('chdir', [long], 'go'), exitStep(0, 'end')] };
    new Comparison(plan, decode(encodePlan(plan, 'x64'))).run();
    assert.deepEqual(encodePlan(plan, 'x64'), encodePlan(plan, 'x64'));
  });

  it('carries the words for failures, by step and by call, and the names of all errno values', () => {
    const plan = { steps: [call('setsid', [], 'lead'), exitStep(0, 'end')] };
    const { bytes, header } = decode(
      encodePlan(plan, 'arm64', {
        heads: ['first: ', 'sécond: '],
        causes: [
          { where: { step: 0 }, errno: 'EPERM', text: 'of the step' },
          { where: { call: 'exit_group' }, errno: 'EIO', text: 'of the call' },
        ],
      }),
    );
    const rows = Array.from({ length: header.failureCount as number }, (_, i) => {
      const base = (header.failuresAt as number) + i * wire.FAILURE.size;
      const [step, number, code, at, size] = [0, 4, 8, 12, 16].map((offset) =>
        bytes.readUInt32LE(base + offset),
      ) as [number, number, number, number, number];
      return [step, number, code, bytes.toString('utf8', at, at + size)];
    });
    assert.deepEqual(rows, [
      [0, 0, 0, 'first: '],
      [1, 0, 0, 'sécond: '],
      [0, 0, errnoNumber('EPERM'), 'of the step'],
      [wire.ANY_STEP, syscallNumber('exit_group', 'arm64'), errnoNumber('EIO'), 'of the call'],
    ]);
    const names = Array.from({ length: header.errnoNameCount as number }, (_, i) => {
      const at = (header.errnoNamesAt as number) + i * wire.ERRNO_NAME_SIZE;
      return bytes.toString('utf8', at, at + wire.ERRNO_NAME_SIZE).replace(/\0+$/, '');
    });
    assert.deepEqual(names, ERRNO_NAMES);
  });

  it('asks clone3 for no exit signal with CLONE_PARENT, which wants none, and for SIGCHLD otherwise', () => {
    const signal = (flags: number): unknown => {
      const [first] = forkArguments({ kind: 'fork', call: 'clone3', flags, child: [], why: '' });
      return (first as { words: readonly Argument[] }).words[4];
    };
    assert.equal(signal(0), 17);
    assert.equal(signal(CLONE.PARENT), 0);
  });
});

const end = exitStep(0, 'end');
const memory: Argument = { memory: 'm', size: 8 };
const expecting = (cell: { cell: string; at: number }): Step =>
  call('pipe2', [memory, 0], '', { expect: { equals: 0, errno: 'EIO', cell } });

/** Mistakes of a compiler: each must be found here, since the launcher would only say "damaged". */
const MALFORMED: Readonly<Record<string, readonly Step[]>> = {
  'no step at all': [],
  'a block that does not end': [call('setsid', [], '')],
  'a block that ends with a waiter': [
    call('setsid', [], '', { id: 'a' }),
    { kind: 'supervise', child: { result: 'a' }, as: 'waiter', why: '' },
  ],
  'a child without steps': [{ kind: 'fork', call: 'clone', flags: 0, child: [], why: '' }, end],
  'a child that does not end': [
    { kind: 'fork', call: 'clone', flags: 0, child: [call('setsid', [], '')], why: '' },
    end,
  ],
  'the result of no step': [call('close', [result('a')], ''), end],
  'the result of a later step': [call('close', [result('a')], ''), call('setsid', [], '', { id: 'a' }), end],
  'its own result': [call('close', [result('a')], '', { id: 'a' }), end],
  "the result of a child's step": [
    { kind: 'fork', call: 'clone', flags: 0, child: [call('setsid', [], '', { id: 'a' }), end], why: '' },
    call('close', [result('a')], ''),
    end,
  ],
  'two steps with one id': [call('setsid', [], '', { id: 'a' }), call('setsid', [], '', { id: 'a' }), end],
  'a cell that nothing writes': [call('close', [{ cell: 'm', at: 0 }], ''), end],
  'a cell beyond its memory': [
    call('pipe2', [memory, 0], ''),
    call('close', [{ cell: 'm', at: 8 }], ''),
    end,
  ],
  'a cell before its memory': [
    call('pipe2', [memory, 0], ''),
    call('close', [{ cell: 'm', at: -4 }], ''),
    end,
  ],
  'a cell across two': [call('pipe2', [memory, 0], ''), call('close', [{ cell: 'm', at: 2 }], ''), end],
  'an expected cell beyond its memory': [expecting({ cell: 'm', at: 8 }), end],
  'an expected cell that nothing writes': [expecting({ cell: 'n', at: 0 }), end],
  'one memory of two sizes': [call('pipe2', [memory, { memory: 'm', size: 16 }], ''), end],
  'seven arguments': [call('prctl', [1, 2, 3, 4, 5, 6, 7], ''), end],
  'four tolerated errno values': [
    call('setsid', [], '', { tolerate: ['EPERM', 'EIO', 'EBADF', 'EINTR'] }),
    end,
  ],
  'an errno that does not exist': [call('setsid', [], '', { tolerate: ['EWHAT'] }), end],
};

describe('encodePlan of a malformed plan', () => {
  for (const [what, steps] of Object.entries(MALFORMED)) {
    it(`throws RangeError for ${what}`, () => {
      assert.throws(() => encodePlan({ steps }, 'x64'), RangeError);
    });
  }

  it('throws RangeError for a plan that is larger than the launcher takes', () => {
    const block = new Uint8Array(wire.MAX_PLAN_SIZE);
    assert.throws(() => encodePlan({ steps: [call('write', [1, block, 1], ''), end] }, 'x64'), RangeError);
  });
});
