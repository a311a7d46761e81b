import { sweep } from '../../kept/sweep.js';
import { Network } from '../../network/network.js';
import { inColumns } from '../aligned.js';
import { parseOptions } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import { STDOUT, write } from '../output.js';
import { gcCommand } from './gc-options.js';
import { type Leftover, leftoverRow, leftoverStatus, ofNetwork } from './leftovers.js';

/** isol8 gc. */
export async function gc(argv: readonly string[]): Promise<number> {
  const options = parseOptions(gcCommand, argv);
  if (await answersHelp(options, gcCommand)) return 0;
  const dryRun = options.has('dry-run');
  const found = sweep({ dryRun });
  const networks = await Network.sweep({ dryRun });
  const all: Leftover[] = [...found, ...networks.map(ofNetwork)];
  if (options.has('json')) {
    write(STDOUT, `${JSON.stringify(all, null, 2)}\n`);
    return leftoverStatus(all);
  }
  write(STDOUT, inColumns(all.map((one) => leftoverRow(one, dryRun))));
  return leftoverStatus(all);
}
