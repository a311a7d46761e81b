import { isMainThread } from 'node:worker_threads';
import { loadAddon } from '../syscalls/addon.js';
import { closeDescriptor } from '../syscalls/binding.js';
import { encodeTemplate, type PlanTemplate } from '../syscalls/encode.js';
import { type ExecStep, flattenSteps, type Step } from '../syscalls/plan.js';
import { fillTemplate, type PackedTexts, type Program } from '../syscalls/plan-template.js';
import { type Compiled, compile } from './compile/compile.js';
import type { CompileOptions } from './compile/context.js';
import { candidates, DEFAULT_PATH, programOf } from './compile/program.js';
import type { CallerFacts, Facts } from './facts.js';
import { fromThread, threadPlace } from './from-thread.js';
import { gatherFacts } from './gather.js';
import type { ParsedProgram, ParsedSandbox, ParsedSpec } from './parsed-spec.js';

/** All that a launch needs. */
export interface PreparedPlan {
  readonly spec: () => ParsedSpec;
  readonly facts: Facts;
  /** Descriptors that the plan uses; the receiver's to close. */
  readonly owned: readonly number[];
  /** Of a start with the same spec, perhaps of another program: its plan ends with that one's execve. */
  readonly compiled: Compiled;
  /** Good until the next plan is prepared. */
  readonly bytes: Uint8Array;
}

/** A compiled plan and its encoding, without the program. */
interface ProgramlessPlan {
  readonly caller: CallerFacts;
  readonly compiled: Compiled;
  readonly template: PlanTemplate;
}

/**
 * The plans of one sandbox. Most programs start the same sandbox over and over, with nothing but the command and the
 * environment changed: then all but those is taken from the start before, which is sound since compiling is a pure function
 * of the spec and the caller.
 */
export class SandboxPlans {
  readonly #sandbox: ParsedSandbox;
  readonly #options: CompileOptions;
  #kept: ProgramlessPlan | undefined;

  constructor(sandbox: ParsedSandbox, options: CompileOptions) {
    this.#sandbox = sandbox;
    this.#options = options;
  }

  get sandbox(): ParsedSandbox {
    return this.#sandbox;
  }

  /** The plan for a program. Throws SpecError. */
  prepare(program: ParsedProgram): PreparedPlan {
    const sandbox = fromThread(this.#sandbox);
    const { facts, owned, caller, callerOnly } = gatherFacts(sandbox, threadPlace());
    try {
      const fits = callerOnly && this.#kept?.caller === caller;
      const plan = fits
        ? (this.#kept as ProgramlessPlan)
        : this.#compile({ ...sandbox, ...program }, facts, caller);
      if (callerOnly) this.#kept = plan;
      const bytes = fillTemplate(plan.template, programNow(program, facts));
      return { spec: () => ({ ...sandbox, ...program }), facts, owned, compiled: plan.compiled, bytes };
    } catch (error) {
      for (const descriptor of owned) closeDescriptor(descriptor);
      throw error;
    }
  }

  /** What a prepared plan consists of: for errors, which name its steps. */
  stepsOf({ spec, facts }: PreparedPlan): Compiled['plan'] {
    return compile(spec(), facts, this.#options).plan;
  }

  #compile(spec: ParsedSpec, facts: Facts, caller: CallerFacts): ProgramlessPlan {
    // the environment is left open, as the command is
    const compiled = compile({ ...spec, env: {} }, facts, this.#options);
    // newuidmap and newgidmap are executed, too
    const isProgram = (step: Step): step is ExecStep => step.kind === 'exec' && step.field === 'command';
    const open = flattenSteps(compiled.plan.steps).find(isProgram) as ExecStep;
    return { caller, compiled, template: encodeTemplate(compiled.plan, facts.architecture, open) };
  }
}

/**
 * In Node's main thread process.env is the process's own environment, which C reads much faster, and as it is. Elsewhere, and
 * where a spec says `env: process.env`, what is no UTF-8 is what the runtime has made of it: U+FFFD.
 */
const environmentIsOurs = isMainThread && !('Bun' in globalThis);

function programNow({ command, env }: ParsedProgram, facts: Facts): Program {
  if (env !== undefined || !environmentIsOurs) return programOf({ command, env }, facts.environment);
  const [program] = command;
  const paths = program.includes('/') ? [program] : candidates(program, process.env.PATH ?? DEFAULT_PATH);
  return { candidates: paths, argv: command, env: ownEnvironment() };
}

let room = new Uint32Array(4096);

/** Good until the next call. */
function ownEnvironment(): PackedTexts {
  for (;;) {
    loadAddon().environment(room);
    const [count, size] = room as unknown as [number, number];
    if (size <= room.byteLength - 8) return { count, bytes: new Uint8Array(room.buffer, 8, size) };
    room = new Uint32Array(size); // four times as much
  }
}
