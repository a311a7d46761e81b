/** Descriptors that a plan uses without opening them: isol8 puts them there before the first step. */
import { CLONE } from '../../syscalls/constants.js';
import type { Argument, CallStep, Plan, Step } from '../../syscalls/plan.js';
import { formatsOf } from './call-formats.js';
import { namespaceKinds } from './describe.js';
import { countOf, memberAt, structOf } from './structs.js';

export interface Slot {
  readonly fd: number;
  /** `lifeline`: must not become readable. `status`: takes records. `namespace`: joined. `other`: read or written. */
  readonly use: 'status' | 'lifeline' | 'namespace' | 'directory' | 'other';
  /** For `namespace`: what /proc/PID/ns calls it. */
  readonly kind?: string;
}

/** Calls whose descriptor must be a directory or a mount. */
const DIRECTORY_CALLS = new Set([
  'fchdir',
  'openat',
  'openat2',
  'mkdirat',
  'open_tree',
  'move_mount',
  'mount_setattr',
]);
const FIRST_SLOT = 3;

export function slotsOf(plan: Plan, steps: readonly Step[]): Slot[] {
  const slots = new Map<number, Slot>();
  const made = new Set<number>();
  if (plan.status !== undefined) slots.set(plan.status, { fd: plan.status, use: 'status' });
  for (const step of steps) {
    if (step.kind !== 'call') continue;
    for (const slot of slotsOfCall(step)) {
      const known = slots.get(slot.fd);
      if (slot.fd < FIRST_SLOT || made.has(slot.fd) || (known && known.use !== 'other')) continue;
      slots.set(slot.fd, slot);
    }
    if (step.call === 'dup3' && typeof step.args[1] === 'number' && !slots.has(step.args[1]))
      made.add(step.args[1]);
  }
  return [...slots.values()].sort((a, b) => a.fd - b.fd);
}

function slotsOfCall(step: CallStep): Slot[] {
  if (step.call === 'ppoll') return polled(step.args[0] ?? null);
  const given = formatsOf(step).flatMap((format, i) => {
    const argument = step.args[i];
    return (format === 'fd' || format === 'dirfd') && typeof argument === 'number'
      ? [{ argument, format }]
      : [];
  });
  if (step.call === 'dup3') given.pop();
  return given.map(({ argument }): Slot => {
    if (step.call === 'setns') return { fd: argument, use: 'namespace', kind: namespaceFile(step.args[1]) };
    return { fd: argument, use: DIRECTORY_CALLS.has(step.call) ? 'directory' : 'other' };
  });
}

function polled(descriptors: Argument): Slot[] {
  const struct = structOf('pollfd');
  const count = countOf(struct, descriptors);
  const fds = Array.from({ length: count }, (_, i) => memberAt(descriptors, i * struct.size, 4));
  return fds.flatMap((fd) => (typeof fd === 'number' ? [{ fd, use: 'lifeline' as const }] : []));
}

/** The file in /proc/PID/ns of the first namespace that the flags of setns(2) name. */
function namespaceFile(flags: Argument | undefined): string {
  const number = typeof flags === 'number' ? flags : CLONE.NEWNET;
  const kind = namespaceKinds(number)[0] ?? 'net';
  return kind === 'mount' ? 'mnt' : kind;
}
