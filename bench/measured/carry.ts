/** Traffic over a network of ours and over the same wiring made by ip(8) and nft(8), from which it is measured. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadIsol8 } from './isol8.js';
import type { Answer, Request } from './protocol.js';

type CarryRequest = Extract<Request, { ask: 'carry' }>;
type Isol8 = Awaited<ReturnType<typeof loadIsol8>>;
type Namespace = NonNullable<Awaited<ReturnType<Isol8['createNamespaces']>>['net']>;

/** iperf3's own port, and one for requests. */
const PORTS = { throughput: 5201, requests: 5300 } as const;
const REQUESTS = 5000;
/** By which the outside knows the host. */
const HOST = '203.0.113.1';

/** From where to what address; the published ports are higher by a thousand, those by hand by two. */
interface Way {
  readonly from: Namespace;
  readonly to: string;
  readonly more: number;
}

let world: Promise<Record<CarryRequest['by'], Way>> | undefined;

/** Gigabits in a second, or requests that were answered in one. */
export async function carry(
  { by, what, program }: CarryRequest,
  dist: string,
): Promise<Answer<CarryRequest>> {
  world ??= makeWorld(program, await loadIsol8(dist));
  const { from, to, more } = (await world)[by];
  const port = String(PORTS[what] + more);
  if (what === 'requests') return { rate: Number(inside(from, program, to, port, String(REQUESTS))) };
  const { end } = JSON.parse(inside(from, 'iperf3', '-c', to, '-p', port, '-t', '1', '-J'));
  return { rate: end.sum_received.bits_per_second / 1e9 };
}

async function makeWorld(program: string, isol8: Isol8): Promise<Record<CarryRequest['by'], Way>> {
  const netns = async (): Promise<Namespace> => (await isol8.createNamespaces(['net'])).net as Namespace;
  const [one, two, three, four, outside] = await Promise.all([netns(), netns(), netns(), netns(), netns()]);
  const hosts = { one, two, three, four, outside } as Record<string, Namespace>;
  connectOutside(outside as Namespace);
  const network = await isol8.Network.create({ name: 'carry', subnet: '10.78.0.0/24' });
  await network.attach(one as Namespace, { address: '10.78.0.2' });
  const publish = Object.values(PORTS).map((port) => `${port + 1000}:${port}`);
  await network.attach(two as Namespace, { address: '10.78.0.3', publish });
  wireByHand(three as Namespace, four as Namespace);
  for (const server of [hosts.two, hosts.four])
    for (const command of [
      ['iperf3', '-s'],
      [program, 'serve', String(PORTS.requests)],
    ]) {
      const namespaces = { user: 'shared', net: server as Namespace } as const;
      const started = await isol8.spawn(command, { namespaces, stdio: ['ignore', 'ignore', 'ignore'] });
      process.stdin.once('end', () => started.kill('SIGKILL')); // or this process would wait for them
    }
  await sleep(500); // until they listen
  return {
    network: { from: one as Namespace, to: '10.78.0.3', more: 0 },
    ip: { from: three as Namespace, to: '10.79.0.3', more: 0 },
    published: { from: outside as Namespace, to: HOST, more: 1000 },
    nft: { from: outside as Namespace, to: HOST, more: 2000 },
  };
}

function connectOutside(outside: Namespace): void {
  ip(`link add up0 type veth peer name eth0 netns ${pathOf(outside)}`);
  ip(`addr add ${HOST}/24 dev up0`);
  ip('link set up0 up');
  ip('addr add 203.0.113.2/24 dev eth0', outside);
  ip('link set eth0 up', outside);
  ip('route add default via 203.0.113.2');
}

/** A bridge as the article makes it, and a port of the host that leads to its second member. */
function wireByHand(one: Namespace, other: Namespace): void {
  ip('link add byhand type bridge');
  ip('addr add 10.79.0.1/24 dev byhand');
  ip('link set byhand up');
  for (const [number, member] of [one, other].entries()) {
    ip(`link add hand${number} type veth peer name eth0 netns ${pathOf(member)}`);
    ip(`link set hand${number} master byhand up`);
    ip('link set lo up', member);
    ip(`addr add 10.79.0.${number + 2}/24 dev eth0`, member);
    ip('link set eth0 up', member);
    ip('route add default via 10.79.0.1', member);
  }
  execFileSync('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1']);
  const ports = Object.values(PORTS).map((port) => `tcp dport ${port + 2000} dnat to 10.79.0.3:${port}`);
  const words = ['type nat hook prerouting priority dstnat', ...ports].map((word) => `${word}\n`);
  execFileSync('nft', [`table ip byhand {\nchain c {\n${words.join('')}}\n}`]);
}

const pathOf = ({ fd }: Namespace): string => `/proc/${process.pid}/fd/${fd}`;

function ip(words: string, where?: Namespace): void {
  if (where === undefined) execFileSync('ip', words.split(' '));
  else inside(where, 'ip', ...words.split(' '));
}

const inside = (where: Namespace, ...command: string[]): string =>
  execFileSync('nsenter', [`--net=${pathOf(where)}`, ...command], { encoding: 'utf8' });
