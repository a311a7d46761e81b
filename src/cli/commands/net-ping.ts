import { durationToMilliseconds, parseDuration } from '../../foundation/duration.js';
import { SpecError } from '../../foundation/errors.js';
import { ping as pingOnce } from '../../network/ping.js';
import type { Parsed } from '../getopt.js';
import { STDOUT, write } from '../output.js';
import { UsageError } from '../usage-error.js';
import { addressOf } from './net-host.js';
import { netTarget } from './net-spec.js';
import { parseWhole } from './run-values.js';

/** isol8 net ping: the exit status is 0 when an answer came, as ping(8) has it. */
export async function ping(operands: readonly string[], options: Parsed): Promise<number> {
  const [host, ...more] = operands;
  if (host === undefined || more.length > 0)
    throw new UsageError('ping needs one address or name', { command: 'net' });
  const target = options.last('in');
  using namespace = target === undefined ? undefined : netTarget(target);
  const address = await addressOf(host, namespace);
  const count = parseWhole(options.last('count') ?? '3', '--count');
  if (count < 1) throw new SpecError('--count', `must be at least 1, not ${count}`);
  let answers = 0;
  for (let i = 1; i <= count; i++) {
    const time = await pingOnce(address, { namespace, timeout: timeoutOf(options) });
    if (time !== undefined) answers++;
    write(STDOUT, `${address}: ${time === undefined ? 'no answer' : `answer in ${time.toFixed(2)} ms`}\n`);
  }
  return answers > 0 ? 0 : 1;
}

/** In milliseconds. */
export function timeoutOf(options: Parsed): number {
  return durationToMilliseconds(parseDuration(options.last('timeout') ?? '2s', '--timeout'));
}
