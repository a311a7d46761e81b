import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchContext } from './bench.js';
import { atMost, atMostTimes, beside, type Figure, type Table } from './figures.js';
import { interleave } from './interleave.js';
import { LineProcess } from './line-process.js';
import { isInstalled } from './machine.js';
import { MeasuredNode } from './measured-node.js';
import { WIRING_PEERS } from './network-peers.js';
import { OWN } from './own-network.js';

const OURS = 'isol8: createNamespaces, attach';
const RAW = 'raw C over netlink';
const IP = "the article's ip commands";
const BATCH = 'ip -batch';
const TITLE = 'namespace, veth on a bridge, addresses, up, default route: each';

/** The kernel clears up behind a removed network for a while. */
const REST_MILLISECONDS = 500;

export const networkBench: Bench = {
  name: 'network',
  async run(context) {
    if (process.getuid?.() !== 0 || !isInstalled('ip')) {
      const skipped = [{ what: OURS, reason: 'it needs root, and ip(8)' }];
      return [{ title: TITLE, unit: 'ms', figures: [], skipped }];
    }
    return [await wiring(context, 50), await wiring(context, 200), await thousand(context)];
  },
};

async function wiring({ compiled, effort }: BenchContext, count: number): Promise<Table> {
  await using raw = new LineProcess([...OWN, compiled.path('wire')] as unknown as [string, ...string[]]);
  await using node = new MeasuredNode(compiled, OWN);
  const rested = async (measure: () => Promise<number>): Promise<number> => {
    const result = await measure();
    await sleep(REST_MILLISECONDS);
    return result;
  };
  const contestants = [
    { what: RAW, measure: () => rested(() => raw.askNumber(String(count))) },
    { what: OURS, measure: () => rested(async () => (await node.ask({ ask: 'wire', count })).each) },
  ];
  const samples = await interleave(contestants, { warmUp: 2, count: Math.ceil(10 * effort) });
  const figures: Figure[] = [
    { what: RAW, samples: samples.get(RAW) ?? [] },
    {
      what: OURS,
      samples: samples.get(OURS) ?? [],
      targets: [atMostTimes(1.5, RAW), atMostTimes(1 / 20, IP)],
    },
    { what: IP, samples: [timeScript(commands(count), count)] },
    { what: BATCH, samples: [timeScript(batch(count), count)] },
    ...WIRING_PEERS.filter(({ missing }) => missing === undefined).map(({ what, script }) => ({
      what,
      samples: [timeScript(script(count), count)],
    })),
  ];
  const skipped = WIRING_PEERS.flatMap(({ what, missing }) => (missing ? [{ what, reason: missing }] : []));
  return { title: `${TITLE}, for ${count}`, unit: 'ms', figures, skipped };
}

const member = (i: number): string => `10.77.${(i + 2) >> 8}.${(i + 2) & 255}/16`;

/** As the article does it, for each of them. */
function commands(count: number): string {
  const each = (i: number): string[] => [
    `ip netns add n${i}`,
    `ip link add v${i} type veth peer name eth0 netns n${i}`,
    `ip link set v${i} master benchbr up`,
    `ip -n n${i} link set lo up`,
    `ip -n n${i} addr add ${member(i)} dev eth0`,
    `ip -n n${i} link set eth0 up`,
    `ip -n n${i} route add default via 10.77.0.1`,
  ];
  return [BRIDGE, ...Array.from({ length: count }, (_, i) => each(i)).flat()].join('\n');
}

const BRIDGE =
  'ip link add benchbr type bridge\nip addr add 10.77.0.1/16 dev benchbr\nip link set benchbr up';

/** One ip for the host and one for each namespace. */
function batch(count: number): string {
  const all = Array.from({ length: count }, (_, i) => i);
  const host = all.flatMap((i) => [
    `link add v${i} type veth peer name eth0 netns n${i}`,
    `link set v${i} master benchbr up`,
  ]);
  const inside = (i: number): string[] => [
    'link set lo up',
    `addr add ${member(i)} dev eth0`,
    'link set eth0 up',
    'route add default via 10.77.0.1',
  ];
  return [
    BRIDGE,
    `ip -batch - <<'END'\n${all.map((i) => `netns add n${i}`).join('\n')}\nEND`,
    `ip -batch - <<'END'\n${host.join('\n')}\nEND`,
    ...all.map((i) => `ip -n n${i} -batch - <<'END'\n${inside(i).join('\n')}\nEND`),
  ].join('\n');
}

/** Once: it takes seconds. What it has made goes with its namespace. */
function timeScript(script: string, count: number): number {
  const begin = performance.now();
  execFileSync(OWN[0] as string, [...OWN.slice(1), 'sh', '-e'], {
    input: script,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  return (performance.now() - begin) / count;
}

/** A twentieth of two processors: where members' links make addresses of their own it is all of them, for seconds. */
const QUIET_MILLISECONDS = 200;

/** A bridge has 1,023 ports. */
async function thousand({ compiled, effort }: BenchContext): Promise<Table> {
  const limit = ['sh', '-c', 'ulimit -n $(ulimit -Hn); exec "$@"', 'sh'];
  const rows = {
    few: [] as number[],
    many: [] as number[],
    busy: [] as number[],
    packets: [] as number[],
    packets6: [] as number[],
    lost: [] as number[],
    removal: [] as number[],
    gone: [] as number[],
    rawRemoval: [] as number[],
  };
  for (let round = 0; round < Math.ceil(3 * effort); round++) {
    const raw = [...OWN, ...limit, compiled.path('wire')];
    rows.rawRemoval.push(await askOnce(raw, 'remove 1000'));
    await sleep(3000);
    await using node = new MeasuredNode(compiled, [...OWN, ...limit]);
    await node.ask({ ask: 'wire', count: 50 });
    rows.few.push((await node.ask({ ask: 'wire', count: 50 })).each);
    await sleep(2000);
    const found = await node.ask({ ask: 'wire', count: 1000, thoroughly: true });
    rows.many.push(found.last);
    rows.busy.push(found.busy);
    rows.packets.push(found.packets.time);
    rows.packets6.push(found.packets6.time);
    rows.lost.push(found.packets.lost + found.packets6.lost);
    rows.removal.push(found.removal);
    rows.gone.push(found.gone);
    await sleep(3000);
  }
  const few = 'attach, each of 50';
  const rawRemoval = `the same by ${RAW}`;
  return {
    title: '1,000 members of one network',
    unit: 'ms',
    figures: [
      { what: few, samples: rows.few },
      { what: 'attach, each of the last 50 of 1,000', samples: rows.many, targets: [atMostTimes(1.5, few)] },
      {
        what: 'processor time in the two seconds afterwards',
        samples: rows.busy,
        targets: [atMost(QUIET_MILLISECONDS)],
      },
      {
        what: 'a packet of each to the gateway, all at once',
        samples: rows.packets,
        targets: [atMost(1000)],
      },
      { what: 'the same by IPv6', samples: rows.packets6, targets: [atMost(1000)] },
      { what: 'of these lost (packets)', samples: rows.lost, targets: [atMost(0)] },
      {
        what: 'removal of all, until it returns',
        samples: rows.removal,
        targets: [atMost(500), beside(rawRemoval)],
      },
      { what: rawRemoval, samples: rows.rawRemoval },
      {
        what: 'and until the kernel has nothing more to do',
        samples: rows.gone,
        targets: [atMost(1500)],
      },
    ],
  };
}

async function askOnce(command: readonly string[], question: string): Promise<number> {
  await using asked = new LineProcess(command as [string, ...string[]]);
  return await asked.askNumber(question);
}
