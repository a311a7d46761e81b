import type { ExplainFormat } from '../../sandbox/explain/explain.js';
import { explainMode } from '../../sandbox/explain.js';
import { networkName } from './network-name.js';
import type { RunOptions, specOf } from './run-spec.js';

/** What `isol8 run` would do with these options, in the format that they ask for. */
export async function explainRun(
  command: readonly string[],
  spec: ReturnType<typeof specOf>,
  options: RunOptions,
): Promise<string> {
  const format = (options.last('explain') ?? 'strace') as ExplainFormat;
  const network = networkName(options);
  if (network === undefined) return explainMode(command, spec, { mode: 'inPlace', format });
  const { explainInNetwork } = await import('./run-net-explain.js');
  return await explainInNetwork(network, command, { spec, options, format });
}
