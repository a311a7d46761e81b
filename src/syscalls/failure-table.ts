import type { Architecture } from './architecture.js';
import { ERRNO_NAMES, errnoNumber } from './errno.js';
import type { PlanMemory } from './plan-memory.js';
import { type SyscallName, syscallNumber } from './table.js';
import * as wire from './wire.js';

/** What the launcher prints when a step fails and there is no status channel. */
export interface FailureTexts {
  /** For each step, what failed: the errno's name is appended. */
  readonly heads: readonly string[];
  /** What an errno means, for one step or for all that make this call. */
  readonly causes: readonly FailureCause[];
}

export interface FailureCause {
  readonly where: { readonly step: number } | { readonly call: SyscallName };
  readonly errno: string;
  readonly text: string;
}

/** Writes the words and the names of all errno values; returns what the header says about them. */
export function writeFailures(
  memory: PlanMemory,
  { heads, causes }: FailureTexts,
  architecture: Architecture,
): { failureCount: number; failuresAt: number; errnoNameCount: number; errnoNamesAt: number } {
  const failureCount = heads.length + causes.length;
  const failuresAt = memory.reserve(failureCount * wire.FAILURE.size);
  const rows = [
    ...heads.map((text, step) => ({ step, call: 0, code: 0, text })),
    ...causes.map(({ where, errno, text }) => ({
      step: 'step' in where ? where.step : wire.ANY_STEP,
      call: 'call' in where ? syscallNumber(where.call, architecture) : 0,
      code: errnoNumber(errno),
      text,
    })),
  ];
  for (const [i, { step, call, code, text }] of rows.entries()) {
    const textAt = memory.text(text);
    const values = [step, call, code, textAt, memory.end - 1 - textAt];
    for (const [field, value] of values.entries()) {
      memory.u32(failuresAt + i * wire.FAILURE.size + 4 * field, value);
    }
  }
  return { failureCount, failuresAt, errnoNameCount: ERRNO_NAMES.length, errnoNamesAt: errnoNames(memory) };
}

/** One text for all: the executable starts cold, and a loop over bytes there costs more than the kernel's part. */
function errnoNames(memory: PlanMemory): number {
  return memory.text(ERRNO_NAMES.map((name) => name.padEnd(wire.ERRNO_NAME_SIZE, '\0')).join(''));
}
