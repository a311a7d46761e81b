import { isMainThread } from 'node:worker_threads';
import { plainKey, Recent } from '../foundation/recent.js';
import { loadAddon } from '../syscalls/addon.js';
import { closeDescriptor } from '../syscalls/binding.js';
import { encodeTemplate, type PlanTemplate } from '../syscalls/encode.js';
import { type ExecStep, flattenSteps, type Step } from '../syscalls/plan.js';
import { fillTemplate, type Program } from '../syscalls/plan-template.js';
import { type Compiled, compile } from './compile/compile.js';
import type { CompileOptions } from './compile/context.js';
import { candidates, DEFAULT_PATH, programOf } from './compile/program.js';
import type { CallerFacts } from './facts.js';
import { type Gathered, gatherFacts } from './gather.js';
import { completeSpec, parseSandbox } from './parse.js';
import type { ParsedSandbox, ParsedSpec } from './parsed-spec.js';
import type { SandboxSpec } from './spec.js';

/** All that a launch needs. The descriptors in `gathered.owned` are the receiver's. */
export interface PreparedPlan {
  readonly spec: ParsedSpec;
  readonly gathered: Gathered;
  /** Of a start with the same spec, perhaps of another program: its plan ends with that one's execve. */
  readonly compiled: Compiled;
  readonly bytes: Uint8Array;
}

/** A compiled plan and its encoding, without the program. */
interface ProgramlessPlan {
  readonly caller: CallerFacts;
  readonly compiled: Compiled;
  readonly template: PlanTemplate;
}

/** Enough for a program that mixes sandboxes of several kinds; each takes some 10 KB. */
const specs = new Recent<ParsedSandbox>(32);
const plans = new Recent<ProgramlessPlan>(32);

/**
 * From command and spec to an encoded plan. Most programs start the same sandbox over and over, with nothing but the
 * command and the environment changed: then all but those is taken from the start before, which is sound since parsing and
 * compiling are pure functions of the spec and the caller. Throws SpecError.
 */
export function preparePlan(
  command: readonly string[],
  spec: SandboxSpec,
  options: CompileOptions,
): PreparedPlan {
  const { env, ...sandbox } = spec;
  const key = plainKey(sandbox);
  const parsed = completeSpec(
    specs.get(key, () => parseSandbox(sandbox)),
    command,
    env,
  );
  const gathered = gatherFacts(parsed);
  try {
    return fromFacts(parsed, gathered, { options, key });
  } catch (error) {
    for (const descriptor of gathered.owned) closeDescriptor(descriptor);
    throw error;
  }
}

function fromFacts(
  spec: ParsedSpec,
  gathered: Gathered,
  { options, key }: { options: CompileOptions; key: string | undefined },
): PreparedPlan {
  const { caller, facts, callerOnly } = gathered;
  const planKey =
    callerOnly && key !== undefined ? `${options.descriptors} ${options.terminal} ${key}` : undefined;
  const make = (): ProgramlessPlan => ({
    caller,
    ...withoutProgram(compile(spec, facts, options), gathered),
  });
  const { compiled, template } = plans.get(planKey, make, (plan) => plan.caller === caller);
  return { spec, gathered, compiled, bytes: fillTemplate(template, programNow(spec, gathered)) };
}

function withoutProgram(compiled: Compiled, { facts }: Gathered): Omit<ProgramlessPlan, 'caller'> {
  // newuidmap and newgidmap are executed, too
  const isProgram = (step: Step): step is ExecStep => step.kind === 'exec' && step.field === 'command';
  const program = flattenSteps(compiled.plan.steps).find(isProgram) as ExecStep;
  return { compiled, template: encodeTemplate(compiled.plan, facts.architecture, program) };
}

/** In Node's main thread process.env is the process's own environment, which C reads much faster. */
const environmentIsOurs = isMainThread && !('Bun' in globalThis);

function programNow(spec: ParsedSpec, { facts }: Gathered): Program {
  if (spec.env !== undefined || !environmentIsOurs) return programOf(spec, facts.environment);
  const path = process.env.PATH ?? DEFAULT_PATH;
  return {
    candidates: candidates(spec.command[0], path),
    argv: spec.command,
    env: loadAddon().environment(),
  };
}
