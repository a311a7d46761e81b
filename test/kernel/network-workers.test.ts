/** Networks of several Workers of one process: they have threads and descriptors in common. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { describeInOwnMounts } from './own-mounts.js';

/** More than the four threads of libuv's pool. */
const MANY = 6;

const startWorker = (number: number): Worker =>
  new Worker(new URL('./network-worker.js', import.meta.url), { workerData: number });

async function said(worker: Worker, word: string): Promise<void> {
  const [message] = await once(worker, 'message');
  assert.equal(message, word);
}

describeInOwnMounts(import.meta.url, 'networks of Workers', () => {
  it('are removed by all at once', async () => {
    const workers = Array.from({ length: MANY }, (_, number) => startWorker(number));
    await Promise.all(workers.map((worker) => said(worker, 'created')));
    const removed = workers.map((worker) => said(worker, 'removed'));
    for (const worker of workers) worker.postMessage('');
    await Promise.all(removed);
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  it('leave the descriptors of others alone when their Worker ends', async () => {
    const worker = startWorker(0);
    await said(worker, 'created');
    worker.postMessage('');
    await said(worker, 'removed');
    const own = Array.from({ length: 20 }, () => openSync('/dev/null', 'w'));
    const ended = once(worker, 'exit');
    worker.postMessage('');
    await ended;
    for (const descriptor of own) writeSync(descriptor, 'x');
    for (const descriptor of own) closeSync(descriptor);
  });
});
