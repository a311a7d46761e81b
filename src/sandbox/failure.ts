import { Isol8Error } from '../foundation/errors.js';
import { syscallOf } from '../syscalls/encode.js';
import type { FailureTexts } from '../syscalls/failure-table.js';
import { OUTSIDE_STEP } from '../syscalls/launch.js';
import { flattenSteps, type Plan, type Step } from '../syscalls/plan.js';
import { generalCauses, launcherCause, likelyCause, specificCauses } from './causes.js';
import type { Facts } from './facts.js';
import { readLocks } from './locks.js';

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

  constructor(
    errno: string,
    message: string,
    where: { syscall: string; step: number; steps: number; field?: string | undefined },
  ) {
    super(errno, message);
    this.syscall = where.syscall;
    this.step = where.step;
    this.steps = where.steps;
    this.field = where.field;
  }
}

const callOf = (step: Step): string => (step.kind === 'supervise' ? 'wait' : syscallOf(step));

const headOf = (step: Step): string => [callOf(step), step.object].filter(Boolean).join(' ');

/** The error for step `index` (as encoded) of a plan. */
export function stepError(plan: Plan, facts: Facts, failed: { index: number; errno: string }): StepError {
  const { index, errno } = failed;
  const steps = flattenSteps(plan.steps);
  const step = steps[index];
  if (!step) {
    const what = OUTSIDE_STEP[index] ?? 'start the launcher';
    const cause = launcherCause(errno, readLocks());
    return new StepError(errno, `${what}: ${errno}${cause && `. ${cause}`}`, {
      syscall: what,
      step: 0,
      steps: steps.length,
    });
  }
  const cause = likelyCause({ step, facts, locks: readLocks() }, errno);
  const place = `step ${index + 1} of ${steps.length}: ${step.why}`;
  const message = `${headOf(step)}: ${errno} (${place})${cause && `. ${cause}`}`;
  return new StepError(errno, message, {
    syscall: callOf(step),
    step: index + 1,
    steps: steps.length,
    field: step.field,
  });
}

/** The same in advance, for a launcher that has nobody to report to. */
export function failureTexts(plan: Plan, facts: Facts): FailureTexts {
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
    heads: steps.map((step) => `isol8: ${headOf(step)}: `),
    causes: [...specific, ...general].map((cause) => ({ ...cause, text: `. ${cause.text}` })),
  };
}
