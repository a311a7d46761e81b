import type { Bench } from './bench.js';
import { atMost } from './figures.js';
import { MeasuredNode } from './measured-node.js';

/** Memory of PID 1 while the program sleeps. */
export const pid1Bench: Bench = {
  name: 'pid1',
  async run({ compiled }) {
    await using node = new MeasuredNode(compiled);
    const command = [compiled.path('bareTrue'), 'sleep'];
    const status: number[] = [];
    const rollup: number[] = [];
    for (let i = 0; i < 20; i++) {
      const sizes = await node.ask({ ask: 'pid1', command });
      status.push(sizes.status);
      rollup.push(sizes.rollup);
    }
    const figures = [
      { what: 'VmRSS of status', samples: status, targets: [atMost(64)] },
      { what: 'Rss of smaps_rollup', samples: rollup, targets: [atMost(64)] },
    ];
    return [{ title: 'resident memory of PID 1', unit: 'KiB', figures }];
  },
};
