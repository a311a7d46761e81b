import type { Bench } from './bench.js';
import { atMost } from './figures.js';
import { MeasuredNode } from './measured-node.js';

const BATCH = 50;

/** From a spec to the bytes that the launcher reads, once the code is warm: as spawn does it, and all of it anew. */
export const compileBench: Bench = {
  name: 'compile',
  async run({ compiled, effort }) {
    await using node = new MeasuredNode(compiled);
    const request = { ask: 'compile', command: [compiled.path('bareTrue')], count: BATCH } as const;
    const parse: number[] = [];
    const gather: number[] = [];
    const compile: number[] = [];
    const encode: number[] = [];
    const both: number[] = [];
    const prepare: number[] = [];
    for (let round = -20; round < 100 * effort; round++) {
      const times = await node.ask(request);
      if (round < 0) continue;
      parse.push(times.parse);
      gather.push(times.gather);
      compile.push(times.compile);
      encode.push(times.encode);
      both.push(times.compile + times.encode);
      prepare.push(times.prepare);
    }
    const figures = [
      { what: 'what a spawn takes, whose spec was seen before', samples: prepare, targets: [atMost(0.05)] },
      { what: 'compile and encode a spec that was not', samples: both },
      { what: 'compile', samples: compile },
      { what: 'encode', samples: encode },
      { what: 'before that: check the spec', samples: parse },
      { what: 'before that: read facts from the machine', samples: gather },
    ];
    return [{ title: `a plan for eight namespaces, warm, in batches of ${BATCH}`, unit: 'ms', figures }];
  },
};
