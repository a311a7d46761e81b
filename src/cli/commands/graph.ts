import type { GraphFormat } from '../../web/graph-formats.js';
import { parseOptions } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import { helpStyle, STDOUT, write } from '../output.js';
import { UsageError } from '../usage-error.js';
import { graphCommand } from './graph-options.js';
import { pidsOf } from './pid-operands.js';

/** isol8 graph. */
export async function graphOf(argv: readonly string[]): Promise<number> {
  const options = parseOptions(graphCommand, argv);
  if (await answersHelp(options, graphCommand)) return 0;
  const [watch, serve, net] = [options.has('watch'), options.has('serve'), options.has('net')];
  const format = options.last('format') as GraphFormat | undefined;
  if (watch && !net) throw mistake('--watch is for networks: give --net, too');
  if (serve && watch) throw mistake('--serve and --watch cannot be together');
  if ((serve || watch) && format !== undefined && !(watch && format === 'text'))
    throw mistake(`--format cannot be together with ${serve ? '--serve' : '--watch'}`);
  if (options.has('port') && !serve) throw mistake('--port is for --serve');
  const given = pidsOf(options.operands, 'graph');
  const pids = given.length > 0 ? given : undefined;
  if (serve) {
    const port = portOf(options.last('port'));
    return (await import('./graph-live.js')).serve({ pids, port });
  }
  if (watch) return (await import('./graph-live.js')).watch(pids);
  write(STDOUT, await draw({ net, format, pids }));
  return 0;
}

interface Wanted {
  readonly net: boolean;
  readonly format: GraphFormat | undefined;
  readonly pids: readonly number[] | undefined;
}

async function draw({ net, format = 'svg', pids }: Wanted): Promise<string> {
  if (net && format === 'text') {
    const { graphNetworks } = await import('../../web/net/graph.js');
    return graphNetworks(format, pids, helpStyle().color);
  }
  if (format === 'text') throw mistake('text is for networks: give --net, too');
  const { graph } = await import('../../web/graph.js');
  return graph({ net, format, ...(pids && { pids }) });
}

const mistake = (problem: string): UsageError => new UsageError(problem, { command: graphCommand.name });

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port === 0 || port > 65_535)
    throw mistake(`invalid port: '${text}' (1 to 65535)`);
  return port;
}
