/** What is known before a plan runs, and the names of what is not. */
import type { Architecture } from '../../syscalls/architecture.js';
import type { CellReference, Plan, ResultReference, Step } from '../../syscalls/plan.js';
import { flattenSteps } from '../../syscalls/plan.js';

export interface Explained {
  readonly architecture: Architecture;
  readonly showEnvironment: boolean;
  /** The variables of whoever runs this, where they are known. */
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
  /** Every step in the order of its number, which is what an error names. */
  readonly steps: readonly Step[];
  readonly number: ReadonlyMap<Step, number>;
  readonly byId: ReadonlyMap<string, Step>;
}

export function explained(
  plan: Plan,
  options: Pick<Explained, 'architecture'> & Partial<Pick<Explained, 'showEnvironment' | 'environment'>>,
): Explained {
  const steps = flattenSteps(plan.steps);
  const byId = new Map<string, Step>();
  for (const step of steps) if (step.id !== undefined) byId.set(step.id, step);
  const number = new Map(steps.map((step, index) => [step, index]));
  return {
    architecture: options.architecture,
    showEnvironment: options.showEnvironment ?? false,
    environment: options.environment,
    steps,
    number,
    byId,
  };
}

/** `pid of init` for the child of the step with the id `init`, `mapFile` for what another one returned. */
export function resultName({ result }: ResultReference, { byId }: Explained): string {
  return byId.get(result)?.kind === 'fork' ? `pid of ${result}` : result;
}

/** `gate[1]` for the second number in the memory `gate`. */
export const cellName = ({ cell, at }: CellReference): string => `${cell}[${at / 4}]`;

/** A variable as `env` in an exec step has it, without its value unless that was asked for. */
export function shownVariable(variable: string, { showEnvironment }: Explained): string {
  if (showEnvironment) return variable;
  const end = variable.indexOf('=');
  return end < 0 ? variable : `${variable.slice(0, end)}=…`;
}
