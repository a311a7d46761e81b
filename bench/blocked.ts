import type { Bench } from './bench.js';
import type { Figure } from './figures.js';
import { atMost } from './figures.js';
import type { Starter } from './measured/protocol.js';
import { MeasuredNode } from './measured-node.js';

/** Samples of one way to start a process: the whole call, and what the JavaScript thread computed in it and later. */
interface Blocked {
  readonly call: number[];
  readonly later: number[];
  readonly computed: number[];
}

/**
 * How long the JavaScript thread can do nothing else: inside the call, and in the callbacks and promises that follow
 * until the exit is delivered.
 */
export const blockedBench: Bench = {
  name: 'blocked',
  async run({ compiled, effort }) {
    await using node = new MeasuredNode(compiled);
    await using peers = new MeasuredNode(compiled); // whose fork leaves every page to a fault
    const command = [compiled.path('bareTrue')];
    const measured: Record<Starter, Blocked> = { isol8: noBlocked(), child_process: noBlocked() };
    for (let round = -200; round < 300 * effort; round++) {
      for (const by of ['isol8', 'child_process'] as const) {
        const asked = by === 'isol8' ? node : peers;
        const { call, callCpu, laterCpu } = await asked.ask({ ask: 'spawn', by, command });
        if (round < 0) continue;
        measured[by].call.push(call);
        measured[by].later.push(laterCpu);
        measured[by].computed.push(callCpu + laterCpu);
      }
    }
    const figures = [
      ...rowsFor('isol8 spawn()', measured.isol8).map((row) => ({ ...row, targets: [atMost(0.1)] })),
      ...rowsFor('child_process.spawn(), no namespaces', measured.child_process),
    ];
    return [{ title: 'JavaScript thread blocked by one spawn', unit: 'ms', figures }];
  },
};

const rowsFor = (name: string, { call, later, computed }: Blocked): Figure[] => [
  { what: `${name}: the call`, samples: call },
  { what: `${name}: CPU of the thread afterwards`, samples: later },
  { what: `${name}: CPU of the thread in all`, samples: computed },
];

const noBlocked = (): Blocked => ({ call: [], later: [], computed: [] });
