import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { explainPlan } from '../../src/sandbox/explain/explain.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import type { Plan } from '../../src/syscalls/plan.js';
import { comparedPlans } from './explain-compared.js';
import { cannotRun, type Ran, runPlan, withFolder } from './explain-oracle.js';

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
    return spawnSync(program, [], { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'pipe'] });
  });
}

describe('explain as C', { skip: cannotRun }, () => {
  for (const { title, plan, planAt } of comparedPlans()) {
    it(`prints a program that does what the launcher does: ${title}`, () => {
      const expected = runPlan(plan, planAt);
      const { stdout, stderr, status } = runAsC(plan);
      assert.equal(`${stdout}${stderr}`, `${expected.stdout}${expected.stderr}`);
      // attached, the launcher leaves at once and its child's status goes to the caller
      if (planAt === 3) assert.equal(status, expected.status);
    });
  }
});
