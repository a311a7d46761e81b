import { SpecError } from '../../foundation/errors.js';
import { become } from '../../sandbox/become.js';
import type { SandboxSpec } from '../../sandbox/spec.js';
import { parseOptions } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import { STDIN, STDOUT, terminalSize, write } from '../output.js';
import { PROGRAM } from '../usage-error.js';
import { VERSION } from '../version.js';
import { networkName } from './network-name.js';
import { asOption, inOptions } from './option-names.js';
import { descriptorCount } from './preserved-descriptors.js';
import type { AttachOptions } from './run-attached.js';
import { runCommand } from './run-options.js';
import { joinedNetns, type RunOptions, type RunSpec, specOf } from './run-spec.js';

/** isol8 run. */
export async function run(argv: readonly string[]): Promise<number> {
  const options: RunOptions = parseOptions(runCommand, argv);
  try {
    return await runWith(options);
  } catch (error) {
    throw inOptions(error, options);
  }
}

/** Where nothing is left to do after the start, the launcher takes this process's place. */
async function runWith(options: RunOptions): Promise<number> {
  if (await answersHelp(options, runCommand)) return 0;
  if (options.has('version')) {
    write(STDOUT, `${PROGRAM} ${VERSION}\n`);
    return 0;
  }
  const command = options.operands.length > 0 ? options.operands : [process.env.SHELL || '/bin/sh'];
  const spec = await withNetnsFiles(specOf(options), options);
  const network = networkName(options);
  const attached = attachOptions(spec, options);
  const inPlace = { descriptors: attached.descriptors, terminal: terminalSize(STDIN) !== undefined };
  const stays = attached.tty || attached.timeout !== undefined;
  if (options.has('explain')) {
    const { explainRun } = await import('./run-explain.js');
    const how = stays || network !== undefined ? attached : inPlace;
    write(STDOUT, await explainRun(command, spec, { options, how }));
    return 0;
  }
  if (!stays && network === undefined)
    return become(command, spec, { ...inPlace, name: 'isol8 run', wording: asOption });
  const { runAttached } = await import('./run-attached.js');
  if (network === undefined) return await runAttached(command, spec, attached);
  const { inNetwork } = await import('./run-net.js');
  await using networked = await inNetwork(network, spec, options);
  return await runAttached(command, networked.spec, { ...attached, ownPids: hasOwnPids(networked.spec) });
}

async function withNetnsFiles(spec: RunSpec, options: RunOptions): Promise<RunSpec> {
  const name = joinedNetns(options);
  if (name === undefined) return spec;
  const { netnsMountsOf } = await import('./netns-view.js');
  return { ...spec, mounts: [...(await netnsMountsOf(name)), ...(spec.mounts ?? [])] };
}

/** With a terminal in between, or the time to watch, this process stays. */
function attachOptions(spec: SandboxSpec, options: RunOptions): AttachOptions {
  const tty = options.has('tty');
  if (tty && options.has('preserve-fds')) {
    throw new SpecError(
      '--preserve-fds',
      'cannot be given with --tty, whose terminal is all that the command gets',
    );
  }
  return {
    tty,
    interactive: options.has('interactive'),
    timeout: options.last('timeout'),
    descriptors: descriptorCount(options.last('preserve-fds')),
    ownPids: hasOwnPids(spec),
  };
}

/** What is not named is new. */
function hasOwnPids({ namespaces = 'all' }: SandboxSpec): boolean {
  if (typeof namespaces !== 'object') return true;
  return Array.isArray(namespaces)
    ? namespaces.includes('pid')
    : (namespaces as { pid?: unknown }).pid === undefined;
}
