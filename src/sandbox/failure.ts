import { escapeControls } from '../foundation/control-characters.js';
import { syscallOf } from '../syscalls/encode.js';
import type { FailureTexts } from '../syscalls/failure-table.js';
import { OUTSIDE_STEP } from '../syscalls/launch.js';
import { flattenSteps, type Plan, type Step } from '../syscalls/plan.js';
import { causesOfPlan, launcherCause, likelyCause } from './causes.js';
import type { Facts } from './facts.js';
import { readLocks } from './locks.js';
import { StepError } from './step-error.js';
import { asField, inWords, type Wording } from './wording.js';

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
  const steps = flattenSteps(plan.steps);
  return {
    heads: steps.map((step) => `${name}: ${escapeControls(headOf(step))}: `),
    places: steps.map((step, index) => escapeControls(placeOf(step, index, steps))),
    causes: causesOfPlan(steps, facts, ({ text }) => `. ${inWords(text, wording)}`),
  };
}
