import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchContext } from './bench.js';
import type { Figure, Table } from './figures.js';
import { atMost, atMostTimes, beside } from './figures.js';
import { interleave } from './interleave.js';
import { LineProcess } from './line-process.js';
import { MeasuredNode } from './measured-node.js';

const EXECUTABLE = fileURLToPath(new URL('../build/isol8', import.meta.url));
const EMPTY = fileURLToPath(new URL('../build/empty', import.meta.url));
const NOTHING = 'an executable by the same compiler that does nothing';

/** Joining and leaving namespaces: the commands beside util-linux's, and the call on the JavaScript thread. */
export const joinBench: Bench = {
  name: 'join',
  async run(context) {
    return [await commandTable(context), await callTable(context)];
  },
};

async function commandTable({ compiled, effort }: BenchContext): Promise<Table> {
  const title = 'unshare and enter, start to exit, a glibc static program';
  if (!existsSync(EXECUTABLE)) {
    const skipped = [{ what: 'isol8', reason: 'it is not built: npm run build:executable -- --empty' }];
    return { title, unit: 'ms', figures: [], skipped };
  }
  const program = compiled.path('libcTrue');
  const target: ChildProcess = spawn('unshare', ['-r', '-u', 'sleep', '1000'], { stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  try {
    const enter = ['-t', `${target.pid}`, '-U', '-u', program];
    const commands: Record<string, string[]> = {
      unshare: ['unshare', '-r', '-u', program],
      'isol8 unshare': [EXECUTABLE, 'unshare', '-r', '-u', program],
      nsenter: ['nsenter', ...enter],
      'isol8 enter': [EXECUTABLE, 'enter', ...enter],
      ...(existsSync(EMPTY) && { [NOTHING]: [EMPTY] }),
    };
    const argv = Object.values(commands)
      .flatMap((command) => ['++', ...command])
      .slice(1);
    await using timer = new LineProcess([compiled.path('timeCommand'), ...argv]);
    const contestants = Object.keys(commands).map((what, i) => ({
      what,
      measure: () => timer.askNumber(`${i}`),
    }));
    const samples = await interleave(contestants, { warmUp: 5, count: 100 * effort });
    const targets: Record<string, Figure['targets']> = {
      'isol8 unshare': [atMostTimes(3, 'unshare')],
      'isol8 enter': [atMostTimes(3, 'nsenter')],
      [NOTHING]: [beside('unshare')],
    };
    const figures = [...samples].map(([what, values]) => ({
      what,
      samples: values,
      targets: targets[what] ?? [],
    }));
    return { title, unit: 'ms', figures };
  } finally {
    target.kill('SIGKILL');
  }
}

async function callTable({ compiled, effort }: BenchContext): Promise<Table> {
  await using node = new MeasuredNode(compiled);
  const samples: number[] = [];
  for (let round = -20; round < 100 * effort; round++) {
    const { each } = await node.ask({ ask: 'enter', count: 200 });
    if (round >= 0) samples.push(each);
  }
  const figures = [{ what: 'withNamespace() there and back', samples, targets: [atMost(30)] }];
  return { title: 'a net namespace entered by the JavaScript thread', unit: 'µs', figures };
}
