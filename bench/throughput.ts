import type { Bench } from './bench.js';
import type { Figure, Table } from './figures.js';
import { atLeast, atMost, beside } from './figures.js';
import { interleave } from './interleave.js';
import { LineProcess } from './line-process.js';
import type { Census } from './measured/protocol.js';
import { MeasuredNode } from './measured-node.js';

const COUNT = 1000;
const WIDTH = 32;
const ROUNDS = 5;

/** 1,000 spawns, 32 at a time, several times over; and what they leave behind. */
export const throughputBench: Bench = {
  name: 'throughput',
  async run({ compiled, effort }) {
    const rounds = Math.ceil(ROUNDS * effort);
    const program = compiled.path('bareTrue');
    await using tree = new LineProcess([compiled.path('processTree'), compiled.path('helper'), program]);
    await using node = new MeasuredNode(compiled);
    const ours = async (): Promise<number> =>
      (await node.ask({ ask: 'many', by: 'isol8', command: [program], count: COUNT, width: WIDTH })).total;
    for (let i = 0; i < 2; i++) await ours(); // compiled code and caches are not growth
    const before = await node.ask({ ask: 'census' });
    const samples = await interleave(
      [
        { what: 'isol8 spawn()', measure: async () => perSecond(await ours()) },
        { what: 'raw C', measure: async () => perSecond(await tree.askNumber(`many ${COUNT} ${WIDTH} 0`)) },
      ],
      { warmUp: 0, count: rounds },
    );
    const after = await node.ask({ ask: 'census' });
    return [ratesOf(samples), growth(before, after, COUNT * rounds)];
  },
};

const perSecond = (milliseconds: number): number => (COUNT * 1000) / milliseconds;

function ratesOf(samples: ReadonlyMap<string, number[]>): Table {
  const figures: Figure[] = [...samples].map(([what, values]) => ({
    what,
    samples: values,
    targets: what === 'raw C' ? [] : [atLeast(1000), beside('raw C')],
  }));
  return {
    title: `${COUNT} spawns, ${WIDTH} at a time, a program without libc`,
    unit: 'per second',
    figures,
  };
}

/** Memory may wander a little: the collector keeps what it may need again. */
const ALLOWED: Record<keyof Census, number> = {
  descriptors: 0,
  children: 0,
  threads: 0,
  resident: 2048,
  heap: 256,
};

function growth(before: Census, after: Census, spawns: number): Table {
  const figures = (Object.keys(ALLOWED) as (keyof Census)[]).map((what) => ({
    what: what === 'resident' || what === 'heap' ? `${what}, KiB` : what,
    samples: [after[what] - before[what]],
    targets: [atMost(ALLOWED[what])],
  }));
  return { title: `grown after ${spawns} spawns more`, unit: 'number', figures };
}
