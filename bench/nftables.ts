import { writeFile } from 'node:fs/promises';
import type { Bench } from './bench.js';
import { atMost, atMostTimes, beside } from './figures.js';
import { interleave } from './interleave.js';
import { LineProcess } from './line-process.js';
import { isInstalled } from './machine.js';
import { MeasuredNode } from './measured-node.js';

const OURS = 'NftablesSocket, made up, encoded, answered by the kernel, one of 20';
const AGAIN = 'the same in the place of what is there, as nft -f here';
const NFT = 'nft -f of the same rules, start to exit';
const TITLE = "a network's rules with ten published ports, put in";

/** Each in a network namespace of its own. */
const ALONE = ['unshare', '--user', '--map-root-user', '--net'] as const;

/** nft takes away first what is there, the last time's. */
export const nftablesBench: Bench = {
  name: 'nftables',
  async run({ compiled, effort }) {
    if (!isInstalled('nft')) {
      const skipped = [{ what: OURS, reason: 'nft is not installed' }];
      return [{ title: TITLE, unit: 'ms', figures: [], skipped }];
    }
    await using node = new MeasuredNode(compiled, ALONE);
    const { text } = await node.ask({ ask: 'network rules', count: 1000 }); // as warm as a program that has run for a while
    const file = `${compiled.measured}.nft`;
    await writeFile(file, text);
    await using nft = new LineProcess([...ALONE, compiled.path('timeCommand'), 'nft', '-f', file]);
    const ours = (which: 'first' | 'again') => async (): Promise<number> =>
      (await node.ask({ ask: 'network rules', count: 20 }))[which];
    const contestants = [
      { what: OURS, measure: ours('first') },
      { what: AGAIN, measure: ours('again') },
      { what: NFT, measure: () => nft.askNumber('0') },
    ];
    const samples = await interleave(contestants, { warmUp: 5, count: 50 * effort });
    const figures = [
      { what: OURS, samples: samples.get(OURS) ?? [], targets: [atMost(0.5), atMostTimes(0.1, NFT)] },
      { what: AGAIN, samples: samples.get(AGAIN) ?? [], targets: [beside(NFT)] },
      { what: NFT, samples: samples.get(NFT) ?? [] },
    ];
    return [{ title: TITLE, unit: 'ms', figures }];
  },
};
