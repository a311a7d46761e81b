import type { Architecture } from './architecture.js';
import { CLONE, SIGNALS } from './constants.js';
import { ERRNO_NAMES, errnoNumber } from './errno.js';
import type { Argument, ExecStep, ForkStep, Plan, Step, SuperviseStep } from './plan.js';
import { flattenSteps } from './plan.js';
import { PlanMemory } from './plan-memory.js';
import { type SyscallName, syscallNumber } from './table.js';
import * as wire from './wire.js';

/** What the launcher prints when a step fails and there is no status channel. */
export interface FailureTexts {
  /** For each step, what failed: the errno's name is appended. */
  readonly heads: readonly string[];
  /** What an errno means, for one step or for all that make this call. */
  readonly causes: readonly FailureCause[];
}

export interface FailureCause {
  readonly where: { readonly step: number } | { readonly call: SyscallName };
  readonly errno: string;
  readonly text: string;
}

/**
 * Encodes a plan for the launcher. Throws RangeError when the plan is not well formed (a block that does not end, a
 * reference to nothing): that is a mistake in the compiler, never in a spec.
 */
export function encodePlan(
  plan: Plan,
  architecture: Architecture,
  failures?: FailureTexts,
): Uint8Array {
  return new Encoder(flattenSteps(plan.steps), architecture).encode(plan, failures);
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

const at = (layout: wire.Layout, field: string): number => layout.fields[field]?.at ?? Number.NaN;

const STEP_AT = {
  op: at(wire.STEP, 'op'),
  toleratedCount: at(wire.STEP, 'toleratedCount'),
  call: at(wire.STEP, 'call'),
  args: at(wire.STEP, 'args'),
  firstRelocation: at(wire.STEP, 'firstRelocation'),
  relocationCount: at(wire.STEP, 'relocationCount'),
  child: at(wire.STEP, 'child'),
  expect: at(wire.STEP, 'expect'),
  expectedCell: at(wire.STEP, 'expectedCell'),
  expected: at(wire.STEP, 'expected'),
  unexpectedErrno: at(wire.STEP, 'unexpectedErrno'),
  tolerated: at(wire.STEP, 'tolerated'),
};

class Encoder {
  readonly #steps: readonly Step[];
  readonly #architecture: Architecture;
  readonly #memory: PlanMemory;
  readonly #index = new Map<Step, number>();
  readonly #results = new Map<string, number>();
  readonly #cells = new Map<string, number>();
  readonly #relocations: number[] = [];

  constructor(steps: readonly Step[], architecture: Architecture) {
    this.#steps = steps;
    this.#architecture = architecture;
    this.#memory = new PlanMemory(wire.HEADER.size + steps.length * wire.STEP.size, 16_384);
    for (const [index, step] of steps.entries()) {
      this.#index.set(step, index);
      if (step.id !== undefined) this.#results.set(step.id, index);
    }
  }

  encode(plan: Plan, failures: FailureTexts | undefined): Uint8Array {
    checkEnd(plan.steps);
    const resultsAt = this.#memory.reserve(this.#steps.length * 8);
    for (const [index, step] of this.#steps.entries()) this.#step(step, index);
    const failuresAt = this.#failures(failures);
    const namesAt = failures ? this.#errnoNames() : resultsAt;
    const relocationsAt = this.#relocationTable();
    this.#header({
      magic: wire.MAGIC,
      size: this.#memory.end,
      stepCount: this.#steps.length,
      relocationCount: this.#relocations.length / 3,
      relocationsAt,
      resultsAt,
      status: plan.status ?? -1,
      failureCount: failures ? failures.heads.length + failures.causes.length : 0,
      failuresAt,
      errnoNameCount: failures ? ERRNO_NAMES.length : 0,
      errnoNamesAt: namesAt,
    });
    return this.#memory.finish();
  }

  #header(values: Record<string, number>): void {
    for (const [field, value] of Object.entries(values)) this.#memory.u32(at(wire.HEADER, field), value);
    this.#memory.u16(at(wire.HEADER, 'version'), wire.VERSION);
    this.#memory.u16(at(wire.HEADER, 'machine'), wire.MACHINE[this.#architecture]);
  }

  #step(step: Step, index: number): void {
    const base = wire.HEADER.size + index * wire.STEP.size;
    const firstRelocation = this.#relocations.length / 3;
    this.#memory.u16(base + STEP_AT.op, opOf(step));
    this.#memory.u32(base + STEP_AT.call, this.#callNumber(step));
    this.#arguments(step, base + STEP_AT.args);
    if (step.kind === 'call') this.#outcome(step, base);
    if (step.kind === 'fork') this.#memory.u32(base + STEP_AT.child, this.#childOf(step));
    this.#memory.u32(base + STEP_AT.firstRelocation, firstRelocation);
    this.#memory.u32(base + STEP_AT.relocationCount, this.#relocations.length / 3 - firstRelocation);
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
    else for (const [i, argument] of argumentsOf(step).entries()) this.#argument(argument, base + 8 * i);
  }

  #exec(step: ExecStep, base: number): void {
    // The launcher walks the candidates itself, so they are given as an offset that it can check.
    this.#memory.word(base, this.#words(step.candidates));
    this.#argument({ words: [...step.argv, null] }, base + 8);
    this.#argument({ words: [...step.env, null] }, base + 16);
    this.#memory.word(base + 24, step.candidates.length);
  }

  #outcome(step: Extract<Step, { kind: 'call' }>, base: number): void {
    const tolerated = step.tolerate ?? [];
    if (tolerated.length > 3) throw new RangeError(`${step.call}: at most three tolerated errno values`);
    this.#memory.u16(base + STEP_AT.toleratedCount, tolerated.length);
    for (const [i, name] of tolerated.entries()) {
      this.#memory.u16(base + STEP_AT.tolerated + 2 * i, errnoNumber(name));
    }
    if (!step.expect) return;
    const { cell, equals, errno } = step.expect;
    this.#memory.u32(base + STEP_AT.expect, cell ? wire.EXPECT.cell : wire.EXPECT.result);
    this.#memory.u32(base + STEP_AT.expected, equals);
    this.#memory.u16(base + STEP_AT.unexpectedErrno, errnoNumber(errno));
    if (cell) this.#memory.u32(base + STEP_AT.expectedCell, this.#cell(cell.cell) + cell.at);
  }

  #argument(argument: Argument, target: number): void {
    if (argument === null) return;
    if (typeof argument === 'number' || typeof argument === 'bigint') this.#memory.word(target, argument);
    else if (typeof argument === 'string') this.#address(target, this.#memory.text(argument));
    else if (argument instanceof Uint8Array) this.#address(target, this.#memory.block(argument));
    else if ('words' in argument) this.#address(target, this.#words(argument.words));
    else if ('memory' in argument) this.#address(target, this.#cell(argument.memory, argument.size));
    else if ('cell' in argument) {
      this.#relocate(target, wire.RELOCATE.cell, this.#cell(argument.cell) + argument.at);
    } else if ('result' in argument) {
      this.#relocate(target, wire.RELOCATE.result, this.#result(argument.result));
    } else this.#textWithDecimal(argument, target);
  }

  #textWithDecimal(argument: Extract<Argument, { text: unknown }>, target: number): void {
    const [before, reference, after] = argument.text;
    const textAt = this.#memory.text(before + argument.fill.repeat(wire.DECIMAL_SIZE) + after);
    this.#relocate(textAt + before.length, wire.RELOCATE.decimal, this.#result(reference.result));
    this.#address(target, textAt);
  }

  #words(words: readonly Argument[]): number {
    const base = this.#memory.reserve(words.length * 8);
    for (const [i, word] of words.entries()) this.#argument(word, base + 8 * i);
    return base;
  }

  #cell(name: string, size?: number): number {
    const known = this.#cells.get(name);
    if (known !== undefined) return known;
    if (size === undefined) throw new RangeError(`no step writes the memory ${name}`);
    const base = this.#memory.reserve(size);
    this.#cells.set(name, base);
    return base;
  }

  #result(id: string): number {
    const index = this.#results.get(id);
    if (index === undefined) throw new RangeError(`no step has the id ${id}`);
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

  #failures(failures: FailureTexts | undefined): number {
    if (!failures) return wire.HEADER.size + this.#steps.length * wire.STEP.size;
    const { heads, causes } = failures;
    const table = this.#memory.reserve((heads.length + causes.length) * wire.FAILURE.size);
    for (const [step, text] of heads.entries()) this.#failure(table, step, { step, call: 0, code: 0, text });
    for (const [i, { where, errno, text }] of causes.entries()) {
      const step = 'step' in where ? where.step : wire.ANY_STEP;
      const call = 'call' in where ? syscallNumber(where.call, this.#architecture) : 0;
      this.#failure(table, heads.length + i, { step, call, code: errnoNumber(errno), text });
    }
    return table;
  }

  #failure(table: number, index: number, row: { step: number; call: number; code: number; text: string }): void {
    const base = table + index * wire.FAILURE.size;
    const textAt = this.#memory.text(row.text);
    for (const [i, value] of [row.step, row.call, row.code, textAt, this.#memory.end - 1 - textAt].entries()) {
      this.#memory.u32(base + 4 * i, value);
    }
  }

  /** One text for all: the executable starts cold, and a loop over bytes there costs more than the kernel's part. */
  #errnoNames(): number {
    return this.#memory.text(ERRNO_NAMES.map((name) => name.padEnd(wire.ERRNO_NAME_SIZE, '\0')).join(''));
  }
}

/** The system call that a step makes. */
export function syscallOf(step: Exclude<Step, SuperviseStep>): SyscallName {
  if (step.kind === 'exec') return 'execve';
  return step.call === 'vfork' ? 'clone' : step.call;
}

function opOf(step: Step): number {
  if (step.kind === 'fork') return step.call === 'vfork' ? wire.OP.vfork : wire.OP.fork;
  return wire.OP[step.kind];
}

function argumentsOf(step: Exclude<Step, ExecStep>): readonly Argument[] {
  if (step.kind === 'fork') return forkArguments(step);
  if (step.kind === 'supervise') {
    const { fd, group, settings } = step.terminal ?? { fd: -1, group: null, settings: null };
    return [step.child, step.as === 'waiter' ? 1 : 0, fd, group, settings];
  }
  return step.args;
}

/** A block must not run on into the one that is encoded behind it. */
function checkEnd(block: readonly Step[]): void {
  const last = block.at(-1);
  const ends =
    last?.kind === 'exec' ||
    (last?.kind === 'supervise' && last.as === 'init') ||
    (last?.kind === 'call' && last.call === 'exit_group');
  if (!ends) throw new RangeError('a block of a plan must end with exec, exit_group or supervise as init');
}
