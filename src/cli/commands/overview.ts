import { EXIT } from '../../syscalls/wire.js';
import { parseOptions } from '../getopt.js';
import { renderOverview } from '../help.js';
import { helpStyle, STDERR, STDOUT, write } from '../output.js';
import { closest } from '../suggest.js';
import { UsageError } from '../usage-error.js';
import { VERSION } from '../version.js';
import { COMMANDS, program } from './table.js';

/** isol8 without a command it knows: the help, the version, or what is wrong. */
export function overview(argv: readonly string[]): number {
  const options = parseOptions(program, argv);
  const [name] = options.operands;
  if (options.has('version')) {
    write(STDOUT, `isol8 ${VERSION}\n`);
    return 0;
  }
  if (name !== undefined && name !== 'help') {
    const names = COMMANDS.map((command) => command.name);
    throw new UsageError(`unknown command '${name}'`, { suggestion: closest(name, names) });
  }
  const asked = options.has('help') || name === 'help';
  write(asked ? STDOUT : STDERR, renderOverview(program, COMMANDS, helpStyle()));
  return asked ? 0 : EXIT.failed;
}
