import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { explainPlan } from '../../src/sandbox/explain/explain.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import type { Plan } from '../../src/syscalls/plan.js';
import { comparedPlans, withoutPid } from './explain-compared.js';
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
after(() => rmSync(root, { recursive: true, force: true }));
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
});
