import { Isol8Error } from '../foundation/errors.js';

/** The program's name in messages. */
export const PROGRAM = 'isol8';

/** How a command is called, for messages: `isol8 run`; a spec named as the program is the program itself. */
export function commandLine(command: string): string {
  return command === PROGRAM ? PROGRAM : `${PROGRAM} ${command}`;
}

/**
 * A command line that cannot be as it is. The first line of `message` is the problem in getopt's and util-linux's
 * words; what was probably meant and where the help is follow on lines of their own.
 */
export class UsageError extends Isol8Error {
  override readonly name = 'UsageError';
  /** The first line of `message` alone. */
  readonly problem: string;
  /** What was probably meant: `--hostname`. */
  readonly suggestion: string | undefined;

  constructor(problem: string, context: { command?: string; suggestion?: string | undefined } = {}) {
    const lines = [problem];
    if (context.suggestion !== undefined) lines.push(`Did you mean '${context.suggestion}'?`);
    lines.push(`Try '${commandLine(context.command ?? PROGRAM)} --help' for more information.`);
    super('ERR_USAGE', lines.join('\n'));
    this.problem = problem;
    this.suggestion = context.suggestion;
  }
}
