/** Arguments of a step as the process sees them when it makes the call. */
import type { Argument } from '../../../src/syscalls/plan.js';
import { KernelError, type Process } from './process.js';

export type Value =
  | number
  | bigint
  | string
  | null
  | Uint8Array
  | { readonly words: readonly Value[] }
  | { readonly memory: string; readonly size: number };

export function resolveArgument(process: Process, argument: Argument): Value {
  if (argument === null || typeof argument !== 'object' || argument instanceof Uint8Array) return argument;
  if ('words' in argument) return { words: argument.words.map((word) => resolveArgument(process, word)) };
  if ('memory' in argument) return argument;
  if ('cell' in argument) return cellOf(process, argument.cell, argument.at);
  if ('result' in argument) return resultOf(process, argument.result);
  const [before, reference, after] = argument.text;
  return `${before}${resultOf(process, reference.result)}${after}`;
}

/** What was written by another process, or not yet, is not there: memory is copied by fork. */
export function cellOf(process: Process, name: string, at: number): number {
  const value = process.cells.get(name)?.[at / 4];
  if (value === undefined) throw new KernelError('EFAULT', `nothing has been written to ${name} at ${at}`);
  return value;
}

export function resultOf(process: Process, id: string): number {
  const value = process.results.get(id);
  if (value === undefined) throw new KernelError('EFAULT', `the step ${id} has not run in this process`);
  return value;
}

export function numberOf(value: Value | undefined): number {
  if (typeof value !== 'number') throw new KernelError('EINVAL', `${String(value)} is not a number`);
  return value;
}

export function textOf(value: Value | undefined): string {
  if (typeof value !== 'string') throw new KernelError('EFAULT', `${String(value)} is not a text`);
  return value;
}

/** Little-endian 32-bit numbers. */
export function u32sOf(value: Value | undefined): number[] {
  if (!(value instanceof Uint8Array)) throw new KernelError('EFAULT', 'not a block of bytes');
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.byteLength / 4 }, (_, i) => view.getUint32(4 * i, true));
}
