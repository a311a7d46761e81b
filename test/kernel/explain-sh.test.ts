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
      timeout: 20_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  });
}

describe('explain as shell commands', { skip }, () => {
  for (const { title, plan, planAt, pid } of comparedPlans()) {
    it(`prints commands that do what the launcher does: ${title}`, () => {
      const expected = runPlan(plan, planAt);
      const { stdout, stderr, status } = runAsSh(plan);
      // the set-up commands of a shell that stays as PID 1 take pids
      const shown = (text: string): string => (pid === 'differs' ? text.replace(/^pid .*$/m, 'pid') : text);
      assert.equal(shown(stdout + stderr), shown(expected.stdout + expected.stderr));
      if (planAt === 3) assert.equal(status, expected.status);
    });
  }
});
