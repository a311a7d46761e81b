import { KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import { PR } from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import { type Context, isJoined } from './context.js';
import { guard } from './lifeline.js';

/** mnt comes last: it moves the root directory, and what leads to the others with it. */
const JOIN_ORDER: readonly NamespaceKind[] = ['cgroup', 'ipc', 'uts', 'net', 'pid', 'time', 'mnt'];

/**
 * setns(2) in the only order that works: what the joined user namespace does not own while we still have the
 * capabilities outside of it, then that user namespace, then what it owns.
 */
export function joinSteps(context: Context): Step[] {
  const { joins } = context.slots;
  const owned = new Set(
    context.facts.joins.filter((join) => join.ownedByJoinedUser).map((join) => join.kind),
  );
  const kinds = JOIN_ORDER.filter((kind) => joins[kind] !== undefined);
  return [
    ...hideFromInside(context),
    ...kinds.filter((kind) => !owned.has(kind)).map((kind) => setns(context, kind)),
    ...joinUser(context),
    ...kinds.filter((kind) => owned.has(kind)).map((kind) => setns(context, kind)),
  ];
}

/** A process inside could otherwise trace this one in the moment between entering and execve, and get its descriptors. */
function hideFromInside(context: Context): Step[] {
  if (!isJoined(context, 'user') && !isJoined(context, 'pid')) return [];
  return [call('prctl', [PR.SET_DUMPABLE, 0], 'keep processes in there from tracing this one')];
}

/**
 * Who owns the user namespace has chosen its ids: whoever may be anybody outside must not stay in there as who he is outside,
 * with that user's files, because it has no root. Groups he leaves before, since it may forbid that.
 */
function joinUser(context: Context): Step[] {
  if (!isJoined(context, 'user')) return [];
  const { spec, facts } = context;
  const leaveGroups = call('setgroups', [0, null], 'leave the groups of outside', { tolerate: ['EPERM'] });
  const unlessOther = (mayBeAnybody: boolean, other: number | undefined): { tolerate?: string[] } =>
    mayBeAnybody && other === undefined ? {} : { tolerate: ['EINVAL'] };
  const root = { field: 'namespaces.user', object: 'its root' };
  return [
    ...(facts.groups.privileged ? [leaveGroups] : []),
    setns(context, 'user'),
    ...(facts.groups.privileged ? [] : [leaveGroups]),
    call('setresgid', [0, 0, 0], 'be root in there', {
      ...root,
      ...unlessOther(facts.groups.privileged, spec.gid),
    }),
    call('setresuid', [0, 0, 0], 'be root in there', {
      ...root,
      ...unlessOther(facts.users.privileged, spec.uid),
    }),
    // in place this is the caller's own process, whose parent is nobody's business
    ...(context.options.mode === 'attached' ? guard(context, 0) : []),
  ];
}

function setns(context: Context, kind: NamespaceKind): Step {
  const slot = context.slots.joins[kind] as number;
  return call('setns', [slot, KINDS[kind].flag], `join the ${kind} namespace`, {
    field: `namespaces.${kind}`,
    object: `the ${kind} namespace`,
    id: `join-${kind}`,
    ...shellFor(context, kind),
  });
}

/** nsenter(1) goes by paths; a descriptor has none that another process could use. */
function shellFor({ spec }: Context, kind: NamespaceKind): { shell?: string[] } {
  const target = spec.namespaces[kind];
  if (typeof target === 'string' || 'fd' in target) return {};
  const path = 'pid' in target ? `/proc/${target.pid}/ns/${kind}` : target.path;
  return { shell: ['nsenter', `--${KINDS[kind].option}=${path}`] };
}
