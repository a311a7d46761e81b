import { SpecError } from '../../foundation/errors.js';
import { type ProbeAnswer, probe as probePort } from '../../network/probe.js';
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
  const answer = await probePort(namespace, { address, port, timeout: timeoutOf(options) });
  write(STDOUT, `${address} ${port}: ${wordsFor(answer)}\n`);
  return answer && 'time' in answer ? 0 : 1;
}

function wordsFor(answer: ProbeAnswer | undefined): string {
  if (answer === undefined) return 'no answer';
  return 'time' in answer ? `accepted in ${answer.time.toFixed(2)} ms` : answer.errno;
}

function parsePort(text: string): number {
  const port = parseWhole(text, 'PORT');
  if (port < 1 || port > 65_535) throw new SpecError('PORT', `${text} is not one of 1 to 65535`);
  return port;
}
