import type { Bench } from './bench.js';
import { atMost, atMostTimes } from './figures.js';
import { interleave } from './interleave.js';
import { LineProcess } from './line-process.js';
import { isInstalled } from './machine.js';
import { MeasuredNode } from './measured-node.js';

const COUNT = 10_000;
const OURS = 'RouteSocket, routes.list()';
const COLD = 'the same, for the first time in a process';
const IP = 'ip -j route, start to exit';
const TITLE = `${COUNT} routes, listed`;

const ROUTES = `
ip link set lo up
ip link add br0 up type bridge
ip address add 10.0.0.1/24 dev br0
awk 'BEGIN { for (i = 0; i < ${COUNT}; i++) printf "route add 10.%d.%d.0/24 via 10.0.0.2\\n", 100 + i / 256, i % 256 }' |
  ip -batch -
exec "$@"`;

/** Both list the same routes, each in a network namespace of its own. */
const WITH_ROUTES = ['unshare', '--user', '--map-root-user', '--net', 'sh', '-ec', ROUTES, 'sh'] as const;

export const routeDumpBench: Bench = {
  name: 'routes',
  async run({ compiled, effort }) {
    if (!isInstalled('ip')) {
      const skipped = [{ what: OURS, reason: 'it needs ip(8), to make the routes' }];
      return [{ title: TITLE, unit: 'ms', figures: [], skipped }];
    }
    await using ip = new LineProcess([...WITH_ROUTES, compiled.path('timeCommand'), 'ip', '-j', 'route']);
    await using node = new MeasuredNode(compiled, WITH_ROUTES);
    const list = async (): Promise<number> => {
      const { total, count } = await node.ask({ ask: 'routes' });
      if (count < COUNT) throw new Error(`${count} routes were listed`);
      return total;
    };
    const first = await list();
    const contestants = [
      { what: OURS, measure: list },
      { what: IP, measure: () => ip.askNumber('0') },
    ];
    const samples = await interleave(contestants, { warmUp: 5, count: 40 * effort });
    const figures = [
      { what: OURS, samples: samples.get(OURS) ?? [], targets: [atMost(60), atMostTimes(1, IP)] },
      { what: COLD, samples: [first], targets: [atMost(60)] },
      { what: IP, samples: samples.get(IP) ?? [] },
    ];
    return [{ title: TITLE, unit: 'ms', figures }];
  },
};
