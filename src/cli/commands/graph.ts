import { graph } from '../../web/graph.js';
import type { GraphFormat } from '../../web/graph-formats.js';
import { parseOptions } from '../getopt.js';
import { helpStyle, STDOUT, write } from '../output.js';
import { PROGRAM, UsageError } from '../usage-error.js';
import { graphCommand } from './graph-options.js';

/** isol8 graph. */
export async function graphOf(argv: readonly string[]): Promise<number> {
  const options = parseOptions(graphCommand, argv);
  if (options.has('help')) {
    const { renderHelp } = await import('../help.js');
    write(STDOUT, renderHelp(PROGRAM, graphCommand, helpStyle()));
    return 0;
  }
  const wrong = options.operands.find((word) => !/^[1-9]\d{0,9}$/.test(word));
  if (wrong !== undefined) throw new UsageError(`invalid PID argument: '${wrong}'`, { command: 'graph' });
  const pids = options.operands.map(Number);
  const format = (options.last('format') ?? 'svg') as GraphFormat;
  write(STDOUT, await graph({ format, ...(pids.length > 0 && { pids }) }));
  return 0;
}
