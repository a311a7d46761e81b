import { escapeControls } from '../../foundation/control-characters.js';
import { encodePlan, syscallOf } from '../../syscalls/encode.js';
import { ERRNO_TEXTS } from '../../syscalls/errno-text.js';
import type { FailureTexts } from '../../syscalls/failure-table.js';
import { becomeLauncher, SLOT } from '../../syscalls/launch.js';
import { flattenSteps, type Plan, type Step } from '../../syscalls/plan.js';
import { causesOfPlan } from '../causes.js';
import type { Facts } from '../facts.js';
import { inWords, type Wording } from '../wording.js';

/** util-linux's commands end so when something but the program's execve fails. */
export const EXIT_FAILURE = 1;

/** A plan for this very process, and what it finds behind the standard descriptors. */
export interface InPlacePlan {
  readonly plan: Plan;
  /** Those of this process that keep their numbers, as {@link InPlaceProgram} has them. */
  readonly passed: readonly number[];
  /** Those of this process that the launcher has from {@link firstDescriptor} on. */
  readonly descriptors: readonly number[];
}

const STANDARD = 3;
const placeOfPlan = (passed: readonly number[]): number => (passed.at(-1) ?? STANDARD - 1) + 1;

/** Behind what keeps its number, and the plan itself. */
export const firstDescriptor = (passed: readonly number[]): number => placeOfPlan(passed) + 1;

/**
 * Replaces this process by the launcher, which runs the plan and tells of a failure in util-linux's words:
 * `isol8 unshare: unshare failed: Operation not permitted`, and what that means on a line of its own.
 *
 * @throws SystemCallError when this process could not be replaced; otherwise it does not return.
 */
export function becomePlan(name: string, { plan, passed, descriptors }: InPlacePlan, facts: Facts): never {
  const bytes = encodePlan(plan, facts.architecture, words(name, plan, facts));
  const kept = Array.from({ length: placeOfPlan(passed) }, (_, fd) =>
    fd < STANDARD || passed.includes(fd) ? fd : SLOT.empty,
  );
  return becomeLauncher(bytes, [...kept, SLOT.plan, ...descriptors]);
}

/** What their options call the fields that general causes speak of. */
const OPTIONS: Readonly<Record<string, string>> = {
  'setgroups: deny': '--setgroups=deny',
  'propagation: unchanged': '--propagation=unchanged',
  keepCapabilities: '--keep-caps',
};
const asOption: Wording = (field) => OPTIONS[field] ?? field;

/** util-linux's words for every errno, and ours on a second line. */
function words(name: string, plan: Plan, facts: Facts): FailureTexts {
  const steps = flattenSteps(plan.steps);
  const causes = causesOfPlan(
    steps,
    facts,
    ({ errno, text }) => `${ERRNO_TEXTS[errno] ?? errno}\n${inWords(text, asOption)}`,
  );
  const all = Object.entries(ERRNO_TEXTS).map(([errno, text]) => ({
    where: { call: 'any' as const },
    errno,
    text,
  }));
  const heads = steps.map((step) => `${name}: ${escapeControls(failureOf(step))}: `);
  return { heads, causes: [...causes, ...all], nameless: true };
}

const failureOf = (step: Step): string =>
  step.object ?? (step.kind === 'supervise' ? 'waitpid failed' : `${syscallOf(step)} failed`);
