import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.js';
import { atMostTimes } from './figures.js';
import { interleave } from './interleave.js';
import { LineProcess } from './line-process.js';
import { isInstalled } from './machine.js';

const EXECUTABLE = fileURLToPath(new URL('../build/isol8', import.meta.url));
const LSNS = 'lsns';
const OURS = 'isol8 ls, as one executable';
const TITLE = 'a thousand processes in five hundred namespaces, listed, start to exit';
/** Each of these groups has eight namespaces. */
const GROUPS = 62;
const SIZE = 16;

/** Both list the same processes, in a pid namespace of the bench's own. Making it needs root. */
export const listBench: Bench = {
  name: 'list',
  async run({ compiled, effort }) {
    const reason = reasonAgainst();
    if (reason !== undefined) {
      return [{ title: TITLE, unit: 'ms', figures: [], skipped: [{ what: OURS, reason }] }];
    }
    await using timer = new LineProcess([
      'unshare',
      ...['--mount', '--pid', '--fork', '--mount-proc', '--kill-child', '--'],
      ...[compiled.path('population'), String(GROUPS), String(SIZE)],
      ...[compiled.path('timeCommand'), LSNS, '++', EXECUTABLE, 'ls'],
    ]);
    const contestants = [LSNS, OURS].map((what, i) => ({ what, measure: () => timer.askNumber(String(i)) }));
    const samples = await interleave(contestants, { warmUp: 3, count: 20 * effort });
    const figures = [
      { what: LSNS, samples: samples.get(LSNS) ?? [] },
      { what: OURS, samples: samples.get(OURS) ?? [], targets: [atMostTimes(1, LSNS)] },
    ];
    return [{ title: TITLE, unit: 'ms', figures }];
  },
};

function reasonAgainst(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root, to make the namespaces';
  if (!isInstalled(LSNS)) return 'lsns is not installed';
  return existsSync(EXECUTABLE) ? undefined : 'it is not built: npm run build:executable';
}
