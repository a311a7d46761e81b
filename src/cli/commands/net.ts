import { SpecError } from '../../foundation/errors.js';
import type { NetworkDescription } from '../../network/describe.js';
import { Network } from '../../network/network.js';
import { inColumns } from '../aligned.js';
import { type Parsed, parseOptions } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import { STDERR, STDOUT, write } from '../output.js';
import { closest } from '../suggest.js';
import { UsageError } from '../usage-error.js';
import { leftoverRow, leftoverStatus, ofNetwork } from './leftovers.js';
import { actionsOf, NET_ACTIONS, type NetAction, netCommand } from './net-options.js';
import { attachSpecOf, inNetOptions, netTarget, networkSpecOf, throwInOptions } from './net-spec.js';
import { NO_NETWORKS } from './network-name.js';
import { isPid } from './pid-word.js';

type NetOptions = Parsed<(typeof netCommand)['options'][number]['name']>;
type Action = (operands: readonly string[], options: NetOptions) => Promise<number>;

const ACTIONS: Readonly<Record<NetAction, Action>> = {
  create,
  ls,
  inspect,
  rm,
  connect,
  disconnect,
  gc,
  ping: async (operands, options) => (await import('./net-ping.js')).ping(operands, options),
  probe: async (operands, options) => (await import('./net-probe.js')).probe(operands, options),
};

/** isol8 net. */
export async function net(argv: readonly string[]): Promise<number> {
  const options: NetOptions = parseOptions(netCommand, argv);
  if (await answersHelp(options, netCommand)) return 0;
  const [name = '', ...operands] = options.operands;
  const action = NET_ACTIONS.find((known) => known === name);
  if (action === undefined) {
    const all = NET_ACTIONS.join(', ');
    const problem = name === '' ? `give one of ${all}` : `there is no '${name}': choose from ${all}`;
    throw usage(problem, closest(name, NET_ACTIONS));
  }
  const foreign = options.values.find(({ option }) => !actionsOf(option).includes(action));
  if (foreign) throw usage(`option '${foreign.name}' is not for ${action}`);
  try {
    if (options.has('explain')) return await explain(action, operands, options);
    return await ACTIONS[action](operands, options);
  } catch (error) {
    throw inNetOptions(error);
  }
}

/** Prints what an action would do. */
async function explain(action: NetAction, operands: readonly string[], options: NetOptions): Promise<number> {
  const { explainNet } = await import('./net-explain.js');
  write(STDOUT, await explainNet(action, operandsOf(action, operands), options));
  return 0;
}

async function create(operands: readonly string[], options: NetOptions): Promise<number> {
  const [name = ''] = operandsOf('create', operands);
  const network = await Network.create({ ...networkSpecOf(options), name, persistent: true });
  try {
    const description = await network.inspect();
    if (options.has('json')) printJson(description);
    else write(STDOUT, `${name}: ${[description.subnet, description.subnet6].filter(Boolean).join(', ')}\n`);
    for (const problem of description.problems) write(STDERR, `isol8 net: network ${name}: ${problem}\n`);
  } finally {
    network.close();
  }
  return 0;
}

async function ls(operands: readonly string[], options: NetOptions): Promise<number> {
  exactly(operands, [], 'ls');
  const networks = await Network.list();
  if (options.has('json')) printJson(networks);
  else if (networks.length > 0) write(STDOUT, inColumns([HEADINGS, ...networks.map(rowOf)]));
  return 0;
}

const HEADINGS = ['NAME', 'BRIDGE', 'SUBNET', 'SUBNET6', 'MEMBERS', 'NOTES'];

function rowOf(network: NetworkDescription): string[] {
  const { name, bridge, subnet = '-', subnet6 = '-', members, internal, isolated, problems } = network;
  const notes = [internal && 'internal', isolated && 'isolated', ...problems].filter(
    (note) => note !== false,
  );
  return [name, bridge, subnet, subnet6, String(members.length), notes.join(', ')];
}

async function inspect(operands: readonly string[], options: NetOptions): Promise<number> {
  if (operands.length === 0) throw usage('inspect needs a network');
  const found: NetworkDescription[] = [];
  for (const name of operands) {
    const network = await Network.open(name);
    try {
      found.push(await network.inspect());
    } finally {
      network.close();
    }
  }
  if (options.has('json')) printJson(found);
  else write(STDOUT, found.map(textOf).join('\n'));
  return found.some(({ problems }) => problems.length > 0) ? 1 : 0;
}

