import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { launcherPath } from '../../src/syscalls/addon.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { PR } from '../../src/syscalls/constants.js';
import { encodePlan } from '../../src/syscalls/encode.js';
import type { Step } from '../../src/syscalls/plan.js';
import { call, exitStep } from '../../src/syscalls/steps.js';
import { HEADER, MAX_PLAN_SIZE, RELOCATION, STEP } from '../../src/syscalls/wire.js';
import { withFolder } from './compiled.js';
import { seedPlans } from './seeds.js';

const DAMAGED = 'isol8: the plan is damaged, or made by another version or for another processor\n';
const ABSENT = 'isol8: there is no plan to run\n';
const launcher = launcherPath() as string;

/** Runs the launcher with a descriptor of the path as its descriptor 3. */
function start(path: string, args: readonly string[] = ['3']): { status: number | null; said: string } {
  const fd = openSync(path, 'r');
  try {
    const { status, stderr } = spawnSync(launcher, args, {
      stdio: ['ignore', 'ignore', 'pipe', fd],
      encoding: 'utf8',
      timeout: 100_000,
    });
    return { status, said: stderr };
  } finally {
    closeSync(fd);
  }
}

/** What the launcher says to these bytes; a signal shows as a status of null. */
function tell(bytes: Uint8Array): { status: number | null; said: string } {
  return withFolder((folder) => {
    const path = join(folder, 'plan');
    writeFileSync(path, bytes);
    return start(path);
  });
}

const plans = seedPlans(currentArchitecture());
const tiny = encodePlan({ steps: [exitStep(7, 'end')] }, currentArchitecture());

function withU32(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

describe('the launcher itself', () => {
  it('runs a plan that is whole', () => {
    assert.deepEqual(tell(tiny), { status: 7, said: '' });
  });

  it('refuses bytes at random with 125 and a sentence', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 9000 }), (bytes) => {
        assert.deepEqual(tell(bytes), { status: 125, said: DAMAGED });
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a plan that was cut off anywhere, or that something follows', () => {
    for (const plan of plans.slice(0, 4)) {
      for (const part of [0.01, 0.2, 0.5, 0.9, 0.999]) {
        const bytes = plan.subarray(0, Math.max(1, Math.floor(plan.length * part)));
        assert.deepEqual(tell(bytes), { status: 125, said: DAMAGED });
      }
      assert.deepEqual(tell(Buffer.concat([plan, Buffer.alloc(8)])), { status: 125, said: DAMAGED });
    }
  });

  it('refuses a plan for another processor or version', () => {
    const other = currentArchitecture() === 'x64' ? 'arm64' : 'x64';
    for (const plan of seedPlans(other)) assert.deepEqual(tell(plan), { status: 125, said: DAMAGED });
    const { magic, version } = HEADER.fields as { magic: { at: number }; version: { at: number } };
    for (const at of [magic.at, version.at]) {
      assert.deepEqual(tell(withU32(tiny, at, 0x01020304)), { status: 125, said: DAMAGED });
    }
  });

  it('refuses every field of the header, of a step and of a relocation that leads outside', () => {
    const plan = encodePlan(
      { steps: [{ kind: 'exec', candidates: ['/nowhere'], argv: ['x'], env: [], why: 'fail' }] },
      currentArchitecture(),
    );
    assert.equal(tell(plan).status, 127);
    const [header, step] = [HEADER.fields, STEP.fields] as unknown as Record<string, { at: number }>[];
    const relocationsAt = new DataView(plan.buffer, plan.byteOffset).getUint32(
      header?.relocationsAt?.at ?? 0,
      true,
    );
    const places = [
      ...[
        'size',
        'stepCount',
        'relocationCount',
        'relocationsAt',
        'resultsAt',
        'failureCount',
        'failuresAt',
      ].map((name) => header?.[name]?.at),
      ...['errnoNameCount', 'errnoNamesAt'].map((name) => header?.[name]?.at),
      ...['firstRelocation', 'relocationCount', 'expect'].map(
        (name) => HEADER.size + (step?.[name]?.at ?? 0),
      ),
      HEADER.size + (step?.args?.at ?? 0), // the candidates
      HEADER.size + (step?.args?.at ?? 0) + 24, // how many
      ...Object.values(RELOCATION.fields).map(({ at }) => relocationsAt + at),
    ];
    for (const at of places) {
      for (const value of [0x7fffffff, 0xffffffff, MAX_PLAN_SIZE]) {
        const told = tell(withU32(plan, at as number, value));
        assert.deepEqual(told, { status: 125, said: DAMAGED }, `${value} at ${at}`);
      }
    }
  });

  it('waits for no child that is none, to whose number signals would be passed on', () => {
    const steps: Step[] = [
      call('prctl', [PR.SET_DUMPABLE, 1], 'have a result of 0', { id: 'none' }),
      { kind: 'supervise', child: { result: 'none' }, as: 'init', why: 'wait' },
    ];
    assert.equal(tell(encodePlan({ steps }, currentArchitecture())).status, 125);
  });

  it('says so when there is no plan: no descriptor, none given, a directory, nothing in it', () => {
    assert.deepEqual(tell(new Uint8Array(0)), { status: 125, said: ABSENT });
    assert.deepEqual(start('/dev/null', ['99']), { status: 125, said: ABSENT });
    assert.deepEqual(start('/dev/null', []), {
      status: 125,
      said: 'isol8: the launcher is started by isol8 only\n',
    });
    assert.equal(start('/proc').status, 125);
  });
});
