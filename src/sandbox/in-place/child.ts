import type { Step } from '../../syscalls/plan.js';
import { exitStep, result } from '../../syscalls/steps.js';

/** Only children are in a pid or time namespace that this process has left its own for. */
export function haveChild(child: readonly Step[]): Step {
  const id = 'child';
  return {
    kind: 'fork',
    call: 'clone',
    flags: 0,
    id,
    why: 'have a child inside',
    object: 'fork failed',
    child,
  };
}

/** What the parent does from then on. */
export function standForChild(forwards: boolean): Step[] {
  return [
    {
      kind: 'supervise',
      id: 'status',
      child: { result: 'child' },
      as: 'waiter',
      forwards,
      endsAlike: true,
      why: forwards ? 'wait for the child and pass signals on' : 'wait for the child',
    },
    exitStep(result('status'), 'end as the child did'),
  ];
}
