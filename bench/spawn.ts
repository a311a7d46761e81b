import type { Bench, BenchContext } from './bench.js';
import type { Figure, Table, Target } from './figures.js';
import { atMostTimes, beside } from './figures.js';
import type { Contestant } from './interleave.js';
import { interleave } from './interleave.js';
import { LineProcess } from './line-process.js';
import { MeasuredNode } from './measured-node.js';
import type { Peer } from './peers.js';
import { BWRAP, findPeers, UNSHARE } from './peers.js';

const OURS = 'isol8 spawn()';
const RAW = 'raw C, same processes';
const HELPED = 'raw C, executing a helper as ours does';

const byNode = (peer: Peer): string => `child_process.spawn('${peer.what}')`;

const TARGETS: Record<string, Target[]> = {
  [OURS]: [atMostTimes(1.25, RAW), beside(HELPED), atMostTimes(0.6, byNode(UNSHARE)), beside(byNode(BWRAP))],
  [HELPED]: [beside(RAW)],
};

interface Measured {
  readonly tree: LineProcess;
  readonly node: MeasuredNode;
  /** Another Node for child_process: after its fork every page that Node writes to costs a fault, which is no cost of ours. */
  readonly peers: MeasuredNode;
}

/** Into all eight namespaces with /proc mounted anew, until the exit is known. */
export const spawnBench: Bench = {
  name: 'spawn',
  async run(context) {
    const { compiled } = context;
    const programs = [compiled.path('bareTrue'), compiled.path('libcTrue')];
    await using tree = new LineProcess([compiled.path('processTree'), compiled.path('helper'), ...programs]);
    await using node = new MeasuredNode(compiled);
    await using peers = new MeasuredNode(compiled);
    const tables: Table[] = [];
    for (const [index, payload] of ['a program without libc', 'a glibc static program'].entries()) {
      const program = { index, path: programs[index] as string };
      tables.push(await race({ tree, node, peers }, { ...program, payload }, context));
    }
    return tables;
  },
};

async function race(
  measured: Measured,
  program: { index: number; path: string; payload: string },
  { effort }: BenchContext,
): Promise<Table> {
  const { here, skipped } = findPeers([UNSHARE, BWRAP]);
  const contestants = [
    ourSpawn(measured.node, program.path),
    { what: RAW, measure: () => measured.tree.askNumber(`one ${program.index}`) },
    { what: HELPED, measure: () => measured.tree.askNumber(`helped ${program.index}`) },
    ...here.map((peer) => peerSpawn(measured.peers, peer, program.path)),
  ];
  const samples = await interleave(contestants, { warmUp: 200, count: 300 * effort });
  const figures: Figure[] = [...samples].map(([what, values]) => ({
    what,
    samples: values,
    targets: (TARGETS[what] ?? []).filter(({ of }) => of === undefined || samples.has(of)),
  }));
  return { title: `spawn into eight namespaces, ${program.payload}`, unit: 'ms', figures, skipped };
}

function ourSpawn(node: MeasuredNode, program: string): Contestant {
  const measure = async () => (await node.ask({ ask: 'spawn', by: 'isol8', command: [program] })).total;
  return { what: OURS, measure };
}

function peerSpawn(node: MeasuredNode, peer: Peer, program: string): Contestant {
  const command = [peer.program, ...peer.args, program];
  const measure = async () => (await node.ask({ ask: 'spawn', by: 'child_process', command })).total;
  return { what: byNode(peer), measure };
}
