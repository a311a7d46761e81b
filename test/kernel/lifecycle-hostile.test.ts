/** Programs that turn against PID 1 and the channel on which it reports; without root it is within their reach. */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { after, it } from 'node:test';
import { run, spawn } from '../../src/index.js';
import { compileC, createFolder, has } from '../native/compiled.js';
import { describeAlsoAsUser } from './also-as-user.js';

const compiler = has('cc', '--version') ? false : 'no C compiler is installed';

describeAlsoAsUser(import.meta.url, 'PID 1', () => {
  it('can be looked at by its owner as soon as he hears of it', async () => {
    for (let round = 0; round < 100; round++) {
      await using child = await spawn(['sleep', '60'], { stdio: 'ignore' });
      assert.match(readlinkSync(`/proc/${child.pid}/ns/pid`), /^pid:/);
    }
  });
});

describeAlsoAsUser(import.meta.url, 'a program that has taken the channel of its PID 1', () => {
  const folder = createFolder();
  after(folder.remove);
  const thief = `${folder.path}/thief`;
  const isRoot = process.getuid?.() === 0;
  const opened = (): number => readdirSync('/proc/self/fd').length;

  for (const how of ['rights', 'started', 'fill']) {
    it(`changes nothing for who waits for its end: ${how}`, { skip: compiler }, async () => {
      compileC('cc', ['-O1', '-o', thief, new URL('channel-thief.c', import.meta.url).pathname]);
      await run([thief], { timeout: 20 });
      const before = opened();
      const { stdout, exitCode, signal, timedOut } = await run([thief, how], { timeout: 20 });
      assert.deepEqual({ exitCode, signal, timedOut }, { exitCode: 7, signal: null, timedOut: false });
      assert.equal(stdout, isRoot ? '0\n' : '1\n');
      assert.equal(opened(), before);
    });
  }

  it('does not keep who starts it waiting by the word that the start has failed', {
    skip: compiler,
  }, async () => {
    // About one of a thousand is early enough to be heard.
    for (let round = 0; round < (isRoot ? 10 : 2000); round++) {
      const child = await spawn([thief, 'failed'], { stdio: 'ignore' }).catch(() => undefined);
      child?.kill('SIGKILL');
      await child?.exited;
    }
  });

  it('has got nothing else, however early it looked', { skip: compiler }, async () => {
    for (let round = 0; round < (isRoot ? 3 : 30); round++)
      assert.equal((await run([thief, 'none'], { timeout: 20 })).stdout, isRoot ? '0\n' : '1\n');
  });
});
