import cluster from 'node:cluster';
import { UnsupportedError } from '../../foundation/errors.js';

/**
 * Bun makes sockets of its own where Node takes the given one: it would connect from this process's network without a
 * word. Throws UnsupportedError.
 */
export function refuseBun(what: string): void {
  if (process.versions.bun === undefined) return;
  throw new UnsupportedError(
    `Bun cannot ${what} through a socket that it is given, and its own would be in the network of this process. ` +
      'Run this program with Node.js 20.19 or later.',
  );
}

/** A worker of node:cluster has its primary listen, which does not have this descriptor. Throws UnsupportedError. */
export function refuseClusterWorker(): void {
  if (!cluster.isWorker) return;
  throw new UnsupportedError(
    'a worker of node:cluster cannot listen in another namespace, since node:net has the primary process do it. ' +
      'Listen in the primary process, or in a process of child_process.',
  );
}
