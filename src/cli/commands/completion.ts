import { SHELLS, type Shell } from '../completion.js';
import { parseOptions } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import type { CommandSpec } from '../options.js';
import { STDOUT, write } from '../output.js';
import { UsageError } from '../usage-error.js';

export const completionCommand = {
  name: 'completion',
  summary: 'Print a completion script for a shell',
  usage: ['bash|zsh|fish'],
  description: 'Load what this prints in the shell: it completes commands, options and their values.',
  operands: 'any',
  operand: { choices: ['bash', 'zsh', 'fish'] },
  options: [{ name: 'help', short: 'h', group: 'Options', help: 'Show this help.' }],
  examples: [
    { text: 'For this bash', command: 'source <(isol8 completion bash)' },
    { text: 'For every zsh, when ~/.zfunc is in fpath', command: 'isol8 completion zsh > ~/.zfunc/_isol8' },
    { text: 'For every fish', command: 'isol8 completion fish > ~/.config/fish/completions/isol8.fish' },
  ],
} as const satisfies CommandSpec;

/** isol8 completion. */
export async function completion(argv: readonly string[]): Promise<number> {
  const options = parseOptions(completionCommand, argv);
  if (await answersHelp(options, completionCommand)) return 0;
  const [shell, ...rest] = options.operands;
  if (!SHELLS.includes(shell as Shell) || rest.length > 0) {
    throw new UsageError(`give one of ${SHELLS.join(', ')}`, { command: 'completion' });
  }
  const [{ renderCompletion }, { COMMANDS, program }] = await Promise.all([
    import('../completion.js'),
    import('./table.js'),
  ]);
  write(STDOUT, renderCompletion(shell as Shell, program, COMMANDS));
  return 0;
}
