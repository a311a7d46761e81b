import { performance } from 'node:perf_hooks';
import type { RouteSocket } from '../../src/index.js';
import { loadIsol8 } from './isol8.js';
import type { Answer, Request } from './protocol.js';

let socket: RouteSocket | undefined;

/** Milliseconds until all routes of the namespace are objects. */
export async function dumpRoutes(dist: string): Promise<Answer<Extract<Request, { ask: 'routes' }>>> {
  socket ??= await (await loadIsol8(dist)).RouteSocket.open();
  const begin = performance.now();
  const { length } = await socket.routes.list();
  return { total: performance.now() - begin, count: length };
}
