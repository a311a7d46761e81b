import { plainKey, Recent } from '../foundation/recent.js';
import { closeDescriptor } from '../syscalls/binding.js';
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
 * @throws Isol8Error with the errno of a namespace to join that cannot be opened; EFBIG when RLIMIT_FSIZE lets this process
 * write no file of the launcher's few kilobytes.
 * @throws SystemCallError when there is no pipe, terminal, thread or process to start with: EMFILE, EAGAIN, ENOMEM.
 * @throws UnsupportedError on another operating system or processor.
 */
export async function spawn(command: readonly string[], spec: SpawnSpec = {}): Promise<Process> {
  requireObject(spec);
  const { env, signal, ...rest } = spec;
  checkSignal(signal);
  const { own, plans } = parsed.get(plainKey(rest), () => parseSpawn(rest));
  const program = parseProgram(command, env);
  signal?.throwIfAborted();
  const prepared = plans.prepare(program);
  let stdio: PreparedStdio | undefined;
  try {
    stdio = own.tty ? prepareTerminal(own.tty) : prepareStdio(own.stdio, prepared.compiled.owner);
    // No `return await`: only what launch() throws leaves the descriptors to us; before it rejects they have been closed.
    return new Start({ own, signal, plans, prepared, stdio }).launch();
  } catch (error) {
    const made = [...(stdio?.owned ?? []), ...(stdio?.ours.values() ?? [])];
    for (const descriptor of [...prepared.owned, ...made]) closeDescriptor(descriptor);
    throw error;
  }
}

function parseSpawn(spec: Omit<SpawnSpec, 'env' | 'signal'>): ParsedSpawn {
  const { process: own, sandbox } = parseProcessSpec(spec);
  return { own, plans: new SandboxPlans(parseSandbox(sandbox), attachedOptions(own)) };
}
