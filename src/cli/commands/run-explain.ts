import type { BecomeOptions } from '../../sandbox/become.js';
import type { ExplainFormat } from '../../sandbox/explain/explain.js';
import { explain, explainInPlace } from '../../sandbox/explain.js';
import { networkName } from './network-name.js';
import { type AttachOptions, attachedSpec } from './run-attached.js';
import type { RunOptions, RunSpec } from './run-spec.js';

/** What `isol8 run` would do with these options, in the format that they ask for: beside this process or in its place. */
export async function explainRun(
  command: readonly string[],
  spec: RunSpec,
  { options, how }: { options: RunOptions; how: AttachOptions | BecomeOptions },
): Promise<string> {
  const format = (options.last('explain') ?? 'strace') as ExplainFormat;
  const notation = { format, showEnvironment: options.has('show-env') };
  const network = networkName(options);
  if (!('tty' in how)) return explainInPlace(command, spec, { ...notation, become: how });
  if (network === undefined) return explain(command, attachedSpec(spec, how), notation);
  const { explainInNetwork } = await import('./run-net-explain.js');
  return await explainInNetwork(network, command, { spec, options, format, how });
}
