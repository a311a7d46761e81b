import type { Step } from '../../syscalls/plan.js';
import type { Facts } from '../facts.js';
import type { Locks } from '../locks.js';

export interface Circumstances {
  readonly step: Step;
  readonly facts: Facts;
  readonly locks: Locks;
}

export interface Cause {
  readonly calls: readonly string[];
  readonly errnos: readonly string[];
  /** A text for every step that makes the call, or one that depends on the step: undefined when it does not apply. */
  readonly explain: string | ((circumstances: Circumstances) => string | undefined);
}

export const cause = (calls: string, errnos: string, explain: Cause['explain']): Cause => ({
  calls: calls.split(' '),
  errnos: errnos.split(' '),
  explain,
});

const objectOf = (step: Step): string => step.object ?? '';

/** A text for the steps that are so. */
export const when =
  (applies: (circumstances: Circumstances) => boolean, text: string): Cause['explain'] =>
  (circumstances) =>
    applies(circumstances) ? text : undefined;

/** Whether the step's object is called so. */
export const about =
  (object: RegExp) =>
  ({ step }: Circumstances): boolean =>
    object.test(objectOf(step));
