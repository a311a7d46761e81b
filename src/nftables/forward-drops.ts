import { SpecError } from '../foundation/errors.js';
import type { SocketPlace } from '../namespaces/open-socket.js';
import type { ListedChain } from './decode.js';
import type { Expression } from './expression.js';
import { type LegacyForward, legacyForward } from './legacy-tables.js';
import type { ListedRule } from './read-ruleset.js';
import { NftablesSocket } from './socket.js';

/** A chain that drops what is forwarded, whatever chains of others accept. */
export interface ForwardDrop {
  /** ip_tables are those of iptables-legacy(8). */
  readonly backend: 'nf_tables' | 'ip_tables';
  readonly family: 'ip' | 'ip6' | 'inet';
  readonly table: string;
  readonly chain: string;
  /** Whether the chain's policy does, or its last rule. */
  readonly by: 'policy' | 'last rule';
  /** Whether Docker has its chain DOCKER-USER there, in which rules of others survive. */
  readonly docker: boolean;
}

/** Docker leaves its rules to others. */
const DOCKER = 'DOCKER-USER';

/**
 * The firewalls of a network namespace, default the calling thread's, that drop packets which are forwarded from and to the
 * interfaces of a name or pattern (`br0`, `i8-*`). One that has a rule which accepts all of them is none.
 *
 * @throws Isol8Error EPERM without CAP_NET_ADMIN in the user namespace that owns it.
 */
export async function findForwardDrops(
  interfaces: string,
  options: { readonly namespace?: SocketPlace } = {},
): Promise<ForwardDrop[]> {
  const { namespace } = options;
  using socket = await NftablesSocket.open(options);
  const chains = (await socket.listChains()).filter(isForward);
  const found: ForwardDrop[] = [];
  for (const chain of chains) {
    const drop = describe(chain, await socket.listRules(chain.table), interfaces);
    if (drop !== undefined) found.push(drop);
  }
  for (const family of ['ip', 'ip6'] as const) {
    const filter = await legacyForward(family, namespace);
    if (filter?.policy !== 'drop' || letsThrough(filter, interfaces)) continue;
    const place = { family, table: 'filter', chain: 'FORWARD' };
    found.push({ backend: 'ip_tables', ...place, by: 'policy', docker: filter.chains.includes(DOCKER) });
  }
  return found;
}

const isForward = ({ table, hook, type }: ListedChain): boolean =>
  hook === 'forward' && type === 'filter' && ['ip', 'ip6', 'inet'].includes(table.family);

function describe(
  chain: ListedChain,
  rules: readonly ListedRule[],
  interfaces: string,
): ForwardDrop | undefined {
  const { table, name, policy } = chain;
  const last = rules.filter((rule) => rule.chain === name).at(-1)?.expressions ?? [];
  const by = policy === 'drop' ? 'policy' : last.length > 0 && last.every(stopsAll) ? 'last rule' : undefined;
  if (by === undefined || rules.some(({ expressions }) => accepts(expressions, interfaces))) return undefined;
  const docker = rules.some((rule) => rule.chain === DOCKER);
  return {
    backend: 'nf_tables',
    family: table.family as ForwardDrop['family'],
    table: table.name,
    chain: name,
    by,
    docker,
  };
}

/** A drop or reject that nothing is asked before, but for what counts and logs. */
function stopsAll(expression: Expression, index: number, all: readonly Expression[]): boolean {
  if (index < all.length - 1) return expression.kind === 'counter' || expression.kind === 'log';
  return expression.kind === 'reject' || (expression.kind === 'verdict' && expression.verdict === 'drop');
}

function accepts(expressions: readonly Expression[], interfaces: string): boolean {
  const [first, ...rest] = expressions.filter(({ kind }) => kind !== 'counter');
  const [last] = rest;
  return (
    first?.kind === 'match' &&
    first.selector === 'iifname' &&
    first.op === undefined &&
    covers(String(first.value), interfaces) &&
    rest.length === 1 &&
    last?.kind === 'verdict' &&
    last.verdict === 'accept'
  );
}

const letsThrough = ({ rules }: LegacyForward, interfaces: string): boolean =>
  rules.some(({ iifname, accepts: all }) => all && iifname !== '' && covers(iifname, interfaces));

/** Whether a pattern has all the names of another one. */
const covers = (pattern: string, other: string): boolean =>
  pattern === other || (pattern.endsWith('*') && other.startsWith(pattern.slice(0, -1)));

/**
 * The commands that have a firewall let pass what is forwarded from and to these interfaces: those of the firewall's own
 * tool, since what others write into its tables is lost when it is loaded anew.
 */
export function allowForward(drop: ForwardDrop, interfaces: string): string[] {
  if (!/^[\w.-]+\*?$/.test(interfaces))
    throw new SpecError('interfaces', `${JSON.stringify(interfaces)} is no name or pattern`);
  const { family, table, chain, backend, docker } = drop;
  const plus = interfaces.replace(/\*$/, '+');
  if (table === 'firewalld')
    return ['--permanent ', ''].map((when) => `firewall-cmd ${when}--zone=trusted --add-interface=${plus}`);
  if (table === 'filter' && chain === 'FORWARD' && family !== 'inet') {
    const tool = `${family === 'ip' ? 'iptables' : 'ip6tables'}${backend === 'ip_tables' ? '-legacy' : ''}`;
    const into = `${tool} -I ${docker ? DOCKER : chain}`;
    return [
      `${into} -i ${plus} -j ACCEPT`,
      `${into} -o ${plus} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT`,
    ];
  }
  const into = `nft insert rule ${family} ${table} ${chain}`;
  return [
    `${into} 'iifname "${interfaces}" accept'`,
    `${into} 'oifname "${interfaces}" ct state established,related accept'`,
    `${into} 'oifname "${interfaces}" ct status dnat accept'`,
  ];
}
