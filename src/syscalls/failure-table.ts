import type { Architecture } from './architecture.js';
import { ERRNO_NAMES, errnoNumber } from './errno.js';
import type { Place, PlanMemory } from './plan-memory.js';
import { type SyscallName, syscallNumber } from './table.js';
import * as wire from './wire.js';

/** What the launcher prints when a step fails and there is no status channel. */
export interface FailureTexts {
  /** For each step, what failed: the errno's name is appended. */
  readonly heads: readonly string[];
  /** For each step, where in the plan it is and what for: said behind the errno's name. */
  readonly places?: readonly string[];
  /** What an errno means, for one step or for all that make this call. */
  readonly causes: readonly FailureCause[];
  /** Leave out the errno's name: the causes say it in words. */
  readonly nameless?: boolean;
}

export interface FailureCause {
  readonly where: { readonly step: number } | { readonly call: SyscallName | 'any' };
  readonly errno: string;
  readonly text: string;
}

/**
 * Writes the words and the names of all errno values; returns what the header says about them. Each part is written in
 * one piece: the executable starts cold, and a hundred small writes there cost more than the kernel's part of a start.
 */
export function writeFailures(
  memory: PlanMemory,
  { heads, places = [], causes, nameless = false }: FailureTexts,
  architecture: Architecture,
): { failureCount: number; failuresAt: number; errnoNameCount: number; errnoNamesAt: number } {
  const texts = [...heads, ...places, ...causes.map(({ text }) => text)];
  const written = memory.places(texts);
  const rows: number[] = [];
  for (const step of heads.keys()) rows.push(step, 0, 0, ...(written[step] as Place));
  for (const step of places.keys())
    rows.push(step, 0, wire.PLACE, ...(written[heads.length + step] as Place));
  const before = heads.length + places.length;
  for (const [i, { where, errno }] of causes.entries()) {
    const step = 'step' in where ? where.step : wire.ANY_STEP;
    const call = 'call' in where ? callNumber(where.call, architecture) : 0;
    rows.push(step, call, errnoNumber(errno), ...(written[before + i] as Place));
  }
  const failuresAt = memory.block(new Uint8Array(Uint32Array.from(rows).buffer));
  return {
    failureCount: texts.length,
    failuresAt,
    errnoNameCount: nameless ? 0 : ERRNO_NAMES.length,
    errnoNamesAt: nameless ? failuresAt : errnoNames(memory),
  };
}

const callNumber = (call: SyscallName | 'any', architecture: Architecture): number =>
  call === 'any' ? wire.ANY_CALL : syscallNumber(call, architecture);

function errnoNames(memory: PlanMemory): number {
  return memory.text(ERRNO_NAMES.map((name) => name.padEnd(wire.ERRNO_NAME_SIZE, '\0')).join(''));
}
