/** The arm64 launcher starts under qemu: the processor's entry code, stack and system calls are right. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../compile/root.mjs';

const launcher = join(root, 'build/arm64/launcher');
const { status, signal, error } = spawnSync('qemu-aarch64-static', [launcher], {
  stdio: ['ignore', 'inherit', 'pipe'],
});
assert.equal(error, undefined);
assert.equal(signal, null, 'the launcher died of a signal instead of refusing a missing plan');
assert.ok(
  status > 0 && status < 128,
  `the launcher exited with ${status} instead of refusing a missing plan`,
);
console.log(`arm64 launcher without a plan: exit status ${status}`);
