/** Sentences about steps that several formats share. */
import { KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import type { ForkStep, Step } from '../../syscalls/plan.js';
import { cellName, type Explained } from './run-time.js';

/** The user namespace owns the others, and with it a list begins. */
const ORDER: readonly NamespaceKind[] = ['user', 'mnt', 'pid', 'net', 'uts', 'ipc', 'cgroup', 'time'];

/** Long option of unshare(1) for each namespace that the flags make. */
export function namespaceKinds(flags: number): string[] {
  return ORDER.filter((kind) => (flags & KINDS[kind].flag) !== 0).map((kind) => KINDS[kind].option);
}

/** `init (<pid of init>), in new user, pid and uts namespaces:` */
export function describeChild(step: ForkStep, context: Explained): string {
  const name = step.object ?? step.id ?? 'child';
  const pid = step.id === undefined ? `step ${context.number.get(step)}` : `<pid of ${step.id}>`;
  const kinds = namespaceKinds(step.flags);
  const last = kinds.pop();
  if (last === undefined) return `${name} (${pid}):`;
  const list =
    kinds.length === 0 ? `a new ${last} namespace` : `new ${kinds.join(', ')} and ${last} namespaces`;
  return `${name} (${pid}), in ${list}:`;
}

/** What counts as success besides success: `EEXIST is fine`; or what does not: `must give 0, else EPIPE`. */
export function describeOutcome(step: Step): string {
  if (step.kind !== 'call') return '';
  const said: string[] = [];
  const tolerated = step.tolerate ?? [];
  if (tolerated.length > 0)
    said.push(`${tolerated.join(', ')} ${tolerated.length === 1 ? 'is' : 'are'} fine`);
  if (step.expect) {
    const { cell, equals, errno } = step.expect;
    said.push(
      cell ? `${cellName(cell)} must be ${equals}, else ${errno}` : `must give ${equals}, else ${errno}`,
    );
  }
  return said.join('; ');
}
