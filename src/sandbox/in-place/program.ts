import { CLOSE_RANGE, LAST_DESCRIPTOR } from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import {
  ALL_CAPABILITIES,
  ambientSteps,
  candidates,
  letSignalsThrough,
  limitStep,
} from '../compile/program.js';
import type { Facts } from '../facts.js';

/** What is executed at the end. */
export interface InPlaceProgram {
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Where a file without a slash is looked for. */
  readonly path: string;
  /** Descriptors of this process that it gets beside 0, 1 and 2, ascending. */
  readonly descriptors: readonly number[];
}

/** execvp(3), with what Node has changed for itself as it was before. */
export function executeSteps({ file, argv, env, path, descriptors }: InPlaceProgram, facts: Facts): Step[] {
  const { nofile } = facts;
  return [
    ...(nofile
      ? [limitStep({ name: 'nofile', ...nofile }, 'undo what the runtime raised its own limit to')]
      : []),
    ...gaps(descriptors).map(([first, last]) =>
      call('close_range', [first, last, CLOSE_RANGE.CLOEXEC], "pass on the caller's descriptors alone"),
    ),
    letSignalsThrough(),
    {
      kind: 'exec',
      candidates: candidates(file, path),
      argv,
      env,
      why: 'become the program',
      field: 'command',
      object: `failed to execute ${file}`,
    },
  ];
}

/** What lies between the descriptors that are passed on, and beyond them. */
function gaps(descriptors: readonly number[]): (readonly [first: number, last: number])[] {
  const edges = [2, ...descriptors, LAST_DESCRIPTOR + 1];
  return edges
    .slice(1)
    .map((next, i) => [(edges[i] as number) + 1, next - 1] as const)
    .filter(([first, last]) => first <= last);
}

/**
 * Who the program is to be, in this order; supplementary groups are dropped with the group. `optional` says that they
 * were before, or may stay: a user namespace may forbid it.
 */
export function identitySteps(
  { uid, gid }: { uid?: number | undefined; gid?: number | undefined },
  optional = false,
): Step[] {
  return [
    ...(gid === undefined
      ? []
      : [
          call('setgroups', [0, null], 'drop other groups', {
            object: 'setgroups failed',
            ...(optional && { tolerate: ['EPERM'] }),
          }),
          call('setresgid', [gid, gid, gid], 'be in that group', { object: 'setgid failed' }),
        ]),
    ...(uid === undefined
      ? []
      : [call('setresuid', [uid, uid, uid], 'be that user', { object: 'setuid failed' })]),
  ];
}

export const keepCapabilities = (facts: Facts): Step[] =>
  ambientSteps(facts, ALL_CAPABILITIES, 'prctl(PR_CAP_AMBIENT) failed for ');
