import { formatTimensOffsets } from '../../clocks/offsets.js';
import { formatIdMap } from '../../ids/ranges.js';
import type { ResolvedIdMap } from '../../ids/resolve.js';
import { CLONE } from '../../syscalls/constants.js';
import type { Plan, ResultReference, Step } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import { flagsOf } from '../compile/context.js';
import { makeGate, openGate, waitAtGate } from '../compile/gate.js';
import { dieWithParent, dropWriter, lifelinePipe } from '../compile/lifeline.js';
import type { Facts } from '../facts.js';
import { EXIT_FAILURE } from './become-plan.js';
import { haveChild, standForChild } from './child.js';
import { chroot, mountBinfmt, mountProc, propagate } from './mounts.js';
import { keepFromOutside, mapFromOutside, outside, writeFile } from './outside.js';
import { executeSteps, identitySteps, keepCapabilities } from './program.js';
import { unshareMap } from './unshare-ids.js';
import type { UnshareSpec } from './unshare-spec.js';

interface Maps {
  readonly users: ResolvedIdMap;
  readonly groups: ResolvedIdMap;
}

/**
 * unshare(1) as a plan, step by step in its order: this process leaves its namespaces, and becomes the program or, with
 * --fork, waits for a child that does. Throws SpecError for maps that the kernel would refuse.
 */
export function compileUnshare(spec: UnshareSpec, facts: Facts): Plan {
  const maps = {
    users: unshareMap(spec.users, facts.users, { field: 'mapUsers', kind: 'user' }),
    groups: unshareMap(spec.groups, facts.groups, { field: 'mapGroups', kind: 'group' }),
  };
  const mapping = outside('id-maps', (parent) => mapsFromOutside(maps, facts, parent));
  const keeping = outside('namespaces', (parent) => keepFromOutside(spec.files, parent));
  const mapsOutside = needsOutside(maps, facts);
  const keeps = Object.keys(spec.files).length > 0;
  // A pid namespace can be looked at only once there is a child in it.
  const keepsLate = keeps && spec.files.pid !== undefined && spec.fork;
  return {
    failedStatus: EXIT_FAILURE,
    steps: [
      ...(mapsOutside ? mapping.start : []),
      ...(keeps ? keeping.start : []),
      ...becomeOwner(spec),
      call('unshare', [flagsOf(spec.kinds)], 'leave the namespaces', { object: 'unshare failed' }),
      ...(mapsOutside ? mapping.finish : []),
      ...(keeps && !keepsLate ? keeping.finish : []),
      ...ownMaps(spec, maps, facts),
      ...moveClocks(spec),
      ...(spec.fork
        ? forked(spec, keepsLate ? keeping.finish : [], inside(spec, facts))
        : inside(spec, facts)),
    ],
  };
}

/** A map of nothing but the present id is written from within, as the kernel allows everybody. */
const isOwn = (map: ResolvedIdMap, id: number): boolean =>
  map.writer === 'direct' &&
  map.ranges.length === 1 &&
  map.ranges[0]?.outer === id &&
  map.ranges[0].count === 1;

const isOutside = (map: ResolvedIdMap, id: number): boolean => map.writer !== 'none' && !isOwn(map, id);

const needsOutside = ({ users, groups }: Maps, facts: Facts): boolean =>
  isOutside(users, facts.users.id) || isOutside(groups, facts.groups.id);

function mapsFromOutside({ users, groups }: Maps, facts: Facts, parent: ResultReference): Step[] {
  return [
    ...(isOutside(users, facts.users.id) ? mapFromOutside(users, facts.users, { kind: 'user', parent }) : []),
    ...(isOutside(groups, facts.groups.id)
      ? mapFromOutside(groups, facts.groups, { kind: 'group', parent })
      : []),
  ];
}

function ownMaps({ setgroups }: UnshareSpec, { users, groups }: Maps, facts: Facts): Step[] {
  const ownGroup = isOwn(groups, facts.groups.id);
  const policy = ownGroup ? 'deny' : setgroups;
  return [
    ...(isOwn(users, facts.users.id)
      ? writeFile('/proc/self/uid_map', formatIdMap(users.ranges), '/proc/self/uid_map')
      : []),
    ...(policy === undefined ? [] : writeFile('/proc/self/setgroups', policy, '/proc/self/setgroups')),
    ...(ownGroup ? writeFile('/proc/self/gid_map', formatIdMap(groups.ranges), '/proc/self/gid_map') : []),
  ];
}

/** The effective ids are what the kernel notes as a new user namespace's owner; the real ones stay. */
function becomeOwner({ owner }: UnshareSpec): Step[] {
  if (!owner) return [];
  const unchanged = 0xffff_ffff;
  return [
    call('setresgid', [unchanged, owner.gid, unchanged], 'make the group the owner', {
      object: 'setegid failed',
    }),
    call('setresuid', [unchanged, owner.uid, unchanged], 'make the user the owner', {
      object: 'seteuid failed',
    }),
  ];
}

function moveClocks({ offsets }: UnshareSpec): Step[] {
  const text = formatTimensOffsets(offsets);
  return text === '' ? [] : writeFile('/proc/self/timens_offsets', text, '/proc/self/timens_offsets');
}

const LIFELINE = 'lifeline';
const GATE = 'gate';

/** `late` is what the parent does once the child is there, which waits meanwhile. */
function forked(spec: UnshareSpec, late: readonly Step[], program: readonly Step[]): Step[] {
  const held = late.length > 0;
  return [
    ...(spec.killChild === undefined ? [] : [lifelinePipe(LIFELINE)]),
    ...(held ? [makeGate(GATE, 'hold the child until its namespace is kept')] : []),
    haveChild([
      ...(spec.killChild === undefined ? [] : guard(spec.killChild)),
      ...(held ? waitAtGate(GATE, 'wait until it is kept', 'the parent failed') : []),
      ...program,
    ]),
    ...late,
    ...(held ? [openGate(GATE, 'let the child go on')] : []),
    ...standForChild(spec.forwardSignals),
  ];
}

const guard = (signal: number): Step[] => [
  dropWriter(LIFELINE),
  ...dieWithParent({ cell: LIFELINE, at: 0 }, signal, 'the parent has ended'),
];

function inside(spec: UnshareSpec, facts: Facts): Step[] {
  const { interpreter, mountBinfmt: binfmt, root } = spec;
  const flags = flagsOf(spec.kinds);
  return [
    ...(flags & CLONE.NEWNS ? propagate(spec.propagation) : []),
    // An interpreter that is to be opened at once (flag F) is found where we are now.
    ...(binfmt !== undefined && interpreter !== undefined && root !== undefined
      ? mountBinfmt('/proc/sys/fs/binfmt_misc', interpreter)
      : []),
    ...chroot(root, spec.directory),
    ...(spec.mountProc === undefined
      ? []
      : mountProc(spec.mountProc, root === undefined && spec.propagation !== 'private')),
    ...(binfmt === undefined ? [] : mountBinfmt(binfmt, root === undefined ? interpreter : undefined)),
    ...identitySteps(spec),
    ...(spec.keepCapabilities && flags & CLONE.NEWUSER ? keepCapabilities(facts) : []),
    ...executeSteps(spec.program, facts),
  ];
}
