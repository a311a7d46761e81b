import { sweep } from '../../kept/sweep.js';
import { Network } from '../../network/network.js';
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
  const networks = await Network.sweep({ dryRun });
  const all = [
    ...found,
    ...networks.map(({ network, member, why }) => {
      return {
        what: member === undefined ? 'network' : 'member',
        path: [network, member ?? []].flat().join(' '),
        why,
      };
    }),
  ];
  if (options.has('json')) {
    write(STDOUT, `${JSON.stringify(all, null, 2)}\n`);
    return 0;
  }
  const verb = dryRun ? 'would remove' : 'removed';
  write(STDOUT, inColumns(all.map(({ what, path, why }) => [`${verb} ${what}`, path, why])));
  return 0;
}
