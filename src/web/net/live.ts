import { setTimeout as sleep } from 'node:timers/promises';
import { buildPicture } from './build-picture.js';
import { NetworkEvents } from './network-events.js';
import type { NetPicture } from './picture.js';
import { readNetworks } from './read.js';

const SECOND = 1000;
/** What belongs together comes within this time, in milliseconds. */
const SETTLING = 40;
/** Of the time, reading and drawing take at most this share, without a reason and with one. */
const SHARE = { idle: 0.05, busy: 0.5 } as const;

export interface LiveOptions {
  /** Only the namespaces that these processes are in. */
  readonly pids?: readonly number[] | undefined;
  readonly signal: AbortSignal;
}

/**
 * A picture of what is there, and another one whenever something has changed, until the signal. The kernel tells of changes in
 * namespaces and of their end, but nobody that one came or which processes are in it, so that all is read once a second, too.
 */
export async function* livePictures({ pids, signal }: LiveOptions): AsyncGenerator<NetPicture, void> {
  using events = await NetworkEvents.open();
  const end = (): void => events[Symbol.dispose]();
  signal.addEventListener('abort', end, { once: true });
  try {
    let shown: string | undefined;
    while (!signal.aborted) {
      const start = performance.now();
      const picture = buildPicture(await readNetworks({ pids, events }));
      const key = JSON.stringify(picture);
      if (key !== shown) yield picture;
      shown = key;
      await pause({ events, took: performance.now() - start, signal }); // with what is done with a picture
    }
  } finally {
    signal.removeEventListener('abort', end);
  }
}

async function pause(about: { events: NetworkEvents; took: number; signal: AbortSignal }): Promise<void> {
  const { events, took, signal } = about;
  const timer = new AbortController();
  const tick = sleep(Math.max(SECOND, took / SHARE.idle), undefined, { signal: timer.signal });
  await Promise.race([events.changed(), tick.catch(() => {})]);
  timer.abort();
  if (!signal.aborted)
    await sleep(Math.max(SETTLING, took / SHARE.busy), undefined, { signal }).catch(() => {});
}
