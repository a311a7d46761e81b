import { Isol8Error } from '../../foundation/errors.js';
import type { Namespace } from '../../namespaces/namespace.js';
import type { Parsed } from '../getopt.js';
import { STDOUT, write } from '../output.js';
import { UsageError } from '../usage-error.js';
import { timeoutOf } from './net-ping.js';
import { netTarget } from './net-spec.js';
import { parseWhole } from './run-values.js';

/** isol8 net probe: whether a TCP connection is accepted. The exit status is 0 when it is. */
export async function probe(operands: readonly string[], options: Parsed): Promise<number> {
  const [host, portText, ...more] = operands;
  if (host === undefined || portText === undefined || more.length > 0)
    throw new UsageError('probe needs an address and a port', { command: 'net' });
  const port = parseWhole(portText, 'PORT');
  using namespace = netTarget(options.last('in') ?? '/proc/self/ns/net');
  const start = performance.now();
  try {
    await connected(namespace, { host, port, timeout: timeoutOf(options) });
  } catch (error) {
    if (!(error instanceof Isol8Error)) throw error;
    write(STDOUT, `${host} ${port}: ${error.code === 'ABORT_ERR' ? 'no answer' : error.code}\n`);
    return 1;
  }
  write(STDOUT, `${host} ${port}: accepted in ${(performance.now() - start).toFixed(2)} ms\n`);
  return 0;
}

async function connected(
  namespace: Namespace,
  { host, port, timeout }: { host: string; port: number; timeout: number },
): Promise<void> {
  const signal = AbortSignal.timeout(timeout);
  const socket = await namespace.connect({ host, port, signal });
  socket.destroy();
}
