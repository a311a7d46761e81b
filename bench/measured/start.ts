import { spawn as spawnChild } from 'node:child_process';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { loadIsol8 } from './isol8.js';
import type { Answer, Request, Starter } from './protocol.js';
import { openThreadClock } from './thread-clock.js';

type SpawnRequest = Extract<Request, { ask: 'spawn' }>;
type ManyRequest = Extract<Request, { ask: 'many' }>;

/** Starts one process and resolves with its exit code; what it does before it returns blocks the thread. */
type Start = () => Promise<number | null>;

async function starter(by: Starter, command: readonly string[], dist: string): Promise<Start> {
  const [file, ...args] = command as [string, ...string[]];
  if (by === 'child_process') {
    return () => once(spawnChild(file, args, { stdio: 'ignore' }), 'exit').then(([code]) => code);
  }
  const { spawn } = await loadIsol8(dist);
  // Without root the default may run newuidmap, which the peers do not.
  const map = process.getuid?.() === 0 ? {} : ({ mapUsers: 'root' } as const);
  return async () => {
    const child = await spawn([file, ...args], { namespaces: 'all', stdio: 'ignore', ...map });
    return (await child.exited).exitCode;
  };
}

export async function timeOne(request: SpawnRequest, dist: string): Promise<Answer<SpawnRequest>> {
  const start = await starter(request.by, request.command, dist);
  const clock = await openThreadClock();
  const before = clock();
  const begin = performance.now();
  const exit = start();
  const called = performance.now();
  const between = clock();
  const code = await exit;
  const end = performance.now();
  const after = clock();
  mustBeZero(code, request.command);
  return { total: end - begin, call: called - begin, callCpu: between - before, laterCpu: after - between };
}

export async function startMany(request: ManyRequest, dist: string): Promise<Answer<ManyRequest>> {
  const start = await starter(request.by, request.command, dist);
  let left = request.count;
  const startInTurn = async (): Promise<void> => {
    while (left-- > 0) mustBeZero(await start(), request.command);
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: request.width }, startInTurn));
  return { total: performance.now() - begin };
}

function mustBeZero(code: number | null, command: readonly string[]): void {
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
}
