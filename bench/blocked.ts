import type { Bench } from './bench.js';
import type { Figure } from './figures.js';
import { atMost } from './figures.js';
import type { Starter } from './measured/protocol.js';
import { MeasuredNode } from './measured-node.js';

interface Blocked {
  readonly call: number[];
  readonly later: number[];
  readonly all: number[];
}

/**
 * How long the JavaScript thread can do nothing else: inside the call, and in all that follows until the exit is
 * delivered. Counted by the event loop (performance.eventLoopUtilization), which knows when it waited.
 */
export const blockedBench: Bench = {
  name: 'blocked',
  async run({ compiled, effort }) {
    await using node = new MeasuredNode(compiled);
    const command = [compiled.path('bareTrue')];
    const measured: Record<Starter, Blocked> = { isol8: noBlocked(), child_process: noBlocked() };
    for (let round = -100; round < 300 * effort; round++) {
      for (const by of ['isol8', 'child_process'] as const) {
        const { call, active } = await node.ask({ ask: 'spawn', by, command });
        if (round < 0) continue;
        measured[by].call.push(call);
        measured[by].later.push(active - call);
        measured[by].all.push(active);
      }
    }
    const figures: Figure[] = [
      { what: 'inside isol8 spawn()', samples: measured.isol8.call, targets: [atMost(0.1)] },
      { what: 'afterwards, until the exit is delivered', samples: measured.isol8.later },
      { what: 'both together', samples: measured.isol8.all, targets: [atMost(0.1)] },
      { what: 'inside child_process.spawn(), without namespaces', samples: measured.child_process.call },
      { what: 'both together for child_process', samples: measured.child_process.all },
    ];
    return [{ title: 'JavaScript thread blocked by one spawn', unit: 'ms', figures }];
  },
};

const noBlocked = (): Blocked => ({ call: [], later: [], all: [] });
