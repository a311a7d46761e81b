import { sweep } from '../../kept/sweep.js';
import { inColumns } from '../aligned.js';
import { parseOptions } from '../getopt.js';
import { helpStyle, STDOUT, write } from '../output.js';
import { PROGRAM } from '../usage-error.js';
import { gcCommand } from './gc-options.js';

/** isol8 gc. */
export async function gc(argv: readonly string[]): Promise<number> {
  const options = parseOptions(gcCommand, argv);
  if (options.has('help')) {
    const { renderHelp } = await import('../help.js');
    write(STDOUT, renderHelp(PROGRAM, gcCommand, helpStyle()));
    return 0;
  }
  const dryRun = options.has('dry-run');
  const found = sweep({ dryRun });
  if (options.has('json')) {
    write(STDOUT, `${JSON.stringify(found, null, 2)}\n`);
    return 0;
  }
  const verb = dryRun ? 'would remove' : 'removed';
  write(STDOUT, inColumns(found.map(({ what, path, why }) => [`${verb} ${what}`, path, why])));
  return 0;
}
