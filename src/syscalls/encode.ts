import { byteLength } from '../foundation/byte-text.js';
import type { Architecture } from './architecture.js';
import { CLONE, SIGNALS } from './constants.js';
import { errnoNumber } from './errno.js';
import { type FailureTexts, writeFailures } from './failure-table.js';
import type {
  Argument,
  CellReference,
  ExecStep,
  ForkStep,
  MemoryArgument,
  Plan,
  Step,
  SuperviseStep,
} from './plan.js';
import { checkEnd, flattenSteps } from './plan.js';
import { PlanMemory } from './plan-memory.js';
import { type SyscallName, syscallNumber } from './table.js';
import * as wire from './wire.js';

/**
 * Encodes a plan for the launcher. Throws RangeError when the plan is not well formed (a block that does not end, a
 * reference to nothing): that is a mistake in the compiler, never in a spec.
 */
export function encodePlan(plan: Plan, architecture: Architecture, failures?: FailureTexts): Uint8Array {
  return new Encoder(flattenSteps(plan.steps), architecture).encode(plan, failures);
}

/** A plan encoded but for one exec step's program, which {@link fillTemplate} adds. */
export interface PlanTemplate {
  /** Header, steps and data, as far as they are known. */
  readonly bytes: Uint8Array;
  /** The relocation table as far as it is known. */
  readonly relocations: Uint8Array;
  /** Offset of the open step. */
  readonly stepAt: number;
}

/** Encodes all of a plan but the program of `open`, one of its steps. */
export function encodeTemplate(plan: Plan, architecture: Architecture, open: ExecStep): PlanTemplate {
  return new Encoder(flattenSteps(plan.steps), architecture).template(plan, open);
}

/** The arguments of the clone call that a fork step makes. */
export function forkArguments(step: ForkStep): readonly Argument[] {
  const flags = step.call === 'vfork' ? step.flags | CLONE.VM | CLONE.VFORK : step.flags;
  if (step.call === 'clone3') {
    // With CLONE_PARENT the exit signal is the one that our own parent chose, and clone3(2) wants none given.
    const exitSignal = flags & CLONE.PARENT ? 0 : SIGNALS.SIGCHLD;
    // clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
    // cgroup
    return [{ words: [flags, 0, 0, 0, exitSignal, 0, 0, 0, 0, 0, 0] }, 88];
  }
  return [flags | SIGNALS.SIGCHLD, null];
}

/** The fields of a header that have 32 bits. */
type HeaderWords = Omit<typeof wire.HEADER_AT, 'version' | 'machine' | 'unused'>;

class Encoder {
  readonly #steps: readonly Step[];
  readonly #architecture: Architecture;
  readonly #memory: PlanMemory;
  readonly #index = new Map<Step, number>();
  readonly #results = new Map<string, number>();
  readonly #cells = new Map<string, { base: number; size: number }>();
  readonly #relocations: number[] = [];
  #open: ExecStep | undefined;
  /** Index of the step that is being encoded. */
  #current = 0;

