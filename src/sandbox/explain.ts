import { closeDescriptor } from '../syscalls/binding.js';
import { environmentBeyondText } from '../syscalls/given-texts.js';
import { type BecomeOptions, inPlaceOptions } from './become.js';
import { compile } from './compile/compile.js';
import type { CompileOptions } from './compile/context.js';
import { type ExplainFormat, explainPlan } from './explain/explain.js';
import type { ScriptOptions } from './explain/sh.js';
import { gatherFacts } from './gather.js';
import { parseSpec, requireObject } from './parse.js';
import {
  attachedOptions,
  checkSignal,
  deadlineOf,
  parseProcessSpec,
  type SpawnSpec,
} from './process-spec.js';
import type { SandboxSpec } from './spec.js';

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
 * @throws Isol8Error with the errno of a namespace to join that cannot be opened.
 * @throws UnsupportedError on another operating system or processor.
 */
export function explain(
  command: readonly string[],
  spec: SpawnSpec = {},
  options: ExplainOptions = {},
): string {
  requireObject(spec);
  const { env, signal, ...rest } = spec;
  checkSignal(signal);
  const { process, sandbox } = parseProcessSpec(rest);
  return explainWith(command, env === undefined ? sandbox : { ...sandbox, env }, {
    compile: attachedOptions(process),
    deadline: deadlineOf(process),
    ...options,
  });
}

/** @internal What {@link become} would do. */
export function explainInPlace(
  command: readonly string[],
  spec: SandboxSpec,
  { become, ...options }: ExplainOptions & { become: BecomeOptions } & ScriptOptions,
): string {
  const env = spec.env ?? environmentBeyondText();
  const whole = env ? { ...spec, env } : spec;
  return explainWith(command, whole, { compile: inPlaceOptions(become), ...options });
}

function explainWith(
  command: readonly string[],
  spec: SandboxSpec,
  { compile: how, ...options }: ExplainOptions & { compile: CompileOptions } & ScriptOptions,
): string {
  const parsed = parseSpec(command, spec);
  const { facts, owned } = gatherFacts(parsed);
  try {
    const { plan } = compile(parsed, facts, how);
    const { architecture, environment } = facts;
    return explainPlan(plan, { format: 'strace', ...options, architecture, environment });
  } finally {
    for (const descriptor of owned) closeDescriptor(descriptor);
  }
}
