import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { run, spawn } from '../../src/index.js';
import { skip } from './caller.js';
import { children, descriptors, living, statOf, until, whenNone } from './lifecycle-census.js';
import { bundle, startVictim } from './lifecycle-victim.js';

const isRunning = (pid: number): boolean => !['Z', 'X', undefined].includes(statOf(pid)?.state);

describe('a Worker', { skip }, () => {
  let script = '';
  before(() => {
    script = bundle('lifecycle-victim-worker.ts');
  });
  after(() => rmSync(script));

  const start = async (
    mode: string,
  ): Promise<{ worker: Worker; answer: unknown; exit: Promise<unknown> }> => {
    const worker = new Worker(script, { argv: [mode] });
    const exit = once(worker, 'exit');
    const [answer] = await once(worker, 'message');
    return { worker, answer, exit };
  };

  it('runs programs', async () => {
    const { answer, exit } = await start('run');
    assert.equal(answer, 'from a worker\n');
    await exit;
  });

  it('runs programs beside others and the main thread', async () => {
    const workers = await Promise.all(Array.from({ length: 4 }, () => start('many')));
    const [own] = await Promise.all([run(['echo', 'main']), ...workers.map(({ exit }) => exit)]);
    assert.deepEqual(
      workers.map(({ answer }) => answer),
      [50, 50, 50, 50],
    );
    assert.equal(own.stdout, 'main\n');
  });

  it('takes its own programs along when it is terminated, and no others', async () => {
    await using ours = await spawn(['sleep', '60'], { stdio: 'ignore' });
    const { worker: other, answer: others } = await start('sleepers');
    const { worker, answer } = await start('sleepers');
    assert.ok((answer as number[]).every(isRunning));
    await worker.terminate();
    await until(() => !(answer as number[]).some(isRunning), "the worker's programs are killed");
    assert.ok(isRunning(ours.pid));
    assert.ok((others as number[]).every(isRunning), 'those of another worker');
    await other.terminate();
    await until(() => !(others as number[]).some(isRunning), "the other worker's programs are killed");
    assert.ok(isRunning(ours.pid));
  });

  it('leaves no descriptor when it is terminated', async () => {
    await run(['true']);
    const count = descriptors().length;
    for (let round = 0; round < 5; round++) {
      const { worker } = await start('pipes');
      await worker.terminate();
    }
    await until(() => descriptors().length <= count, `${count} descriptors again`).catch(() => {});
    assert.ok(descriptors().length <= count, `${count} before, now ${descriptors().join('\n')}`);
  });

  it('leaves no descriptor when it is terminated before its programs have started', async () => {
    await run(['true']);
    const count = descriptors().length;
    for (let round = 0; round < 3; round++) {
      const { worker } = await start('starting');
      await worker.terminate();
    }
    await until(() => descriptors().length <= count, `${count} descriptors again`).catch(() => {});
    assert.ok(descriptors().length <= count, `${count} before, now ${descriptors().join('\n')}`);
  });

  it('leaves no process and no descriptor when it is terminated while it spawns', async () => {
    await run(['true']);
    const others = new Set(children());
    const count = descriptors().length;
    for (let round = 0; round < 15; round++) {
      const { worker } = await start('loop');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      await worker.terminate();
    }
    await until(() => children().every((pid) => others.has(pid)), 'no more children than before');
    await until(() => descriptors().length <= count, `${count} descriptors again`).catch(() => {});
    assert.ok(descriptors().length <= count, `${count} before, now ${descriptors().join('\n')}`);
    assert.equal((await run(['echo', 'alive'])).stdout, 'alive\n');
  });

  it('may be the first that uses the addon, and the last: the launch thread stays', async () => {
    const victim = startVictim(script, ['only-workers']);
    assert.equal(await victim.line(), 'survived');
    assert.deepEqual(await victim.gone, { code: 0, signal: null });
    assert.deepEqual(await whenNone(() => living((_, session) => session === victim.pid)), []);
  });
});
