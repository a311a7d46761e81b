import { closeDescriptor } from '../syscalls/binding.js';
import { compile } from './compile/compile.js';
import type { CompileOptions } from './compile/context.js';
import { type ExplainFormat, explainPlan } from './explain/explain.js';
import { gatherFacts } from './gather.js';
import { parseSpec } from './parse.js';
import type { SandboxSpec } from './spec.js';

/** How the plan would be started: beside this process, as {@link spawn} does, or in its place, as `isol8 run` does. */
type Mode = CompileOptions['mode'];

/** How {@link explain} writes. */
export interface ExplainOptions {
  /** Default `strace`. */
  format?: ExplainFormat;
  /** Show the values of environment variables too. Default false: they may be secrets. */
  showEnvironment?: boolean;
}

/**
 * What {@link spawn} would do with this command and spec, as text, without doing it. The plan is the one that would
 * run: made from the same facts about this machine and this user.
 *
 * @throws SpecError for a spec that cannot be.
 */
export function explain(
  command: readonly string[],
  spec: SandboxSpec = {},
  options: ExplainOptions = {},
): string {
  return explainMode(command, spec, { mode: 'attached', ...options });
}

/** @internal */
export function explainMode(
  command: readonly string[],
  spec: SandboxSpec,
  { mode, ...options }: ExplainOptions & { mode: Mode; before?: readonly string[] },
): string {
  const parsed = parseSpec(command, spec);
  const { facts, owned } = gatherFacts(parsed);
  try {
    const { plan } = compile(parsed, facts, { mode, descriptors: 3 });
    return explainPlan(plan, { format: 'strace', ...options, architecture: facts.architecture });
  } finally {
    for (const descriptor of owned) closeDescriptor(descriptor);
  }
}
