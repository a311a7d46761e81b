import type { Architecture } from '../../syscalls/architecture.js';
import type { Plan } from '../../syscalls/plan.js';
import { explainAsC } from './c.js';
import { explainAsJson } from './json.js';
import { explained } from './run-time.js';
import { explainAsSh } from './sh.js';
import type { Deadline } from './sh-attached.js';
import { explainAsStrace } from './strace.js';

export const EXPLAIN_FORMATS = ['strace', 'c', 'sh', 'json'] as const;

/**
 * `strace`: as strace(1) prints system calls. `c`: a C program. `sh`: a shell script. `json`: the plan as data.
 *
 * A shell looks the program up in PATH as isol8 does, but takes a file that execve(2) refuses with ENOEXEC for a script of
 * its own; isol8 ends with 126 there.
 */
export type ExplainFormat = (typeof EXPLAIN_FORMATS)[number];

export interface ExplainOptions {
  readonly format: ExplainFormat;
  readonly architecture: Architecture;
  /** Print the values of environment variables too; they may be secrets. Default false: `NAME=…`. */
  readonly showEnvironment?: boolean;
  /** For `sh`: the variables that a script starts with, and passes on by their names. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** For `sh`: commands before the plan's, which then go on in the same process. */
  readonly before?: readonly string[];
  /** For `sh`: when the process is killed. */
  readonly deadline?: Deadline | undefined;
}

/**
 * A plan as text: what strace(1) would show when it runs (`strace`), a C program (`c`), shell commands (`sh`), or
 * {@link ExplainedPlan} (`json`). It is made from the same plan that runs, and ends with a newline.
 */
export function explainPlan(plan: Plan, options: ExplainOptions): string {
  const context = explained(plan, options);
  switch (options.format) {
    case 'strace':
      return explainAsStrace(plan.steps, context);
    case 'c':
      return explainAsC(plan, context);
    case 'sh':
      return explainAsSh(plan, context, options);
    case 'json':
      return explainAsJson(plan, context);
  }
}
