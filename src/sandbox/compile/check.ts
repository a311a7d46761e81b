import { SpecError } from '../../foundation/errors.js';
import { describeIds } from '../../ids/check.js';
import { mapToOuter } from '../../ids/ranges.js';
import type { ResolvedIdMap } from '../../ids/resolve.js';
import { type Context, isJoined, isNew } from './context.js';
import { SHOWS, showsProc } from './filesystems.js';

/** Whoever the program is to be must exist in its new user namespace: known now, so nothing is started in vain. */
export function checkIdentity(context: Context): void {
  if (!isNew(context, 'user')) return;
  const { uid, gid, groups = [] } = context.spec;
  if (uid !== undefined) checkMapped(uid, context.users, { field: 'uid', map: 'mapUsers' });
  if (gid !== undefined) checkMapped(gid, context.groups, { field: 'gid', map: 'mapGroups' });
  for (const [index, group] of groups.entries()) {
    checkMapped(group, context.groups, { field: `groups[${index}]`, map: 'mapGroups' });
  }
  if (context.spec.groups === undefined || !setgroupsFails(context)) return;
  throw new SpecError(
    'groups',
    'cannot be set: the kernel lets nobody set groups without a map of groups, nor in one that a process without ' +
      'CAP_SETGID wrote itself. Leave them out, or map groups from /etc/subgid through newgidmap (mapGroups "auto")',
  );
}

/** userns_may_setgroups in kernel/user_namespace.c */
export function setgroupsFails(context: Context): boolean {
  return isNew(context, 'user') && (context.setgroups === 'deny' || context.groups.writer === 'none');
}

/**
 * No new user namespace owns a namespace that was there before. One that is joined is looked at from outside beforehand
 * (filesystems.ts); the caller's own is not, since that would show more than the new user namespace may see.
 */
export function checkViews(context: Context): void {
  if (!isNew(context, 'user') || !isNew(context, 'mnt')) return;
  const { mounts, proc } = context.spec;
  for (const [index, { type }] of mounts.entries())
    if (type in SHOWS) checkView(context, type as keyof typeof SHOWS, `mounts[${index}]`);
  if (proc && !showsProc(context)) checkView(context, 'proc', 'proc');
}

function checkView(context: Context, type: keyof typeof SHOWS, field: string): void {
  const kind = SHOWS[type];
  if (isNew(context, kind) || isJoined(context, kind)) return;
  throw new SpecError(
    field,
    `${type} shows the ${kind} namespace, which is the caller's own: nobody in a new user namespace may mount that. ` +
      `Take a new ${kind} namespace, or share the user namespace too`,
  );
}

function checkMapped(
  id: number,
  { ranges }: ResolvedIdMap,
  { field, map }: { field: string; map: string },
): void {
  if (mapToOuter(ranges, id) !== undefined) return;
  const known = ranges.map(({ inner, count }) => describeIds(inner, count)).join(', ');
  throw new SpecError(
    field,
    `${id} does not exist inside: ${map} ${known ? `gives the ids ${known}` : 'is empty'}. Add it there, or take another`,
  );
}
