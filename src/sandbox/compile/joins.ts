import { KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import { PR } from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import { call, type Details } from '../../syscalls/steps.js';
import type { JoinFact } from '../facts.js';
import type { Context } from './context.js';
import { guard } from './lifeline.js';

/** mnt comes last: it moves the root directory, and what leads to the others with it. */
const JOIN_ORDER: readonly NamespaceKind[] = ['cgroup', 'ipc', 'uts', 'net', 'pid', 'time', 'mnt'];

export function joinSteps(context: Context): Step[] {
  const foreign = context.facts.joins.filter(({ own }) => !own);
  return inJoinOrder(foreign, ({ kind }) =>
    kind === 'user' ? joinUser(context) : [joinKind(context, kind)],
  );
}

type Joined = Pick<JoinFact, 'kind' | 'ownedByJoinedUser'>;

/**
 * The only order in which setns(2) works: what the joined user namespace does not own while we still have the
 * capabilities outside of it, then that user namespace, then what it owns.
 */
export function inJoinOrder<Join extends Joined>(
  joins: readonly Join[],
  stepsOf: (join: Join) => Step[],
): Step[] {
  const sorted = JOIN_ORDER.flatMap((kind) => joins.filter((join) => join.kind === kind));
  const inOrder = [
    ...sorted.filter(({ ownedByJoinedUser }) => !ownedByJoinedUser),
    ...joins.filter(({ kind }) => kind === 'user'),
    ...sorted.filter(({ ownedByJoinedUser }) => ownedByJoinedUser),
  ];
  return [...hideFromInside(joins), ...inOrder.flatMap(stepsOf)];
}

/**
 * Goes where the calling thread stands, before anything else: paths of the spec are meant from there, and a new mnt namespace
 * is a copy of that thread's.
 */
export function placeSteps({ slots, facts, spec }: Context): Step[] {
  const { place } = slots;
  const umask = facts.place?.umask;
  if (!place) return [];
  const stays = typeof spec.namespaces.mnt !== 'object'; // who joins another stands at its root
  return [
    ...(stays
      ? [
          call('setns', [place.mnt, KINDS.mnt.flag], "have the calling thread's mounts", {
            field: 'namespaces.mnt',
            object: "the calling thread's mnt namespace",
          }),
          call('fchdir', [place.cwd], 'stand where the calling thread stands', {
            field: 'cwd',
            object: "the calling thread's working directory",
          }),
        ]
      : []),
    ...(umask === undefined ? [] : [call('umask', [umask], "have the calling thread's umask")]),
  ];
}

/** A process inside could otherwise trace this one in the moment between entering and execve, and get its descriptors. */
function hideFromInside(joins: readonly Joined[]): Step[] {
  if (!joins.some(({ kind }) => kind === 'user' || kind === 'pid')) return [];
  return [call('prctl', [PR.SET_DUMPABLE, 0], 'keep processes in there from tracing this one')];
}

export function setns(descriptor: number, kind: NamespaceKind, details: Details): Step {
  return call('setns', [descriptor, KINDS[kind].flag], `join the ${kind} namespace`, {
    field: `namespaces.${kind}`,
    ...details,
  });
}

/**
 * Who owns the user namespace has chosen its ids: whoever may be anybody outside must not stay in there as who he is outside,
 * with that user's files, because it has no root. Groups he leaves before, since it may forbid that.
 */
function joinUser(context: Context): Step[] {
  const { spec, facts } = context;
  const leaveGroups = call('setgroups', [0, null], 'leave the groups of outside', { tolerate: ['EPERM'] });
  const unlessOther = (mayBeAnybody: boolean, other: number | undefined): { tolerate?: string[] } =>
    mayBeAnybody && other === undefined ? {} : { tolerate: ['EINVAL'] };
  const root = { field: 'namespaces.user', object: 'its root' };
  return [
    ...(facts.groups.privileged ? [leaveGroups] : []),
    joinKind(context, 'user'),
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

function joinKind(context: Context, kind: NamespaceKind): Step {
  return setns(context.slots.joins[kind] as number, kind, {
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
