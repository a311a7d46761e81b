import { Isol8Error, SpecError } from '../../foundation/errors.js';
import type { Namespace } from '../../namespaces/namespace.js';
import type { Parsed } from '../getopt.js';
import { STDOUT, write } from '../output.js';
import { UsageError } from '../usage-error.js';
import { addressOf } from './net-host.js';
import { timeoutOf } from './net-ping.js';
import { netTarget } from './net-spec.js';
import { parseWhole } from './run-values.js';

/** isol8 net probe: whether a TCP connection is accepted. The exit status is 0 when it is. */
export async function probe(operands: readonly string[], options: Parsed): Promise<number> {
  const [host, portText, ...more] = operands;
  if (host === undefined || portText === undefined || more.length > 0)
    throw new UsageError('probe needs an address or name, and a port', { command: 'net' });
  const port = parsePort(portText);
  const target = options.last('in');
  using namespace = netTarget(target ?? '/proc/self/ns/net');
  const address = await addressOf(host, target === undefined ? undefined : namespace);
  const start = performance.now();
  try {
    await connected(namespace, { host: address, port, timeout: timeoutOf(options) });
  } catch (error) {
    write(STDOUT, `${address} ${port}: ${refusal(error)}\n`);
    return 1;
  }
  write(STDOUT, `${address} ${port}: accepted in ${(performance.now() - start).toFixed(2)} ms\n`);
  return 0;
}

function parsePort(text: string): number {
  const port = parseWhole(text, 'PORT');
  if (port < 1 || port > 65_535) throw new SpecError('PORT', `${text} is not one of 1 to 65535`);
  return port;
}

/** The deadline is an error of AbortSignal's own. */
function refusal(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'no answer';
  if (error instanceof Isol8Error) return error.code;
  throw error;
}

async function connected(
  namespace: Namespace,
  { host, port, timeout }: { host: string; port: number; timeout: number },
): Promise<void> {
  const signal = AbortSignal.timeout(timeout);
  const socket = await namespace.connect({ host, port, signal });
  socket.destroy();
}
