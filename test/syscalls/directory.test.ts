import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { numbersOf } from '../../src/syscalls/directory.js';

test('a directory is read to its end also when signals come meanwhile', async () => {
  const nothing = (): void => {};
  process.on('SIGWINCH', nothing);
  const child = spawn('sh', ['-c', `while kill -WINCH ${process.pid}; do :; done`], { stdio: 'ignore' });
  try {
    await once(process, 'SIGWINCH');
    for (let i = 0; i < 300; i++) {
      assert.ok(numbersOf('/proc').includes(process.pid), `round ${i}`);
      await setImmediate(); // libuv drops signals, that of the child's end too, when there are thousands to tell of
    }
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    process.off('SIGWINCH', nothing);
  }
});
