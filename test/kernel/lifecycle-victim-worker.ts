/** A Worker's work; as a program, a process whose Workers alone use isol8. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';
import { run, spawn } from '../../src/index.js';

const answer = (value: unknown): void => parentPort?.postMessage(value);
const sleeper = () => spawn(['sleep', '60'], { stdio: 'ignore' });

const modes: Record<string, () => Promise<unknown>> = {
  async run() {
    answer((await run(['echo', 'from a worker'])).stdout);
  },
  async many() {
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, index) => run(['sh', '-c', `echo ${index}`])),
    );
    answer(all.filter(({ stdout }, index) => stdout === `${index}\n`).length);
  },
  async sleepers() {
    answer((await Promise.all([sleeper(), sleeper(), sleeper()])).map(({ pid }) => pid));
  },
  async pipes() {
    const script = 'echo a; echo b >&2; sleep 60';
    await Promise.all([sleeper(), spawn(['sh', '-c', script]), spawn(['sh', '-c', script], { tty: true })]);
    answer('up');
  },
  /** What was started is not heard of any more. */
  async starting() {
    for (let count = 0; count < 5; count++)
      void [
        spawn(['sleep', '60']),
        spawn(['sleep', '60'], { tty: true }),
        run(['sleep', '60'], { input: 'x' }),
      ];
    answer('up');
    for (;;);
  },
  async loop() {
    answer('up');
    for (;;) await Promise.all([sleeper(), run(['true']), spawn(['sh', '-c', 'echo a; sleep 60'])]);
  },
  async 'only-workers'() {
    for (let round = 0; round < 3; round++) {
      const worker = new Worker(fileURLToPath(import.meta.url), { argv: ['sleepers'] });
      await once(worker, 'message');
      await worker.terminate();
      await sleep(100);
    }
    process.stdout.write('survived\n');
  },
};

await modes[process.argv[2] as string]?.();
