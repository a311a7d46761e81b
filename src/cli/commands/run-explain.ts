import type { BecomeOptions } from '../../sandbox/become.js';
import type { ExplainFormat } from '../../sandbox/explain/explain.js';
import { explain, explainInPlace } from '../../sandbox/explain.js';
import type { SandboxSpec } from '../../sandbox/spec.js';
import { type AttachOptions, attachedSpec } from './run-attached.js';

/** What `isol8 run` would do with these options, in the given format: beside this process or in its place. */
export function explainRun(
  command: readonly string[],
  spec: SandboxSpec,
  { format = 'strace', how }: { format: string | undefined; how: AttachOptions | BecomeOptions },
): string {
  const options = { format: format as ExplainFormat };
  return 'tty' in how
    ? explain(command, attachedSpec(spec, how), options)
    : explainInPlace(command, spec, { ...options, become: how });
}