  constructor(steps: readonly Step[], architecture: Architecture) {
    this.#steps = steps;
    this.#architecture = architecture;
    this.#memory = new PlanMemory(wire.HEADER.size + steps.length * wire.STEP.size, 16_384);
    for (const [index, step] of steps.entries()) {
      this.#index.set(step, index);
      if (step.id === undefined) continue;
      if (this.#results.has(step.id)) throw new RangeError(`two steps have the id ${step.id}`);
      this.#results.set(step.id, index);
    }
  }

  template(plan: Plan, open: ExecStep): PlanTemplate {
    this.#open = open;
    const bytes = this.encode(plan, undefined);
    const end = bytes.length - this.#relocations.length * 4;
    const stepAt = wire.HEADER.size + (this.#index.get(open) ?? Number.NaN) * wire.STEP.size;
    return { bytes: bytes.subarray(0, end), relocations: bytes.subarray(end), stepAt };
  }

  encode(plan: Plan, failures: FailureTexts | undefined): Uint8Array {
    checkEnd(plan.steps);
    const resultsAt = this.#memory.reserve(this.#steps.length * 8);
    for (const [index, step] of this.#steps.entries()) this.#step(step, index);
    // where there is nothing, anywhere inside will do
    const words = failures
      ? writeFailures(this.#memory, failures, this.#architecture)
      : { failureCount: 0, failuresAt: resultsAt, errnoNameCount: 0, errnoNamesAt: resultsAt };
    const relocationsAt = this.#relocationTable();
    this.#header({
      magic: wire.MAGIC,
      size: this.#memory.end,
      stepCount: this.#steps.length,
      relocationCount: this.#relocations.length / 3,
      relocationsAt,
      resultsAt,
      status: plan.status ?? -1,
      failedStatus: plan.failedStatus ?? wire.EXIT.failed,
      ...words,
    });
    if (this.#memory.end > wire.MAX_PLAN_SIZE)
      throw new RangeError('the plan is larger than the launcher takes');
    return this.#memory.finish();
  }

  #header(values: HeaderWords): void {
    for (const field of Object.keys(values) as (keyof HeaderWords)[])
      this.#memory.u32(wire.HEADER_AT[field], values[field]);
    this.#memory.u16(wire.HEADER_AT.version, wire.VERSION);
    this.#memory.u16(wire.HEADER_AT.machine, wire.MACHINE[this.#architecture]);
  }

  #step(step: Step, index: number): void {
    const base = wire.HEADER.size + index * wire.STEP.size;
    const firstRelocation = this.#relocations.length / 3;
    this.#current = index;
    this.#memory.u16(base + wire.STEP_AT.op, opOf(step));
    this.#memory.u32(base + wire.STEP_AT.call, this.#callNumber(step));
    if (step !== this.#open) this.#arguments(step, base + wire.STEP_AT.args);
    if (step.kind === 'call') this.#outcome(step, base);
    if (step.kind === 'fork') this.#memory.u32(base + wire.STEP_AT.child, this.#childOf(step));
    this.#memory.u32(base + wire.STEP_AT.firstRelocation, firstRelocation);
    this.#memory.u32(base + wire.STEP_AT.relocationCount, this.#relocations.length / 3 - firstRelocation);
  }

  #callNumber(step: Step): number {
    return step.kind === 'supervise' ? 0 : syscallNumber(syscallOf(step), this.#architecture);
  }

  #childOf(step: ForkStep): number {
    checkEnd(step.child);
    return this.#index.get(step.child[0] as Step) as number;
  }

  #arguments(step: Step, base: number): void {
    if (step.kind === 'exec') this.#exec(step, base);
    else if (step.kind === 'supervise') this.#supervise(step, base);
    else this.#callArguments(step.kind === 'fork' ? forkArguments(step) : step.args, base);
  }

