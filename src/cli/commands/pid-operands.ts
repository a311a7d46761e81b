import { UsageError } from '../usage-error.js';
import { isPid } from './pid-word.js';

/** The operands of a command that takes processes. Throws UsageError for a word that can be no pid. */
export function pidsOf(operands: readonly string[], command: string): number[] {
  const wrong = operands.find((word) => !isPid(word));
  if (wrong !== undefined) throw new UsageError(`invalid PID argument: '${wrong}'`, { command });
  return operands.map(Number);
}
