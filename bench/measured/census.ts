import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Census } from './protocol.js';

/** What this process holds once it has come to rest and its garbage is collected. */
export async function takeCensus(): Promise<Census> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await sleep(50);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    children: childrenOfThisProcess().length,
    threads: readdirSync('/proc/self/task').length,
    resident: rss / 1024,
    heap: heapUsed / 1024,
  };
}

/** Pids of the children of every thread, zombies among them. */
function childrenOfThisProcess(): number[] {
  const lists = readdirSync('/proc/self/task').map((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8'),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
