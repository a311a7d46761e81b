import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { explainPlan } from '../../src/sandbox/explain/explain.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import type { Plan } from '../../src/syscalls/plan.js';
import { comparedPlans, searchedPlans, searchedWithoutFormat, withoutPid } from './explain-compared.js';
import { cannotRun, type Ran, runPlan, withFolder } from './explain-oracle.js';
import { leaveMachineAsItWas } from './machine.js';

/** Builds the printed program as its first comment says, with warnings as errors, and runs it. */
function runAsC(plan: Plan): Ran {
  const text = explainPlan(plan, { format: 'c', architecture: currentArchitecture(), showEnvironment: true });
  return withFolder((folder) => {
    const source = join(folder, 'program.c');
    const program = join(folder, 'program');
    writeFileSync(source, text);
    const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-o', program, source];
    const built = spawnSync('cc', flags, { encoding: 'utf8' });
    assert.equal(built.status, 0, `${built.stderr}\n${text}`);
    return spawnSync(program, [], { encoding: 'utf8', timeout: 100_000, stdio: ['ignore', 'pipe', 'pipe'] });
  });
}

const root = mkdtempSync(join(tmpdir(), 'isol8-explain-root-'));
const programs = mkdtempSync(join(tmpdir(), 'isol8-explain-programs-'));
after(() => {
  for (const folder of [root, programs]) rmSync(folder, { recursive: true, force: true });
});
leaveMachineAsItWas();

describe('explain as C', { skip: cannotRun }, () => {
  for (const { title, plan, planAt, pid } of comparedPlans(root)) {
    it(`prints a program that does what the launcher does: ${title}`, () => {
      const expected = runPlan(plan, planAt);
      const ran = runAsC(plan);
      assert.equal(withoutPid(ran), withoutPid(expected));
      if (pid !== 'outside') assert.equal(ran.stdout, expected.stdout);
      // attached, the launcher leaves at once and its child's status goes to the caller
      if (planAt === 3) assert.equal(ran.status, expected.status);
    });
  }

  for (const { title, plan } of [
    ...searchedPlans(programs),
    ...searchedWithoutFormat(programs, '\x01\x02'),
  ]) {
    it(`prints a program that looks for the program as the launcher does: ${title}`, () => {
      const expected = runPlan(plan);
      const ran = runAsC(plan);
      assert.deepEqual([ran.status, ran.stdout], [expected.status, expected.stdout]);
    });
  }
});
