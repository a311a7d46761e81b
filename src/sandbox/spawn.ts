import { closeDescriptor } from '../syscalls/binding.js';
import type { CompileOptions } from './compile/context.js';
import { preparePlan } from './prepared-plan.js';
import type { Process } from './process.js';
import { parseProcessSpec, type SpawnSpec } from './process-spec.js';
import { Start } from './start.js';
import { type PreparedStdio, prepareStdio, prepareTerminal } from './stdio.js';

/**
 * Starts a program in new, joined or shared namespaces: all eight new ones unless told otherwise. The program is looked
 * up in the PATH of its own environment, inside.
 *
 * @returns once the program runs.
 * @throws SpecError for a spec that cannot be, before anything is started.
 * @throws StepError when the kernel refuses a step; nothing is left of those before it.
 * @throws UnsupportedError on another operating system or processor.
 */
export async function spawn(command: readonly string[], spec: SpawnSpec = {}): Promise<Process> {
  const { process: own, sandbox } = parseProcessSpec(spec);
  own.signal?.throwIfAborted();
  const descriptors = own.tty ? 3 : own.stdio.length;
  const options: CompileOptions = { mode: 'attached', descriptors, ...(own.tty && { terminal: 'new' }) };
  const prepared = preparePlan(command, sandbox, options);
  let stdio: PreparedStdio | undefined;
  try {
    stdio = own.tty ? prepareTerminal(own.tty) : prepareStdio(own.stdio, prepared.compiled.owner);
    return new Start({ own, prepared, stdio, options }).launch();
  } catch (error) {
    const made = [...(stdio?.owned ?? []), ...(stdio?.ours.values() ?? [])];
    for (const descriptor of [...prepared.gathered.owned, ...made]) closeDescriptor(descriptor);
    throw error;
  }
}
