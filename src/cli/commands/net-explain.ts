/** isol8 net … --explain: the commands that would do the same, printed and not run. */
import {
  explainAttach,
  explainCreate,
  explainDetach,
  explainRemove,
  presentNetwork,
} from '../../network/explain/operations.js';
import { type MemberPlace, scriptText } from '../../network/explain/script.js';
import { quoteShell } from '../../sandbox/explain/quote.js';
import type { Parsed } from '../getopt.js';
import type { NetAction } from './net-options.js';
import { attachSpecOf, netTarget, networkSpecOf } from './net-spec.js';
import { isPid } from './pid-word.js';

/** The script for an action that changes something; throws what the action would throw for what is wrong beforehand. */
export async function explainNet(
  action: NetAction,
  operands: readonly string[],
  options: Parsed,
): Promise<string> {
  const [name = '', other = ''] = operands;
  if (action === 'create')
    return scriptText((await explainCreate({ ...networkSpecOf(options), name })).lines);
  if (action === 'connect') return await connectScript(name, other, options);
  if (action === 'disconnect') return scriptText(await explainDetach(name, other));
  const lines: string[] = [];
  for (const one of operands) lines.push(...(await explainRemove(one, { force: options.has('force') })));
  return scriptText(lines);
}

async function connectScript(name: string, target: string, options: Parsed): Promise<string> {
  using namespace = netTarget(target);
  const { network } = await presentNetwork(name);
  return scriptText(await explainAttach(network, attachSpecOf(options), { namespace, ...wordsOf(target) }));
}

/** How ip(8) reaches a target: a pid, a path, or a name that it knows too. */
function wordsOf(target: string): Pick<MemberPlace, 'netns' | 'ip'> {
  const word = quoteShell(target);
  if (isPid(target)) return { netns: word, ip: `nsenter --target ${word} --net ip` };
  if (target.includes('/')) return { netns: word, ip: `nsenter --net=${word} ip` };
  return { netns: word, ip: `ip -n ${word}` };
}
