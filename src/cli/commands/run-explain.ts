import type { ExplainFormat } from '../../sandbox/explain/explain.js';
import { explainMode } from '../../sandbox/explain.js';
import type { SandboxSpec } from '../../sandbox/spec.js';

/** What `isol8 run` would do with these options, in the given format. */
export function explainRun(command: readonly string[], spec: SandboxSpec, format = 'strace'): string {
  return explainMode(command, spec, { mode: 'inPlace', format: format as ExplainFormat });
}
