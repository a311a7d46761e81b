/**
 * A plan as JSON for programs: {@link ExplainedPlan}. Numbers come with the names they go by; steps are nested as the
 * processes are; `step` is the number that an error names.
 */
import { forkArguments } from '../../syscalls/encode.js';
import type { Argument, Plan, Step, SuperviseStep } from '../../syscalls/plan.js';
import { type ArgumentFormat, syscallNumber } from '../../syscalls/table.js';
import { formatsOf } from './call-formats.js';
import { type Explained, shownVariable } from './run-time.js';
import { straceValue } from './strace-values.js';

/** What `--explain=json` prints. New members may be added; these keep their meaning. */
export interface ExplainedPlan {
  readonly version: 1;
  /** Node's name of the processor that the system call numbers belong to. */
  readonly architecture: string;
  /** Descriptor on which failures and the program's end are reported. */
  readonly status?: number;
  readonly steps: readonly ExplainedStep[];
}

export interface ExplainedStep {
  readonly step: number;
  readonly kind: 'call' | 'fork' | 'exec' | 'supervise';
  readonly why: string;
  readonly id?: string;
  readonly field?: string;
  readonly object?: string;
  readonly shell?: readonly string[];
  /** call and fork: name and number of the system call. */
  readonly call?: { readonly name: string; readonly number: number };
  readonly args?: readonly ExplainedArgument[];
  /** Errno values that do not count as failure. */
  readonly tolerate?: readonly string[];
  readonly expect?: unknown;
  /** fork: what the child does. */
  readonly child?: readonly ExplainedStep[];
  /** exec. */
  readonly candidates?: readonly string[];
  readonly argv?: readonly ExplainedArgument[];
  /** exec: `NAME=value`, or `NAME=…` when values are hidden. */
  readonly env?: readonly string[];
  /** supervise. */
  readonly supervised?: { readonly result: string };
  readonly as?: 'init' | 'waiter';
  /** supervise: the terminal to take back, and the memory that says what to. */
  readonly terminal?: SuperviseStep['terminal'];
}

/**
 * `shown` is how strace(1) shows the argument. Beside it stands one of: `number` (a string when it does not fit into
 * a JSON number), `text`, `bytes` (hexadecimal), `words` (of 64 bits), `textWith` (text around the result of a step),
 * `memory` and `size` (written by the call), `result` (of the step with that id), `cell` and `at` (a 32-bit number in
 * memory).
 */
export interface ExplainedArgument {
  readonly shown: string;
  readonly number?: number | string;
  readonly text?: string;
  readonly bytes?: string;
  readonly words?: readonly ExplainedArgument[];
  readonly textWith?: { readonly before: string; readonly result: string; readonly after: string };
  readonly memory?: string;
  readonly size?: number;
  readonly result?: string;
  readonly cell?: string;
  readonly at?: number;
}

export function explainAsJson(plan: Plan, context: Explained): string {
  const explained: ExplainedPlan = {
    version: 1,
    architecture: context.architecture,
    ...(plan.status === undefined ? {} : { status: plan.status }),
    steps: explainSteps(plan.steps, context),
  };
  return `${JSON.stringify(explained, undefined, 2)}\n`;
}

function explainSteps(steps: readonly Step[], context: Explained): ExplainedStep[] {
  return steps.map((step) => {
    const { kind, why, id, field, object, shell } = step;
    // JSON.stringify leaves out what is undefined
    const common = { step: context.number.get(step) ?? 0, kind, why, id, field, object, shell };
    return { ...common, ...details(step, context) } as ExplainedStep;
  });
}

function details(step: Step, context: Explained): object {
  if (step.kind === 'supervise') return { supervised: step.child, as: step.as, terminal: step.terminal };
  if (step.kind === 'exec') {
    const argv = step.argv.map((word) => explainArgument(word, 'text', context));
    return { candidates: step.candidates, argv, env: step.env.map((text) => shownVariable(text, context)) };
  }
  if (step.kind === 'fork') return forkDetails(step, context);
  const formats = formatsOf(step);
  const args = step.args.map((argument, i) => explainArgument(argument, formats[i] ?? 'number', context));
  const call = { name: step.call, number: syscallNumber(step.call, context.architecture) };
  return { call, args, tolerate: step.tolerate, expect: step.expect };
}

function forkDetails(step: Extract<Step, { kind: 'fork' }>, context: Explained): object {
  const name = step.call === 'clone3' ? 'clone3' : 'clone';
  const formats: ArgumentFormat[] =
    name === 'clone3' ? ['struct:cloneargs', 'number'] : ['flags:cloneold', 'address'];
  const args = forkArguments(step).map((argument, i) =>
    explainArgument(argument, formats[i] ?? 'number', context),
  );
  const call = { name, number: syscallNumber(name, context.architecture) };
  return { call, args, child: explainSteps(step.child, context) };
}

function explainArgument(argument: Argument, format: ArgumentFormat, context: Explained): ExplainedArgument {
  const shown = straceValue(argument, format, context);
  if (argument === null) return { shown, number: 0 };
  if (typeof argument === 'number') return { shown, number: argument };
  if (typeof argument === 'bigint') return { shown, number: String(argument) };
  if (typeof argument === 'string') return { shown, text: argument };
  if (argument instanceof Uint8Array) return { shown, bytes: hex(argument) };
  if ('words' in argument) {
    return { shown, words: argument.words.map((word) => explainArgument(word, 'number', context)) };
  }
  if (!('text' in argument)) return { shown, ...argument };
  const [before, { result }, after] = argument.text;
  return { shown, textWith: { before, result, after } };
}

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
