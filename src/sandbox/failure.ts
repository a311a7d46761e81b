import { escapeControls } from '../foundation/control-characters.js';
import { Isol8Error } from '../foundation/errors.js';
import { syscallOf } from '../syscalls/encode.js';
import type { FailureTexts } from '../syscalls/failure-table.js';
import { OUTSIDE_STEP } from '../syscalls/launch.js';
import { flattenSteps, type Plan, type Step } from '../syscalls/plan.js';
import { generalCauses, launcherCause, likelyCause, specificCauses } from './causes.js';
import type { Facts } from './facts.js';
import { readLocks } from './locks.js';
import { asField, inWords, type Wording } from './wording.js';

/** A step of a plan that failed; nothing of what the plan had made is left. `code` is the errno's name. */
export class StepError extends Isol8Error {
  override readonly name = 'StepError';
  /** The system call. */
  readonly syscall: string;
  /** The step's number, from 1, and how many the plan has; 0 when the launcher itself could not be started. */
  readonly step: number;
  readonly steps: number;
  /** The field of the spec that asked for the step. */
  readonly field: string | undefined;
  /** @internal What failed where, and its cause before it is worded. */
  readonly parts: { readonly head: string; readonly cause: string };

  constructor(
    errno: string,
    parts: { head: string; cause: string },
    where: { syscall: string; step: number; steps: number; field?: string | undefined },
  ) {
    super(errno, worded(parts, asField));
    this.parts = parts;
    this.syscall = where.syscall;
    this.step = where.step;
    this.steps = where.steps;
    this.field = where.field;
  }
}

const worded = ({ head, cause }: StepError['parts'], wording: Wording): string =>
  head + (cause && `. ${inWords(cause, wording)}`);

/** The same error for a terminal, in other words than the spec's. */
export function reworded(error: StepError, wording: Wording): StepError {
  const { head, cause } = error.parts;
  return new StepError(error.code, { head: escapeControls(head), cause: inWords(cause, wording) }, error);
}

const callOf = (step: Step): string => (step.kind === 'supervise' ? 'wait' : syscallOf(step));

const headOf = (step: Step): string => [callOf(step), step.object].filter(Boolean).join(' ');

const placeOf = (step: Step, index: number, steps: readonly Step[]): string =>
  ` (step ${index + 1} of ${steps.length}: ${step.why})`;

/** The error for step `index` (as encoded) of a plan. */
export function stepError(plan: Plan, facts: Facts, failed: { index: number; errno: string }): StepError {
  const { index, errno } = failed;
  const steps = flattenSteps(plan.steps);
  const step = steps[index];
  if (!step) {
    const what = OUTSIDE_STEP[index] ?? 'start the launcher';
    const cause = launcherCause(errno, readLocks());
    const parts = { head: `${what}: ${errno}`, cause };
    return new StepError(errno, parts, { syscall: what, step: 0, steps: steps.length });
  }
  const cause = likelyCause({ step, facts, locks: readLocks() }, errno);
  const head = `${headOf(step)}: ${errno}${placeOf(step, index, steps)}`;
  return new StepError(
    errno,
    { head, cause },
    {
      syscall: callOf(step),
      step: index + 1,
      steps: steps.length,
      field: step.field,
    },
  );
}

/** What a launcher says in place of the command `name`. */
export interface FailureWords {
  readonly name: string;
  readonly wording: Wording;
}

/** The same in advance, for a launcher that has nobody to report to. */
export function failureTexts(
  plan: Plan,
  facts: Facts,
  { name, wording }: FailureWords = { name: 'isol8', wording: asField },
): FailureTexts {
  const locks = readLocks();
  const steps = flattenSteps(plan.steps);
  const calls = new Set(steps.flatMap((step) => (step.kind === 'supervise' ? [] : [syscallOf(step)])));
  const specific = steps.flatMap((step, index) =>
    specificCauses({ step, facts, locks }).map(({ errno, text }) => ({
      where: { step: index },
      errno,
      text,
    })),
  );
  const general = [...calls].flatMap((call) =>
    generalCauses(call, locks).map(({ errno, text }) => ({ where: { call }, errno, text })),
  );
  return {
    heads: steps.map((step) => `${name}: ${escapeControls(headOf(step))}: `),
    places: steps.map((step, index) => escapeControls(placeOf(step, index, steps))),
    causes: [...specific, ...general].map((cause) => ({
      ...cause,
      text: `. ${inWords(cause.text, wording)}`,
    })),
  };
}
