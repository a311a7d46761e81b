import { plainKey, Recent } from '../foundation/recent.js';
import { closeDescriptor } from '../syscalls/binding.js';
import { Bounds } from './bounds.js';
import { parseProgram, parseSandbox, requireObject } from './parse.js';
import { SandboxPlans } from './prepared-plan.js';
import type { Process } from './process.js';
import {
  attachedOptions,
  checkSignal,
  type ParsedProcessSpec,
  parseProcessSpec,
  type SpawnSpec,
} from './process-spec.js';
import { Start } from './start.js';
import { type PreparedStdio, prepareStdio, prepareTerminal } from './stdio.js';

/** A spec that has been checked. */
interface ParsedSpawn {
  readonly own: ParsedProcessSpec;
  readonly plans: SandboxPlans;
}

/** Enough for a program that mixes sandboxes of several kinds; each takes some 10 KB. */
const parsed = new Recent<ParsedSpawn>(32);

/**
 * Starts a program in new, joined or shared namespaces: all eight new ones unless told otherwise. The program is looked
 * up in the PATH of its own environment, inside.
 *
 * @returns once the program runs.
 * @throws SpecError for a spec that cannot be, before anything is started.
 * @throws StepError when the kernel refuses a step; nothing is left of those before it.
 * @throws Isol8Error with the errno of a namespace to join that cannot be opened.
 * @throws Isol8Error ETIMEDOUT when its `timeout` has passed before that, and the reason of `signal` when that is aborted.
 * @throws SystemCallError when there is no pipe, terminal, thread or process to start with: EMFILE, EAGAIN, ENOMEM.
 * @throws UnsupportedError on another operating system or processor.
 */
export async function spawn(command: readonly string[], spec: SpawnSpec = {}): Promise<Process> {
  const { child, bounds } = await spawnBounded(command, spec);
  void child.exited.then(() => bounds[Symbol.dispose]());
  return child;
}

/** A process, and what bounds it until they are disposed of, also when it has ended. */
export interface BoundedProcess {
  readonly child: Process;
  readonly bounds: Bounds;
}

/** {@link spawn} for who has more than the process to bound. */
export async function spawnBounded(command: readonly string[], spec: SpawnSpec): Promise<BoundedProcess> {
  requireObject(spec);
  const { env, signal, ...rest } = spec;
  checkSignal(signal);
  const { own, plans } = parsed.get(plainKey(rest), () => parseSpawn(rest));
  const program = parseProgram(command, env);
  signal?.throwIfAborted();
  const prepared = plans.prepare(program);
  const bounds = new Bounds(own.timeout, signal);
  let stdio: PreparedStdio | undefined;
  let started: Promise<Process>;
  try {
    stdio = own.tty ? prepareTerminal(own.tty) : prepareStdio(own.stdio, prepared.compiled.owner);
    // What rejects later has closed the descriptors: only what launch() throws leaves them to us.
    started = new Start({ own, signal, bounds, plans, prepared, stdio }).launch();
  } catch (error) {
    bounds[Symbol.dispose]();
    const made = [...(stdio?.owned ?? []), ...(stdio?.ours.values() ?? [])];
    for (const descriptor of [...prepared.owned, ...made]) closeDescriptor(descriptor);
    throw error;
  }
  return { child: await started, bounds };
}

function parseSpawn(spec: Omit<SpawnSpec, 'env' | 'signal'>): ParsedSpawn {
  const { process: own, sandbox } = parseProcessSpec(spec);
  return { own, plans: new SandboxPlans(parseSandbox(sandbox), attachedOptions(own)) };
}
