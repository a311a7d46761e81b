import { performance } from 'node:perf_hooks';
import { loadIsol8 } from './isol8.js';
import type { Answer, Request } from './protocol.js';

type WireRequest = Extract<Request, { ask: 'wire' }>;

const LAST = 50;

/** Network namespaces attached to a network, one after the other, as a program would. */
export async function wireMembers({ count }: WireRequest, dist: string): Promise<Answer<WireRequest>> {
  const { createNamespaces, Network, ping } = await loadIsol8(dist);
  const network = await Network.create({ name: 'bench' });
  const members: NonNullable<Awaited<ReturnType<typeof createNamespaces>>['net']>[] = [];
  const begin = performance.now();
  let late = begin;
  for (let i = 0; i < count; i++) {
    if (i === count - LAST) late = performance.now();
    const { net } = await createNamespaces(['net']);
    members.push(net as NonNullable<typeof net>);
    await network.attach(net as NonNullable<typeof net>);
  }
  const end = performance.now();
  const answers = await Promise.all(
    members.map((namespace) => ping(network.gateway as string, { namespace }).catch(() => undefined)),
  );
  const answered = performance.now();
  for (const member of members) member[Symbol.dispose]();
  await network.remove({ force: true });
  const removed = performance.now();
  network.close();
  return {
    each: (end - begin) / count,
    last: (end - late) / Math.min(LAST, count),
    packets: answered - end,
    lost: answers.filter((time) => time === undefined).length,
    removal: removed - answered,
  };
}
