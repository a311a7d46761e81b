import { performance } from 'node:perf_hooks';
import { loadIsol8 } from './isol8.js';
import type { Answer, Request } from './protocol.js';

type EnterRequest = Extract<Request, { ask: 'enter' }>;

/** Microseconds for one round trip of this thread into another net namespace. */
export async function enterOften({ count }: EnterRequest, dist: string): Promise<Answer<EnterRequest>> {
  const { createNamespaces, withNamespace } = await loadIsol8(dist);
  using made = await createNamespaces(['net']);
  const net = made.net as NonNullable<typeof made.net>;
  const begin = performance.now();
  for (let i = 0; i < count; i++) withNamespace(net, () => i);
  return { each: ((performance.now() - begin) * 1000) / count };
}
