import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { numbersOf } from '../../src/syscalls/directory.js';

/** They end by themselves: as long as they come Node may do nothing else, not even stop them. */
const SIGNALS = 50_000;

test('a directory is read to its end also when signals come meanwhile', async () => {
  const nothing = (): void => {};
  process.on('SIGWINCH', nothing);
  const script = `i=0; while [ $i -lt ${SIGNALS} ] && kill -WINCH ${process.pid}; do i=$((i + 1)); done`;
  const child = spawn('sh', ['-c', script], { stdio: 'ignore' });
  await once(process, 'SIGWINCH');
  child.unref(); // libuv drops signals when there are thousands to tell of, that of a child's end too
  for (let i = 0; i < 300; i++) {
    assert.ok(numbersOf('/proc').includes(process.pid), `round ${i}`);
    await setImmediate();
  }
  process.off('SIGWINCH', nothing);
});
