/** What a network carries: beside the same wiring by hand. */
import type { Bench, BenchContext } from './bench.js';
import { atLeastTimes, type Table } from './figures.js';
import { interleave } from './interleave.js';
import { isInstalled } from './machine.js';
import type { Request } from './measured/protocol.js';
import { MeasuredNode } from './measured-node.js';
import { OWN } from './own-network.js';

type CarryRequest = Extract<Request, { ask: 'carry' }>;

const NEEDED = ['ip', 'nft', 'nsenter', 'iperf3'];

interface Comparison {
  readonly ours: CarryRequest['by'];
  readonly hand: CarryRequest['by'];
  readonly title: string;
  readonly names: readonly [string, string];
  readonly share: number;
}

const COMPARISONS: readonly Comparison[] = [
  {
    ...{ ours: 'network', hand: 'ip', share: 0.97 },
    ...{ title: 'between two members', names: ['Network', 'the same wiring by ip'] },
  },
  {
    ...{ ours: 'published', hand: 'nft', share: 0.95 },
    ...{
      title: 'from outside through a published port',
      names: ['attach({ publish })', 'an nft rule by hand'],
    },
  },
];

const KINDS = [
  { what: 'throughput', title: 'TCP', unit: 'Gbit/s', rounds: 15 },
  { what: 'requests', title: 'requests of one byte, one after the other', unit: 'per second', rounds: 30 },
] as const;

export const carryBench: Bench = {
  name: 'carry',
  async run(context) {
    const missing = NEEDED.filter((program) => !isInstalled(program));
    if (process.getuid?.() !== 0 || missing.length > 0) {
      const reason = missing.length > 0 ? `${missing.join(', ')} is not installed` : 'it needs root';
      return [{ title: 'what a network carries', unit: '', figures: [], skipped: [{ what: 'all', reason }] }];
    }
    await using node = new MeasuredNode(context.compiled, OWN);
    const tables: Table[] = [];
    for (const comparison of COMPARISONS)
      for (const kind of KINDS) tables.push(await compare(node, context, { ...comparison, kind }));
    return tables;
  },
};

async function compare(
  node: MeasuredNode,
  { compiled, effort }: BenchContext,
  { ours, hand, title, names, share, kind }: Comparison & { kind: (typeof KINDS)[number] },
): Promise<Table> {
  const program = compiled.path('request');
  const measure = async (by: CarryRequest['by']): Promise<number> =>
    (await node.ask({ ask: 'carry', by, what: kind.what, program })).rate;
  const [mine, theirs] = names;
  const samples = await interleave(
    [
      { what: mine, measure: () => measure(ours) },
      { what: theirs, measure: () => measure(hand) },
    ],
    { warmUp: 1, count: Math.ceil(kind.rounds * effort) },
  );
  return {
    title: `${kind.title} ${title}`,
    unit: kind.unit,
    figures: [
      { what: mine, samples: samples.get(mine) ?? [], targets: [atLeastTimes(share, theirs)] },
      { what: theirs, samples: samples.get(theirs) ?? [] },
    ],
  };
}
