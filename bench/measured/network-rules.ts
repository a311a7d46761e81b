import { performance } from 'node:perf_hooks';
import type * as Records from '../../src/network/records.js';
import type * as Rules from '../../src/network/rules.js';
import type { Change } from '../../src/nftables/change.js';
import type * as Socket from '../../src/nftables/socket.js';
import type * as Text from '../../src/nftables/text.js';
import { loadModule } from './isol8.js';
import type { Answer, Request } from './protocol.js';

type RulesRequest = Extract<Request, { ask: 'network rules' }>;

const owner = { pid: 1, startTime: '1' } as unknown as Records.NetworkRecord['owner'];

const NETWORK: Records.NetworkRecord = {
  name: 'measured',
  state: 'ready',
  owner,
  persistent: true,
  bridge: { name: 'i8-measured', index: 5, mac: '02:00:00:00:00:01' },
  group: 7,
  subnet: '10.89.0.0/24',
  gateway: '10.89.0.1',
  subnet6: 'fd00:89::/64',
  gateway6: 'fd00:89::1',
  masquerade: true,
  internal: false,
  isolated: false,
  mtu: 1500,
  linkLocal6: true,
  outside6: true,
};

const MEMBER: Records.MemberRecord = {
  state: 'ready',
  owner,
  namespace: 'net',
  link: { name: 'i8v-1', index: 8 },
  inside: { name: 'eth0', index: 2 },
  mac: '02:00:00:00:00:02',
  address: '10.89.0.2',
  address6: 'fd00:89::2',
  names: [],
  ports: Array.from({ length: 10 }, (_, i) => ({ protocol: 'tcp', hostPort: 8000 + i, port: 80 + i })),
};

let socket: Promise<Socket.NftablesSocket> | undefined;

/**
 * Milliseconds to make up, encode and put in a network's rules, one of `count` times: where there are none, as for a new network,
 * and where the last time's are taken away first. And these as commands.
 */
export async function putInRules({ count }: RulesRequest): Promise<Answer<RulesRequest>> {
  const { networkRules, publishedRules, removeNetworkRules } =
    await loadModule<typeof Rules>('network/rules.js');
  const { NftablesSocket } = await loadModule<typeof Socket>('nftables/socket.js');
  const { rulesetText } = await loadModule<typeof Text>('nftables/text.js');
  socket ??= NftablesSocket.open();
  const nftables = await socket;
  const changes = (): Change[] => [...networkRules(NETWORK), ...publishedRules(NETWORK, MEMBER)];
  let first = 0;
  for (let i = 0; i < count; i++) {
    await nftables.commit(removeNetworkRules(NETWORK));
    const begin = performance.now();
    await nftables.commit(changes());
    first += performance.now() - begin;
  }
  const begin = performance.now();
  for (let i = 0; i < count; i++) await nftables.commit(changes());
  const again = performance.now() - begin;
  return { first: first / count, again: again / count, text: rulesetText(changes()) };
}
