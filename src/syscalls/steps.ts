import type { Argument, CallStep, Step } from './plan.js';
import type { SyscallName } from './table.js';

/** What else there is to say of a call. */
export type Details = Omit<CallStep, 'kind' | 'call' | 'args' | 'why'>;

/** One system call as a step. */
export function call(
  name: SyscallName,
  args: readonly Argument[],
  why: string,
  details: Details = {},
): CallStep {
  return { kind: 'call', call: name, args, why, ...details };
}

export const result = (id: string): Argument => ({ result: id });

/** Little-endian 32-bit numbers: most small structs of the kernel. */
export function u32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value >>> 0, true);
  return bytes;
}

export function exitStep(status: Argument, why: string): Step {
  return call('exit_group', [status], why);
}
