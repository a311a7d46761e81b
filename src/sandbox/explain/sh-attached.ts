/** What isol8 does beside a plan while it stays, by programs that do the same: a terminal in between, and a limit of time. */
import { IOCTL, SIGNALS } from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import type { Action } from './sh-actions.js';

export interface Deadline {
  readonly milliseconds: number;
  readonly signal: number;
}

/** Whether the program gets a terminal that isol8 makes, which has to be made for a script. */
export const hasOwnTerminal = (steps: readonly Step[]): boolean =>
  steps.some(({ kind, ...step }) => kind === 'call' && 'args' in step && step.args[1] === IOCTL.TIOCSCTTY);

/** script(1) makes a session whose terminal it is, so that none is left to be made inside. */
export function inTerminal(actions: readonly Action[]): Action[] {
  const inside = actions.filter((action) => action.kind !== 'wrap' || action.argv[0] !== 'setsid');
  return [{ kind: 'terminal' }, ...inside];
}

export function inTime(actions: readonly Action[], deadline: Deadline): Action[] {
  const { milliseconds, signal } = deadline;
  const name =
    Object.entries(SIGNALS)
      .find(([, number]) => number === signal)?.[0]
      .slice(3) ?? `${signal}`;
  const argv = ['timeout', '--foreground', `--signal=${name}`, `${milliseconds / 1000}`];
  const why =
    signal === SIGNALS.SIGKILL ? `${LIMIT}; isol8 run ends with 124 then, timeout(1) with 137` : LIMIT;
  return [{ kind: 'wrap', argv, why }, ...actions];
}

const LIMIT = 'limit the time that it has';
