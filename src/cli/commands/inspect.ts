import { Isol8Error } from '../../foundation/errors.js';
import type { ProcessInspection } from '../../namespaces/inspect/inspection.js';
import { inspect } from '../../namespaces/inspect.js';
import { ownNumber } from '../../namespaces/list/namespace-link.js';
import { EXIT } from '../../syscalls/wire.js';
import { parseOptions } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import { helpStyle, STDERR, STDOUT, write } from '../output.js';
import { UsageError } from '../usage-error.js';
import { inspectCommand } from './inspect-options.js';
import { renderInspection } from './inspect-text.js';
import { pidsOf } from './pid-operands.js';

/** isol8 inspect. */
export async function inspectProcesses(argv: readonly string[]): Promise<number> {
  const options = parseOptions(inspectCommand, argv);
  if (await answersHelp(options, inspectCommand)) return 0;
  const pids = pidsOf(options.operands, inspectCommand.name);
  if (pids.length === 0) throw new UsageError('give the PID of a process', { command: inspectCommand.name });
  const found = pids.flatMap((pid) => inspectOrSay(pid) ?? []);
  write(STDOUT, options.has('json') ? `${JSON.stringify(found, null, 2)}\n` : render(found));
  return found.length === pids.length ? 0 : EXIT.failed;
}

function render(found: readonly ProcessInspection[]): string {
  const style = helpStyle();
  const self = ownNumber();
  const here = self === undefined ? undefined : inspect(self).namespaces;
  return found.map((each) => renderInspection(each, here, style)).join('\n');
}

/** One that has ended does not keep the others from being printed. */
function inspectOrSay(pid: number): ProcessInspection | undefined {
  try {
    return inspect(pid);
  } catch (error) {
    if (!(error instanceof Isol8Error)) throw error;
    write(STDERR, `isol8 inspect: ${error.message}\n`);
    return undefined;
  }
}
