/** The library under Bun. Node starts Bun on this same file, so that no path of Bun's package stands in CI. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findBun } from '../executable/find-bun.mjs';

const checks = {
  async 'run captures the output of a program in all eight namespaces'({ run }) {
    const result = await run(['sh', '-c', 'hostname; echo $$'], { namespaces: 'all', hostname: 'children' });
    assert.equal(result.stdout, 'children\n2\n');
    assert.equal(result.exitCode, 0);
  },
  async 'run reports the exit status'({ run }) {
    const result = await run(['sh', '-c', 'exit 7'], { namespaces: 'all' });
    assert.equal(result.exitCode, 7);
  },
  async 'a large output arrives whole'({ run }) {
    const result = await run(['sh', '-c', 'head -c 10000000 /dev/zero | tr "\\0" x'], { namespaces: 'all' });
    assert.equal(result.stdout.length, 10_000_000);
  },
};

async function runChecks() {
  const library = await import('../../dist/library/index.js');
  let failed = 0;
  for (const [title, check] of Object.entries(checks)) {
    try {
      await check(library);
      console.log(`ok: ${title}`);
    } catch (error) {
      failed += 1;
      console.error(`not ok: ${title}:`, error);
    }
  }
  console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (process.versions.bun === undefined) {
  const bun = findBun();
  assert.ok(bun, 'Bun is not there: npm ci --prefix runtimes');
  const { status } = spawnSync(bun, [fileURLToPath(import.meta.url)], { stdio: 'inherit', timeout: 120_000 });
  process.exitCode = status ?? 1;
} else {
  await runChecks();
}
