/** Spawns until there are no descriptors left, and looks whether all is as before once the programs have ended. */
import assert from 'node:assert/strict';
import { Isol8Error, type Process, run, spawn } from '../../src/index.js';
import { children, descriptors, until } from './lifecycle-census.js';

await run(['true']);
const before = descriptors();
const running: Process[] = [];
const errors: Error[] = [];
for (let round = 0; round < 5; round++) {
  const attempts = Array.from({ length: 12 }, () =>
    spawn(['sleep', '60'], { stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  for (const attempt of await Promise.allSettled(attempts)) {
    if (attempt.status === 'fulfilled') running.push(attempt.value);
    else errors.push(attempt.reason);
  }
}
assert.ok(running.length > 0 && errors.length > 0, `${running.length} running, ${errors.length} refused`);
for (const error of errors) {
  assert.ok(error instanceof Isol8Error, error.stack);
  assert.match(error.message, /(EMFILE|ENFILE)\. Too many descriptors are open: .*ulimit -n/);
}
await Promise.all(running.map((child) => child[Symbol.asyncDispose]()));
await until(() => descriptors().length === before.length, `${before} again, not ${descriptors()}`);
await until(() => children().length === 0, 'no children');
assert.equal((await run(['echo', 'well'])).stdout, 'well\n');
process.stdout.write(`${errors.length} refused, then all was well\n`);
