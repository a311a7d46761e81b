import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, spawn } from '../../src/index.js';
import { skip } from './caller.js';
import { living, statOf, whenNone } from './lifecycle-census.js';
import { bundle, startVictim } from './lifecycle-victim.js';

const isRunning = (pid: number): boolean => !['Z', 'X', undefined].includes(statOf(pid)?.state);

describe('a program that is over before what started it', { skip }, () => {
  it('is told of all the same', async () => {
    // No PID 1 of ours, and a process in the middle that still has the channel for a moment.
    const spec = { namespaces: ['user', 'time'], timeOffsets: { boottime: 5 } } as const;
    for (let turn = 0; turn < 100; turn++) {
      const ends = await Promise.all(Array.from({ length: 8 }, () => run(['true'], spec)));
      assert.deepEqual(new Set(ends.map(({ exitCode }) => exitCode)), new Set([0]));
    }
  });
});

describe('an AbortSignal', { skip }, () => {
  it('that is aborted already starts nothing', async () => {
    const reason = new Error('not now');
    await assert.rejects(spawn(['true'], { signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(run(['true'], { signal: AbortSignal.abort(reason) }), reason);
  });

  it('that is aborted during the set-up makes spawn fail with its reason', async () => {
    const reason = new Error('changed my mind');
    for (let turn = 0; turn < 20; turn++) {
      const controller = new AbortController();
      const spawned = spawn(['sleep', '60'], { signal: controller.signal, stdio: 'ignore' });
      controller.abort(reason);
      await assert.rejects(spawned, reason);
    }
  });

  it('leaves no program alive at whatever moment it is aborted', async () => {
    const reason = new Error('changed my mind');
    for (let microseconds = 0; microseconds < 3000; microseconds += 100) {
      const controller = new AbortController();
      const spawned = spawn(['sh', '-c', 'trap "" TERM; sleep 60'], {
        signal: controller.signal,
        killSignal: microseconds % 200 ? 'SIGTERM' : 'SIGKILL',
        stdio: 'ignore',
      });
      const start = performance.now();
      while (performance.now() - start < microseconds / 1000) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      controller.abort(reason);
      const result = await spawned.catch((error: Error) => error);
      if (result instanceof Error) assert.equal(result, reason);
      else await result[Symbol.asyncDispose]();
    }
  });

  it('that is aborted while the program runs kills it, and run fails with its reason', async () => {
    const controller = new AbortController();
    const child = await spawn(['sleep', '60'], { signal: controller.signal, stdio: 'ignore' });
    controller.abort();
    assert.deepEqual(await child.exited, { exitCode: null, signal: 'SIGKILL', timedOut: false });
    const reason = new Error('enough');
    const other = new AbortController();
    setTimeout(() => other.abort(reason), 50);
    await assert.rejects(run(['sleep', '60'], { signal: other.signal }), reason);
  });

  it('kills with the signal that was asked for', async () => {
    const controller = new AbortController();
    const script = 'trap "exit 9" TERM; echo up; while :; do sleep 60 & wait $!; done';
    const child = await spawn(['sh', '-c', script], { signal: controller.signal, killSignal: 'SIGTERM' });
    child.stdout?.once('data', () => controller.abort());
    assert.deepEqual(await child.exited, { exitCode: 9, signal: null, timedOut: false });
    await child[Symbol.asyncDispose]();
  });

  it('that is aborted afterwards does nothing', async () => {
    const controller = new AbortController();
    const child = await spawn(['true'], { signal: controller.signal, stdio: 'ignore' });
    const status = await child.exited;
    controller.abort();
    assert.deepEqual(status, { exitCode: 0, signal: null, timedOut: false });
  });
});

describe('a time limit', { skip }, () => {
  it('kills, and the result says that it was that, with what was written before', async () => {
    let written = '';
    for (let timeout = 0.2; written === ''; timeout *= 2) {
      const { signal, timedOut, stdout } = await run(['sh', '-c', 'echo before; sleep 600'], { timeout });
      assert.deepEqual({ signal, timedOut }, { signal: 'SIGKILL', timedOut: true });
      written = stdout; // nothing yet where the processor has other things to do
    }
    assert.equal(written, 'before\n');
  });

  it('that is not reached changes nothing', async () => {
    const { exitCode, timedOut } = await run(['true'], { timeout: '1m' });
    assert.deepEqual({ exitCode, timedOut }, { exitCode: 0, timedOut: false });
  });
});

describe('a process', { skip }, () => {
  it('is killed at the end of its block by await using', async () => {
    let pid: number;
    {
      await using child = await spawn(['sleep', '60'], { stdio: 'ignore' });
      pid = child.pid;
      assert.ok(isRunning(pid));
    }
    assert.ok(!isRunning(pid));
  });

  it('may be disposed of after its end, and twice', async () => {
    const child = await spawn(['true']);
    await child.exited;
    await child[Symbol.asyncDispose]();
    await child[Symbol.asyncDispose]();
  });
});

describe('the event loop', { skip }, () => {
  const scripts: string[] = [];
  after(() => {
    for (const path of scripts) rmSync(path);
  });

  const ends = async (mode: string) => {
    if (scripts.length === 0) scripts.push(bundle('lifecycle-victim-modes.ts'));
    const victim = startVictim(scripts[0] as string, [mode]);
    const lines: string[] = [];
    for (let line = await victim.line(); line !== undefined; line = await victim.line()) lines.push(line);
    const how = await victim.gone;
    const left = await whenNone(() => living((_, session) => session === victim.pid));
    assert.deepEqual(left, [], mode);
    return { lines, ...how };
  };

  it('ends when nothing runs any more', async () => {
    assert.equal((await ends('idle')).code, 0);
  });

  it('goes on as long as a process does', async () => {
    assert.deepEqual((await ends('waits')).lines, ['ended with 5']);
  });

  for (const [mode, title] of Object.entries({
    exit: 'process.exit during spawns takes them along',
    exception: 'an uncaught exception takes all along',
    'exit-at-once': 'process.exit right after the call of spawn takes it along',
  })) {
    it(title, async () => {
      const { code } = await ends(mode);
      assert.equal(code, mode === 'exception' ? 1 : 3);
    });
  }

  it('and the launch thread do not keep setuid(2) waiting', async () => {
    assert.deepEqual((await ends('setuid')).lines, ['is someone else']);
  });

  it('is left alone by a program that does not read its terminal', async () => {
    await using child = await spawn(['sh', '-c', 'stty raw -echo; echo up; sleep 60'], { tty: true });
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.stdin?.write(Buffer.alloc(1 << 20, 'a'));
    await sleep(20);
    assert.ok(isRunning(child.pid), 'writing blocked until the program had ended');
  });
});
