import { SpecError } from '../../foundation/errors.js';
import { become } from '../../sandbox/become.js';
import { parseOptions } from '../getopt.js';
import { helpStyle, STDIN, STDOUT, terminalSize, write } from '../output.js';
import { PROGRAM } from '../usage-error.js';
import { runCommand } from './run-options.js';
import { type RunOptions, optionOf, specOf } from './run-spec.js';
import { parseWhole } from './run-values.js';

/** isol8 run. */
export async function run(argv: readonly string[]): Promise<number> {
  const options: RunOptions = parseOptions(runCommand, argv);
  try {
    return await runWith(options);
  } catch (error) {
    throw error instanceof SpecError ? new SpecError(optionOf(error.field, options), error.problem) : error;
  }
}

/** Where nothing is left to do after the start, the launcher takes this process's place. */
async function runWith(options: RunOptions): Promise<number> {
  if (options.has('help')) {
    const { renderHelp } = await import('../help.js');
    write(STDOUT, renderHelp(PROGRAM, runCommand, helpStyle()));
    return 0;
  }
  const command = options.operands.length > 0 ? options.operands : [process.env.SHELL || '/bin/sh'];
  const spec = specOf(options);
  if (options.has('explain')) {
    const { explainRun } = await import('./run-explain.js');
    write(STDOUT, explainRun(command, spec, options.last('explain')));
    return 0;
  }
  if (options.has('tty') || options.has('timeout')) {
    const { runAttached } = await import('./run-attached.js');
    return runAttached(command, spec, {
      tty: options.has('tty'),
      interactive: options.has('interactive') || !options.has('tty'),
      timeout: options.last('timeout'),
    });
  }
  const extra = parseWhole(options.last('preserve-fds') ?? '0', '--preserve-fds');
  if (extra < 0 || extra > 250) throw new SpecError('--preserve-fds', 'must be between 0 and 250');
  return become(command, spec, { descriptors: 3 + extra, terminal: terminalSize(STDIN) !== undefined });
}