  #callArguments(args: readonly Argument[], base: number): void {
    if (args.length > 6) throw new RangeError('a system call has at most six arguments');
    for (const [i, argument] of args.entries()) this.#argument(argument, base + 8 * i);
  }

  #supervise(step: SuperviseStep, base: number): void {
    const { child, as, diesWithParent, terminal } = step;
    this.#argument(child, base);
    this.#memory.word(base + 8, as === 'waiter' ? waiterBits(step) : 0);
    this.#memory.word(base + 16, as === 'init' ? Number(diesWithParent ?? false) : (terminal?.fd ?? -1));
    if (!terminal) return;
    // The launcher looks at the group itself, so it is given as an offset that it can check.
    this.#memory.word(base + 24, this.#memoryAt(terminal.group));
    this.#argument(terminal.settings, base + 32);
  }

  #exec(step: ExecStep, base: number): void {
    // The launcher walks the candidates itself, so they are given as an offset that it can check.
    this.#memory.word(base, this.#texts(step.candidates));
    const { argv } = step;
    if (areTexts(argv)) this.#address(base + 8, this.#texts(argv));
    else this.#argument({ words: [...argv, null] }, base + 8);
    this.#address(base + 16, this.#texts(step.env));
    this.#memory.word(base + 24, step.candidates.length);
  }

  #outcome(step: Extract<Step, { kind: 'call' }>, base: number): void {
    const tolerated = step.tolerate ?? [];
    if (tolerated.length > 3) throw new RangeError(`${step.call}: at most three tolerated errno values`);
    this.#memory.u16(base + wire.STEP_AT.toleratedCount, tolerated.length);
    for (const [i, name] of tolerated.entries()) {
      this.#memory.u16(base + wire.STEP_AT.tolerated + 2 * i, errnoNumber(name));
    }
    if (!step.expect) return;
    const { cell, equals, errno, told } = step.expect;
    const kind = cell ? wire.EXPECT.cell : wire.EXPECT.result;
    this.#memory.u32(base + wire.STEP_AT.expect, told ? kind | wire.EXPECT.told : kind);
    this.#memory.u32(base + wire.STEP_AT.expected, equals);
    this.#memory.u16(base + wire.STEP_AT.unexpectedErrno, errnoNumber(errno));
    if (cell) this.#memory.u32(base + wire.STEP_AT.expectedCell, this.#cell(cell));
  }

  #argument(argument: Argument, target: number): void {
    if (argument === null) return;
    if (typeof argument === 'number' || typeof argument === 'bigint') this.#memory.word(target, argument);
    else if (typeof argument === 'string') this.#address(target, this.#memory.text(argument));
    else if (argument instanceof Uint8Array) this.#address(target, this.#memory.block(argument));
    else if ('words' in argument) this.#address(target, this.#words(argument.words));
    else if ('memory' in argument) this.#address(target, this.#memoryAt(argument));
    else if ('cell' in argument) this.#relocate(target, wire.RELOCATE.cell, this.#cell(argument));
    else if ('result' in argument) {
      this.#relocate(target, wire.RELOCATE.result, this.#result(argument.result));
    } else this.#textWithDecimal(argument, target);
  }

  #textWithDecimal(argument: Extract<Argument, { text: unknown }>, target: number): void {
    const [before, reference, after] = argument.text;
    const textAt = this.#memory.text(before + argument.fill.repeat(wire.DECIMAL_SIZE) + after);
    this.#relocate(textAt + byteLength(before), wire.RELOCATE.decimal, this.#result(reference.result));
    this.#address(target, textAt);
  }

  #words(words: readonly Argument[]): number {
    const base = this.#memory.reserve(words.length * 8);
    for (const [i, word] of words.entries()) this.#argument(word, base + 8 * i);
    return base;
  }

  #texts(texts: readonly string[]): number {
    const base = this.#memory.vector(texts.length);
    this.#relocate(base, wire.RELOCATE.texts, this.#memory.texts(texts));
    return base;
  }

  /** Calls that name the same memory share it. */
  #memoryAt({ memory, size }: MemoryArgument): number {
    const known = this.#cells.get(memory);
    if (known && known.size !== size) throw new RangeError(`the memory ${memory} has two sizes`);
    if (known) return known.base;
    const base = this.#memory.reserve(size);
    this.#cells.set(memory, { base, size });
    return base;
  }

  #cell({ cell, at }: CellReference): number {
    const known = this.#cells.get(cell);
    if (!known) throw new RangeError(`no step before writes the memory ${cell}`);
    if (at < 0 || at % 4 !== 0 || at + 4 > known.size)
      throw new RangeError(`the memory ${cell} has no cell at ${at}`);
    return known.base + at;
  }

  /** The launcher refuses what has no value yet: a step's own result, and those encoded behind it. */
  #result(id: string): number {
    const index = this.#results.get(id);
    if (index === undefined || index >= this.#current)
      throw new RangeError(`no step before has the id ${id}`);
    return index;
  }

  #address(target: number, value: number): void {
    this.#relocate(target, wire.RELOCATE.address, value);
  }

  #relocate(target: number, kind: number, value: number): void {
    this.#relocations.push(target, kind, value);
  }

  #relocationTable(): number {
    const table = Uint32Array.from(this.#relocations);
    return this.#memory.block(new Uint8Array(table.buffer));
  }
}

function waiterBits({ forwards = true, endsAlike = false }: SuperviseStep): number {
  const { outside, keep, alike } = wire.WAITER;
  return outside | (forwards ? 0 : keep) | (endsAlike ? alike : 0);
}

const areTexts = (list: readonly Argument[]): list is readonly string[] =>
  list.every((argument) => typeof argument === 'string');

/** The system call that a step makes. */
export function syscallOf(step: Exclude<Step, SuperviseStep>): SyscallName {
  if (step.kind === 'exec') return 'execve';
  return step.call === 'vfork' ? 'clone' : step.call;
}

function opOf(step: Step): number {
  if (step.kind === 'fork') return step.call === 'vfork' ? wire.OP.vfork : wire.OP.fork;
  return wire.OP[step.kind];
}
