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

const missing = ['unshare', 'setpriv', 'prlimit', 'ip', 'hostname'].filter(
  (tool) => spawnSync(tool, ['--version']).error !== undefined,
);
const skip = cannotRun || (missing.length > 0 ? `no ${missing.join(', ')}` : false);

function runAsSh(plan: Plan): Ran {
  const text = explainPlan(plan, {
    format: 'sh',
    architecture: currentArchitecture(),
    showEnvironment: true,
  });
  return withFolder((folder) => {
    const script = join(folder, 'script');
    writeFileSync(script, text);
    return spawnSync('sh', [script], {
      encoding: 'utf8',
      timeout: 100_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  });
}

const root = mkdtempSync(join(tmpdir(), 'isol8-explain-root-'));
const programs = mkdtempSync(join(tmpdir(), 'isol8-explain-programs-'));
after(() => {
  for (const folder of [root, programs]) rmSync(folder, { recursive: true, force: true });
});
leaveMachineAsItWas();

describe('explain as shell commands', { skip }, () => {
  for (const { title, plan, planAt, pid } of comparedPlans(root)) {
    it(`prints commands that do what the launcher does: ${title}`, () => {
      const expected = runPlan(plan, planAt);
      const ran = runAsSh(plan);
      assert.equal(withoutPid(ran), withoutPid(expected));
      if (pid === 'one') assert.equal(ran.stdout, expected.stdout);
      if (planAt === 3) assert.equal(ran.status, expected.status);
    });
  }

  for (const { title, plan } of searchedPlans(programs)) {
    it(`prints commands that look for the program as the launcher does: ${title}`, () => {
      const expected = runPlan(plan);
      const ran = runAsSh(plan);
      assert.deepEqual([ran.status, ran.stdout], [expected.status, expected.stdout]);
    });
  }

  for (const { title, plan } of searchedWithoutFormat(programs, 'echo taken for a script')) {
    it(`prints commands that end the search where the launcher does, though by running it: ${title}`, () => {
      assert.equal(runPlan(plan).status, 126);
      assert.equal(runAsSh(plan).stdout, 'taken for a script\n');
    });
  }
});
