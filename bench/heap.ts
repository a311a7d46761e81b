import type { Bench } from './bench.js';
import type { Figure } from './figures.js';
import { atMostTimes } from './figures.js';
import { interleave } from './interleave.js';
import type { Starter } from './measured/protocol.js';
import { MeasuredNode } from './measured-node.js';
import { findPeers, UNSHARE } from './peers.js';

const GIBIBYTE = 1024;
const OURS_SMALL = 'isol8 spawn()';
const OURS_LARGE = 'isol8 spawn(), 1 GiB held';
const PEER_SMALL = "child_process.spawn('unshare')";
const PEER_LARGE = "child_process.spawn('unshare'), 1 GiB held";

/** The same from a process with 1 GiB of touched memory, which a fork would copy the page tables of. */
export const heapBench: Bench = {
  name: 'heap',
  async run({ compiled, effort }) {
    await using small = new MeasuredNode(compiled);
    await using large = new MeasuredNode(compiled);
    await large.ask({ ask: 'allocate', mebibytes: GIBIBYTE });
    const program = compiled.path('libcTrue');
    const { here, skipped } = findPeers([UNSHARE]);
    const contestant = (what: string, node: MeasuredNode, by: Starter) => {
      const command = by === 'isol8' ? [program] : [UNSHARE.program, ...UNSHARE.args, program];
      return { what, measure: async () => (await node.ask({ ask: 'spawn', by, command })).total };
    };
    const contestants = [
      contestant(OURS_LARGE, large, 'isol8'),
      contestant(OURS_SMALL, small, 'isol8'),
      ...here.map(() => contestant(PEER_LARGE, large, 'child_process')),
      ...here.map(() => contestant(PEER_SMALL, small, 'child_process')),
    ];
    const samples = await interleave(contestants, { warmUp: 20, count: 200 * effort });
    const figures: Figure[] = [...samples].map(([what, values]) => ({ what, samples: values }));
    const [ours, ...others] = figures as [Figure, ...Figure[]];
    // 1.1: what two equal processes differ by here.
    const targets = [atMostTimes(1.1, OURS_SMALL), atMostTimes(0.12, PEER_LARGE)];
    const title = 'the same from a process that holds 1 GiB, a glibc static program';
    return [{ title, unit: 'ms', figures: [{ ...ours, targets }, ...others], skipped }];
  },
};
