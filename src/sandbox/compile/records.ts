import type { Step } from '../../syscalls/plan.js';
import { call, u32 } from '../../syscalls/steps.js';
import { RECORD_KIND } from '../../syscalls/wire.js';
import type { Context } from './context.js';

/** The main process tells that it is there; the kernel adds its pid as the receiver sees it. */
export const childRecord = (context: Context): Step[] =>
  record(context, RECORD_KIND.child, 'tell the caller which process this is');

export const startedRecord = (context: Context): Step[] =>
  record(context, RECORD_KIND.started, 'tell the caller that the program runs');

function record({ slots }: Context, kind: number, why: string): Step[] {
  if (slots.status === undefined) return [];
  return [call('write', [slots.status, u32(kind, 0, 0), 12], why, { object: 'the status channel' })];
}

export const executingRecord = (context: Context): Step[] =>
  record(context, RECORD_KIND.executing, 'tell the caller that the program is next');
