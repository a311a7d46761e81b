/** isol8 run --net NAME --explain: the program's plan, and for sh also what connects its namespace. */
import type { Isol8Error } from '../../foundation/errors.js';
import {
  type ExplainedNetwork,
  explainAttachNew,
  explainCreate,
  presentNetwork,
} from '../../network/explain/operations.js';
import { comment } from '../../network/explain/script.js';
import type { ExplainFormat } from '../../sandbox/explain/explain.js';
import { explain, explainInPlace } from '../../sandbox/explain.js';
import { STDERR, write } from '../output.js';
import { attachSpecOf } from './net-spec.js';
import { type AttachOptions, attachedSpec } from './run-attached.js';
import { checkWay, DEFAULT_NETWORK } from './run-net.js';
import type { RunOptions, RunSpec } from './run-spec.js';

/** Throws what the run would throw for a network that is not there, or a port that is taken. */
export async function explainInNetwork(
  name: string,
  command: readonly string[],
  {
    spec,
    options,
    format,
    how,
  }: { spec: RunSpec; options: RunOptions; format: ExplainFormat; how: AttachOptions },
): Promise<string> {
  const way = checkWay(name, spec);
  const notation = { format, showEnvironment: options.has('show-env') };
  if (way === 'bridge' && format === 'sh') {
    const before = [...missingWhileConnected(how), ...(await connecting(await openOrChoose(name), options))];
    const become = { descriptors: how.descriptors, terminal: false };
    return explainInPlace(waiting(command), spec, { ...notation, become, before });
  }
  const missing =
    way === 'bridge'
      ? `what connects it to network ${name} is not shown as ${format}; --explain=sh has it`
      : 'slirp4netns or pasta, which carry its connections out, are not shown';
  write(STDERR, `isol8 run: ${missing}\n`);
  return explain(command, attachedSpec(spec, how), notation);
}

async function openOrChoose(name: string): Promise<ExplainedNetwork> {
  try {
    return await presentNetwork(name);
  } catch (error) {
    if (name !== DEFAULT_NETWORK || (error as Isol8Error).code !== 'ENOENT') throw error;
    return await explainCreate({ name, persistent: true });
  }
}

/** This script becomes the program, so that nothing of it is left to stand in between or to watch. */
const missingWhileConnected = ({ tty, timeout }: AttachOptions): string[] => [
  ...(tty
    ? [comment('not in this script: isol8 gives the program a terminal of its own, as script(1) does')]
    : []),
  ...(timeout === undefined ? [] : [comment(`not in this script: isol8 kills the program after ${timeout}`)]),
];

const READY = 9;

/** The program is started once somebody has written to the pipe. */
const waiting = (command: readonly string[]): string[] => [
  ...['sh', '-c', `read -r _ <&${READY}; exec ${READY}<&-; exec "$@"`, 'sh'],
  ...command,
];

/**
 * Like the maps of a user namespace, the link comes from a process outside, once this one, whose pid stays, has a network
 * namespace of its own. isol8 makes that first, and the program never waits.
 */
async function connecting({ network, lines }: ExplainedNetwork, options: RunOptions): Promise<string[]> {
  const place = { netns: '$$', ip: 'nsenter --target $$ --net ip' };
  const { attach, after } = await explainAttachNew(network, attachSpecOf(options), place);
  return [
    ...lines,
    comment('the program waits at this pipe for its network'),
    `ready=$(mktemp -u); mkfifo "$ready"; exec ${READY}<>"$ready"; rm "$ready"`,
    '(',
    "trap '[ $? = 0 ] || kill -KILL $$' EXIT",
    'until [ "$(readlink /proc/$$/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done',
    ...attach,
    `echo >&${READY}`,
    ...(after.length > 0
      ? [comment('when the program has ended'), 'while kill -0 $$ 2>&-; do sleep 1; done', ...after]
      : []),
    ') &',
    comment('isol8 also binds hosts(5) and resolv.conf(5) of the network over those in /etc'),
    comment('the program in its namespaces'),
  ];
}
