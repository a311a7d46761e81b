import { O, PR, SIGNALS } from '../../syscalls/constants.js';
import type { Argument, Step } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import type { Context } from './context.js';

/** In struct pollfd a descriptor is followed by the events asked for; a pipe without a writer is reported unasked. */
const POLLIN_AFTER_DESCRIPTOR = 2 ** 32;

/**
 * A process dies with its parent by two means, since each alone has a gap: the parent-death signal, which says nothing
 * about a parent that was gone before it was asked for, and the lifeline. Attached, that is a pidfd of the thread that
 * started all; in place, a pipe whose only write end is the parent's.
 */
export function guard(context: Context, depth: number): Step[] {
  return guardBy(context, attachedLifeline(context) ?? { cell: lifelineName(depth), at: 0 });
}

/** The same once the set-up's descriptors are closed, see {@link keepLifeline}. */
export function guardProgram(context: Context): Step[] {
  return guardBy(context, attachedLifeline(context) ?? keptLifeline(context));
}

function attachedLifeline({ slots }: Context): number | undefined {
  return slots.lifeline === undefined ? undefined : slots.lifeline + POLLIN_AFTER_DESCRIPTOR;
}

function guardBy({ spec }: Context, end: Argument): Step[] {
  return spec.dieWithParent ? dieWithParent(end, SIGNALS.SIGKILL, 'the parent') : [];
}

/** In this order: the lifeline says whether the parent had ended before the signal was asked for. */
export function dieWithParent(end: Argument, signal: number, object: string): Step[] {
  return [
    call('prctl', [PR.SET_PDEATHSIG, signal], 'die when the parent does'),
    call('ppoll', [{ words: [end] }, 1, new Uint8Array(16), null, 0], 'see that the parent is still there', {
      expect: { equals: 0, errno: 'EOWNERDEAD', told: true },
      object,
    }),
  ];
}

const ownsLifelines = ({ options, spec }: Context): boolean =>
  options.mode === 'inPlace' && spec.dieWithParent;

/** In place, each parent makes a lifeline for its child; attached, the calling process has one for all. */
export const makeLifeline = (context: Context, depth: number): Step[] =>
  ownsLifelines(context) ? [lifelinePipe(lifelineName(depth))] : [];

export const lifelinePipe = (name: string): Step =>
  call('pipe2', [{ memory: name, size: 8 }, O.CLOEXEC], 'let the child notice when this process is gone');

/** The child's copy of the write end would keep the lifeline whole for ever. */
export const dropLifelineWriter = (context: Context, depth: number): Step[] =>
  ownsLifelines(context) ? [dropWriter(lifelineName(depth))] : [];

export const dropWriter = (name: string): Step =>
  call('close', [{ cell: name, at: 4 }], 'leave the write end of the lifeline to the parent');

/** In place the plan's own descriptor is closed by the time it runs, and its number is known. */
const keptLifeline = ({ slots }: Context): number => slots.plan;

/** In place the lifeline is anywhere among what the set-up opened: it moves below that, so that the rest can be closed. */
export function keepLifeline(context: Context, depth: number): Step[] {
  if (!ownsLifelines(context)) return [];
  const from: Argument = { cell: lifelineName(depth), at: 0 };
  return [
    call('dup3', [from, keptLifeline(context), O.CLOEXEC], 'keep the lifeline', {
      tolerate: ['EINVAL'], // it has that number already
      object: 'the lifeline',
    }),
  ];
}

const lifelineName = (depth: number): string => `lifeline${depth}`;