function textOf(network: NetworkDescription): string {
  const { members, problems, ...settings } = network;
  const lines = Object.entries(settings).map(([key, value]) => [key, String(value)]);
  const rows = members.map(({ names, address = '-', address6 = '-', mac, hostInterface, ports }) => {
    const published = ports.map(({ hostAddress, hostPort, port, protocol }) => {
      const host = hostAddress?.includes(':') ? `[${hostAddress}]` : hostAddress;
      return `${host === undefined ? '' : `${host}:`}${hostPort}:${port}/${protocol}`;
    });
    return [`  ${names.join(', ') || '-'}`, address, address6, mac, hostInterface, published.join(' ')];
  });
  const table =
    rows.length > 0 ? inColumns([['  MEMBER', 'ADDRESS', 'ADDRESS6', 'MAC', 'LINK', 'PORTS'], ...rows]) : '';
  return `${inColumns(lines)}${table}${problems.map((problem) => `problem: ${problem}\n`).join('')}`;
}

async function rm(operands: readonly string[], options: NetOptions): Promise<number> {
  const networks: Network[] = [];
  try {
    for (const name of operandsOf('rm', operands)) networks.push(await Network.open(name));
    for (const network of networks) await network.remove({ force: options.has('force') });
  } finally {
    for (const network of networks) network.close();
  }
  return 0;
}

async function connect(operands: readonly string[], options: NetOptions): Promise<number> {
  const [name = '', target = ''] = operandsOf('connect', operands);
  const network = await Network.open(name);
  try {
    using namespace = netTarget(target);
    const {
      address,
      address6,
      mac,
      interface: link,
    } = await network.attach(namespace, attachSpecOf(options)).catch(throwInOptions);
    if (options.has('json')) printJson({ address, address6, mac, interface: link });
    else write(STDOUT, `${link}: ${[address, address6].filter(Boolean).join(', ')}\n`);
    if (isPid(target)) write(STDERR, `isol8 net: ${keepsNames(target, name)}\n`);
  } finally {
    network.close();
  }
  return 0;
}

/** Its mounts are not ours to change. */
const keepsNames = (pid: string, network: string): string =>
  `process ${pid} keeps its own /etc/hosts; what isol8 run --join net=${pid} starts knows the names of ${network}`;

async function disconnect(operands: readonly string[], _options: NetOptions): Promise<number> {
  const [name = '', member = ''] = operandsOf('disconnect', operands);
  const network = await Network.open(name);
  try {
    await network.detach(member);
  } finally {
    network.close();
  }
  return 0;
}

async function gc(operands: readonly string[], options: NetOptions): Promise<number> {
  exactly(operands, [], 'gc');
  const dryRun = options.has('dry-run');
  const found = await Network.sweep({ dryRun });
  if (options.has('json')) printJson(found);
  else write(STDOUT, inColumns(found.map((one) => leftoverRow(ofNetwork(one), dryRun))));
  return leftoverStatus(found);
}

const OPERANDS: { readonly [action in NetAction]?: readonly string[] } = {
  create: ['NAME'],
  connect: ['NETWORK', 'TARGET'],
  disconnect: ['NETWORK', 'MEMBER'],
};

function operandsOf(action: NetAction, operands: readonly string[]): readonly string[] {
  if (action === 'rm' && operands.length === 0) throw usage('rm needs a network');
  if (action === 'rm') return [...new Set(operands)];
  const [name = ''] = exactly(operands, OPERANDS[action] ?? [], action);
  if (action === 'create' && NO_NETWORKS.includes(name))
    throw new SpecError(
      'NAME',
      `${name} means something else to isol8 run --net, which could not reach this`,
    );
  return operands;
}

function exactly(operands: readonly string[], names: readonly string[], action: string): readonly string[] {
  if (operands.length > names.length) throw usage(`unexpected argument '${operands[names.length]}'`);
  if (operands.length < names.length)
    throw usage(`${action} needs ${names.slice(operands.length).join(' and ')}`);
  return operands;
}

const printJson = (value: unknown): void => write(STDOUT, `${JSON.stringify(value, null, 2)}\n`);

const usage = (problem: string, suggestion?: string): UsageError =>
  new UsageError(problem, { command: 'net', suggestion });
