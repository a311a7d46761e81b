import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type RunSpec, run, spawn } from '../../src/index.js';
import { skip } from './caller.js';
import { descriptors, whenNone } from './lifecycle-census.js';
import { leaveMachineAsItWas } from './machine.js';

/** What these programs leave behind ends by itself, later than anything here waits. */
const LEFT_SECONDS = 8;
const LEFT = `sleep ${LEFT_SECONDS}`;
const shared: RunSpec = { namespaces: ['user'] };

async function inTime<T>(work: Promise<T>, seconds = LEFT_SECONDS / 2): Promise<T> {
  const before = performance.now();
  const done = await work.finally(() => {
    const taken = (performance.now() - before) / 1000;
    assert.ok(taken < seconds, `it took ${taken} s`);
  });
  return done;
}

function keepBusy(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

const sh = (script: string): string[] => ['sh', '-c', script];

describe('without a pid namespace of its own, where others hold its output, run()', { skip }, () => {
  leaveMachineAsItWas();

  it('ends with its timeout, and has what was written by then', async () => {
    const spec: RunSpec = { ...shared, timeout: 0.5 };
    const killed = await inTime(run(sh(`echo out; echo err >&2; ${LEFT}; true`), spec));
    const ended = await inTime(run(sh(`echo out; echo err >&2; ${LEFT} & exit 3`), spec));
    const written = { stdout: 'out\n', stderr: 'err\n', timedOut: true, truncated: false };
    assert.deepEqual(killed, { ...written, exitCode: null, signal: 'SIGKILL' });
    assert.deepEqual(ended, { ...written, exitCode: 3, signal: null });
  });

  it('ends with its AbortSignal', async () => {
    for (const script of [`${LEFT}; true`, `${LEFT} & exit 3`]) {
      const signal = AbortSignal.timeout(500);
      await assert.rejects(inTime(run(sh(script), { ...shared, signal })), { name: 'TimeoutError' });
    }
  });

  it('ends when there is more than maxBuffer', async () => {
    const result = await inTime(run(sh(`${LEFT} & yes`), { ...shared, maxBuffer: 10 }));
    assert.deepEqual(
      [result.stdout, result.signal, result.truncated, result.timedOut],
      ['y\ny\ny\ny\ny\n', 'SIGKILL', true, false],
    );
  });

  it('ends likewise in a pid namespace that it has joined, and with a terminal', async () => {
    await using host = await spawn(['sleep', '60'], { stdio: 'ignore' });
    const joined: RunSpec = { namespaces: { user: host, pid: host, mnt: host }, timeout: 0.5 };
    assert.equal((await inTime(run(sh(`${LEFT}; true`), joined))).timedOut, true);
    const script = `trap '' HUP; ${LEFT} & ${LEFT}; true`;
    assert.equal((await inTime(run(sh(script), { ...shared, tty: true, timeout: 0.5 }))).timedOut, true);
  });

  it('has what the program says when killSignal reaches it', async () => {
    const script = `trap 'echo last; exit 4' TERM; ${LEFT} & echo up; wait`;
    const result = await inTime(run(sh(script), { ...shared, timeout: 0.5, killSignal: 'SIGTERM' }));
    assert.deepEqual([result.stdout, result.exitCode, result.timedOut], ['up\nlast\n', 4, true]);
  });

  it('leaves no descriptor here', async () => {
    const before = descriptors();
    await run(sh(`${LEFT} & exit 3`), { ...shared, timeout: 0.1 });
    assert.deepEqual(await whenNone(() => descriptors().filter((each) => !before.includes(each))), []);
  });
});

describe('a timeout', { skip }, () => {
  it('is not what ended a program that was over in time while this one was busy', async () => {
    const timeout = 0.3;
    const running = run(sh('echo out; exit 3'), { timeout });
    keepBusy(600);
    const { stdout, exitCode, timedOut } = await running;
    assert.deepEqual([stdout, exitCode, timedOut], ['out\n', 3, false]);
    for (const killSignal of ['SIGKILL', 'SIGTERM'] as const) {
      const child = await spawn(sh('sleep 0.1; exit 3'), { timeout, killSignal, stdio: 'ignore' });
      await new Promise(setImmediate); // timers come next in the event loop, and events after them
      keepBusy(600);
      assert.deepEqual(await child.exited, { exitCode: 3, signal: null, timedOut: false });
    }
  });

  it('is the start, too, of which nothing is left then', async () => {
    const before = descriptors();
    const mounts = Array.from({ length: 3000 }, () => ({ type: 'tmpfs', destination: '/mnt' }) as const);
    // Where this process had to wait for a processor, it hears first that the program has started.
    const outcome = await run(['sleep', '60'], { mounts, timeout: 0.005 }).catch((error) => error);
    const killed = outcome.timedOut === true && outcome.signal === 'SIGKILL';
    assert.ok(killed || (outcome.name === 'Isol8Error' && outcome.code === 'ETIMEDOUT'), String(outcome));
    assert.deepEqual(await whenNone(() => descriptors().filter((each) => !before.includes(each))), []);
  });
});
