import type { BecomeOptions } from '../../sandbox/become.js';
import type { ExplainFormat } from '../../sandbox/explain/explain.js';
import { explain, explainInPlace } from '../../sandbox/explain.js';
import { networkName } from './network-name.js';
import { type AttachOptions, attachedSpec } from './run-attached.js';
import type { RunOptions, specOf } from './run-spec.js';

/** What `isol8 run` would do with these options, in the format that they ask for: beside this process or in its place. */
export async function explainRun(
  command: readonly string[],
  spec: ReturnType<typeof specOf>,
  { options, how }: { options: RunOptions; how: AttachOptions | BecomeOptions },
): Promise<string> {
  const format = (options.last('explain') ?? 'strace') as ExplainFormat;
  const shown = { format, showEnvironment: options.has('show-env') };
  const network = networkName(options);
  if (!('tty' in how)) return explainInPlace(command, spec, { ...shown, become: how });
  if (network === undefined) return explain(command, attachedSpec(spec, how), shown);
  const { explainInNetwork } = await import('./run-net-explain.js');
  return await explainInNetwork(network, command, { spec, options, shown, how });
}
