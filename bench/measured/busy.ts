/** What all processors of the machine are busy with; anything else that runs counts too. See proc_stat(5). */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const MILLISECONDS_PER_TICK = 10;
const WINDOW = 50;

/** Milliseconds of all processors together since the machine started, but for waiting. */
function busyTime(): number {
  const [, user, nice, system, , , irq, softirq] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] as string
  )
    .split(/ +/)
    .map(Number);
  const ticks = [user, nice, system, irq, softirq].reduce<number>((sum, part) => sum + (part ?? 0), 0);
  return ticks * MILLISECONDS_PER_TICK;
}

/** How long processors are busy within a time, both in milliseconds. */
export async function busyFor(time: number): Promise<number> {
  const before = busyTime();
  await sleep(time);
  return busyTime() - before;
}

/** When, by performance.now(), a time began in which nearly nothing was done. */
export async function quietSince(): Promise<number> {
  for (;;) {
    const begin = performance.now();
    if ((await busyFor(WINDOW)) <= WINDOW / 5) return begin;
  }
}
