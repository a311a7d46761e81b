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
    const rounds = Math.max(2, Math.ceil(ROUNDS * effort));
    const program = compiled.path('bareTrue');
    await using tree = new LineProcess([compiled.path('processTree'), compiled.path('helper'), program]);
    await using node = new MeasuredNode(compiled);
    const ours = async (): Promise<number> =>
      (await node.ask({ ask: 'many', by: 'isol8', command: [program], count: COUNT, width: WIDTH })).total;
    for (let i = 0; i < 2; i++) await ours(); // compiled code and caches are not growth
    const censuses: Census[] = [];
    const counted = async (): Promise<number> => {
      const rate = perSecond(await ours());
      censuses.push(await node.ask({ ask: 'census' }));
      return rate;
    };
    const samples = await interleave(
      [
        { what: 'isol8 spawn()', measure: counted },
        { what: 'raw C', measure: async () => perSecond(await tree.askNumber(`many ${COUNT} ${WIDTH} 0`)) },
      ],
      { warmUp: 0, count: rounds },
    );
    return [ratesOf(samples), growth(censuses)];
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

/** In KiB. Memory wanders a little: the collector keeps what it may need again. */
const ALLOWED: Record<keyof Census, number> = {
  descriptors: 0,
  children: 0,
  threads: 0,
  resident: 2048,
  heap: 256,
};

/** What is lost by every round grows in each; a heap that has not found its size yet does not. */
function growth(censuses: readonly Census[]): Table {
  const steps = (what: keyof Census): number[] =>
    censuses.slice(1).map((census, i) => census[what] - (censuses[i] as Census)[what]);
  const figures = (Object.keys(ALLOWED) as (keyof Census)[]).map((what) => ({
    what: what === 'resident' || what === 'heap' ? `${what}, KiB` : what,
    samples: steps(what),
    targets: [atMost(ALLOWED[what])],
  }));
  return { title: `grown by each ${COUNT} spawns more`, unit: 'number', figures };
}
