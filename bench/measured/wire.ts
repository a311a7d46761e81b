import { performance } from 'node:perf_hooks';
import { busyFor, quietSince } from './busy.js';
import { loadIsol8 } from './isol8.js';
import type { Answer, Request } from './protocol.js';

type WireRequest = Extract<Request, { ask: 'wire' }>;

const LAST = 50;
/** How long it is looked afterwards whether the kernel still has work with the members. */
const AFTERWARDS_MILLISECONDS = 2000;

/** Network namespaces attached to a network, one after the other, as a program would. */
export async function wireMembers(
  { count, thoroughly }: WireRequest,
  dist: string,
): Promise<Answer<WireRequest>> {
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
  const busy = thoroughly ? await busyFor(AFTERWARDS_MILLISECONDS) : 0;
  const reach = async (gateway: string): Promise<{ time: number; lost: number }> => {
    const asked = performance.now();
    const answers = await Promise.all(
      members.map((namespace) => ping(gateway, { namespace }).catch(() => undefined)),
    );
    return { time: performance.now() - asked, lost: answers.filter((time) => time === undefined).length };
  };
  const packets = await reach(network.gateway as string);
  const packets6 = await reach(network.gateway6 as string);
  const removing = performance.now();
  for (const member of members) member[Symbol.dispose]();
  await network.remove({ force: true });
  const removal = performance.now() - removing;
  network.close();
  return {
    each: (end - begin) / count,
    last: (end - late) / Math.min(LAST, count),
    ...{ busy, packets, packets6, removal },
    gone: thoroughly ? (await quietSince()) - removing : 0,
  };
}
