import { graph } from '../../web/graph.js';
import type { GraphFormat } from '../../web/graph-formats.js';
import { parseOptions } from '../getopt.js';
import { helpStyle, STDOUT, write } from '../output.js';
import { PROGRAM } from '../usage-error.js';
import { graphCommand } from './graph-options.js';
import { pidsOf } from './pid-operands.js';

/** isol8 graph. */
export async function graphOf(argv: readonly string[]): Promise<number> {
  const options = parseOptions(graphCommand, argv);
  if (options.has('help')) {
    const { renderHelp } = await import('../help.js');
    write(STDOUT, renderHelp(PROGRAM, graphCommand, helpStyle()));
    return 0;
  }
  const pids = pidsOf(options.operands, 'graph');
  const format = (options.last('format') ?? 'svg') as GraphFormat;
  write(STDOUT, await graph({ format, ...(pids.length > 0 && { pids }) }));
  return 0;
}
