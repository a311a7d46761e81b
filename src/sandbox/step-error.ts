import { escapeControls } from '../foundation/control-characters.js';
import { Isol8Error } from '../foundation/errors.js';
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

  /** @internal */
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
