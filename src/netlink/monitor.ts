import { setImmediate } from 'node:timers/promises';
import { type ChannelOptions, NetlinkChannel } from './channel.js';
import { decodeMessages, type NetlinkMessage } from './message.js';

/** What a monitor gives: messages of the kernel, or that some were lost, so that everything has to be read anew. */
export type MonitorEvent =
  | { readonly lost: true }
  | { readonly lost: false; readonly message: NetlinkMessage };

/**
 * What the kernel tells the given multicast groups, from now on: the groups are joined when the promise is settled. Ends when the iteration
 * is left, or `signal` is aborted. When the messages come faster than they are taken, one event says that some are lost.
 *
 * @throws Isol8Error for a namespace or group that the caller may not listen to.
 */
export async function monitor(
  options: ChannelOptions & { readonly signal?: AbortSignal | undefined },
): Promise<AsyncIterableIterator<MonitorEvent>> {
  const channel = await NetlinkChannel.open(options);
  const { signal } = options;
  const stop = (): void => {
    signal?.removeEventListener('abort', stop);
    channel[Symbol.dispose]();
  };
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const events = listen(channel, stop);
  const iterator: AsyncIterableIterator<MonitorEvent> = {
    next: () => events.next(),
    return: () => {
      stop(); // also wakes a next() that waits, before which the generator would not end
      return events.return(undefined);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

async function* listen(channel: NetlinkChannel, stop: () => void): AsyncGenerator<MonitorEvent, undefined> {
  try {
    while (!channel.closed) {
      const received = receive(channel);
      if (received === undefined) await channel.readable();
      else if (received === 'lost') yield await afterDraining(channel);
      else for (const message of decodeMessages(received)) yield { lost: false, message };
    }
  } finally {
    stop();
  }
  return undefined;
}

/** So many datagrams are dropped at a time, so that the thread does other things meanwhile. */
const DRAINED_AT_ONCE = 256;

/**
 * Drops what has been kept, which whoever reads everything anew does not need. Until nothing is left the kernel would go on
 * dropping what comes, and not say it again.
 */
async function afterDraining(channel: NetlinkChannel): Promise<MonitorEvent> {
  for (let dropped = 1; !channel.closed && receive(channel) !== undefined; dropped++)
    if (dropped % DRAINED_AT_ONCE === 0) await setImmediate();
  return { lost: true };
}

function receive(channel: NetlinkChannel): Buffer | undefined | 'lost' {
  try {
    return channel.receive();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOBUFS') return 'lost';
    throw error;
  }
}
