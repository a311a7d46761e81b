import type { Step } from '../../syscalls/plan.js';
import { call, exitStep } from '../../syscalls/steps.js';
import type { Context } from './context.js';
import { startedRecord } from './records.js';

/** In place of a program: waits to be killed once others hold what it is in. */
export function holdSteps(context: Context): Step[] {
  return [
    ...startedRecord(context),
    call('ppoll', [null, 0, null, null, 0], 'wait until somebody else holds the namespaces'),
    exitStep(0, 'be done'),
  ];
}
