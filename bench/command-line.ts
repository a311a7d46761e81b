import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.js';
import type { Figure, Skipped, Target } from './figures.js';
import { atMost, atMostOver, atMostTimes, beside } from './figures.js';
import { interleave } from './interleave.js';
import { LineProcess } from './line-process.js';
import { DIST } from './measured-node.js';
import { BWRAP, findPeers, UNSHARE } from './peers.js';

const EXECUTABLE = fileURLToPath(new URL('../build/isol8', import.meta.url));
const EMPTY = fileURLToPath(new URL('../build/empty', import.meta.url));
const CLI = join(DIST, 'cli', 'main.js');
const NODE = 'node -e 0';
const OURS = 'isol8 run -- true, as one executable';
const NOTHING = 'an executable by the same compiler that does nothing';
const OURS_BY_NODE = 'node dist/cli/main.js run -- true';
const IMPORT = 'node -e "import \'isol8\'"';

interface Command {
  readonly what: string;
  readonly argv: readonly string[];
  readonly targets?: readonly Target[];
}

/** The command line from start to exit, timed by a small C program: a Node process that forks would add its own time. */
export const commandLineBench: Bench = {
  name: 'cli',
  async run({ compiled, effort }) {
    const { commands, skipped } = commandsHere(compiled.path('libcTrue'));
    const argv = commands.flatMap((command) => ['++', ...command.argv]).slice(1);
    await using timer = new LineProcess([compiled.path('timeCommand'), ...argv]);
    const contestants = commands.map(({ what }, i) => ({ what, measure: () => timer.askNumber(String(i)) }));
    const samples = await interleave(contestants, { warmUp: 5, count: 100 * effort });
    const figures: Figure[] = commands.map(({ what, targets }) => ({
      what,
      samples: samples.get(what) ?? [],
      targets: (targets ?? []).filter(({ of }) => of === undefined || samples.has(of)),
    }));
    return [{ title: 'command line, start to exit, a glibc static program', unit: 'ms', figures, skipped }];
  },
};

function commandsHere(program: string): { commands: Command[]; skipped: Skipped[] } {
  const { here, skipped } = findPeers([UNSHARE, BWRAP]);
  const commands: Command[] = here.map(({ what, program: peer, args }) => ({
    what,
    argv: [peer, ...args, program],
  }));
  commands.push({ what: NODE, argv: [process.execPath, '-e', '0'] });
  const library = join(DIST, 'library/index.js');
  const importing = ['--input-type=module', '-e', `import ${JSON.stringify(library)}`];
  const ours = [
    {
      file: library,
      how: 'npm run build',
      command: { what: IMPORT, argv: [process.execPath, ...importing], targets: [beside(NODE)] },
    },
    {
      file: EMPTY,
      how: 'npm run build:executable -- --empty',
      command: { what: NOTHING, argv: [EMPTY], targets: [beside(BWRAP.what)] },
    },
    {
      file: EXECUTABLE,
      how: 'npm run build:executable',
      command: {
        what: OURS,
        argv: [EXECUTABLE, 'run', '--', program],
        targets: [atMost(8), atMostTimes(2.5, BWRAP.what), beside(UNSHARE.what), beside(NOTHING)],
      },
    },
    {
      file: CLI,
      how: 'npm run build',
      command: {
        what: OURS_BY_NODE,
        argv: [process.execPath, CLI, 'run', '--', program],
        targets: [atMostOver(15, NODE)],
      },
    },
  ];
  for (const { file, how, command } of ours) {
    if (existsSync(file)) commands.push(command);
    else skipped.push({ what: command.what, reason: `it is not built: ${how}` });
  }
  return { commands, skipped };
}
