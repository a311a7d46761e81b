import { byteLength } from '../../foundation/byte-text.js';
import { mapToOuter } from '../../ids/ranges.js';
import { type ResolvedIdMap, resolveIdMap, setgroupsPolicy } from '../../ids/resolve.js';
import type { NamespaceKind } from '../../namespaces/kinds.js';
import { AF, IFF, IOCTL, SOCK } from '../../syscalls/constants.js';
import { SLOT } from '../../syscalls/launch.js';
import type { Plan, Step } from '../../syscalls/plan.js';
import { call, result } from '../../syscalls/steps.js';
import type { Facts } from '../facts.js';
import type { ParsedSpec } from '../parsed-spec.js';
import { checkIdentity, checkViews } from './check.js';
import { type CompileOptions, type Context, isNew, type Slots } from './context.js';
import { earlyViews } from './filesystems.js';
import { holdSteps } from './hold.js';
import { descend, keepHostProc, openOffsetsEarly } from './hops.js';
import { initSteps } from './init.js';
import { joinSteps, placeSteps } from './joins.js';
import { guard } from './lifeline.js';
import { mountSteps } from './mounts.js';
import { callerInside, limitStep, niceStep, programSteps, raises } from './program.js';
import { childRecord, executingRecord } from './records.js';
import { saveTerminal } from './terminal.js';

export interface Compiled {
  readonly plan: Plan;
  /** What goes behind the program's own descriptors in the list of slots for a launch. */
  readonly control: readonly number[];
  /** Who the program is as seen from outside, when that is somebody else than the caller. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Turns a checked spec into the plan that makes it true. Pure: all that depends on the machine is in `facts`.
 * Throws SpecError for id maps that the kernel would refuse, and for ids that they do not have.
 */
export function compile(spec: ParsedSpec, facts: Facts, options: CompileOptions): Compiled {
  const { slots, control } = assignSlots(spec, facts, options);
  const none: ResolvedIdMap = { ranges: [], writer: 'none' };
  const newUser = spec.namespaces.user === 'new';
  const users = newUser
    ? resolveIdMap(spec.mapUsers, facts.users, { field: 'mapUsers', kind: 'user' })
    : none;
  const groups = newUser
    ? resolveIdMap(spec.mapGroups, facts.groups, { field: 'mapGroups', kind: 'group' })
    : none;
  const setgroups = setgroupsPolicy(spec.setgroups, groups, facts.groups.privileged);
  const context: Context = { spec, facts, options, slots, users, groups, setgroups };
  checkIdentity(context);
  checkViews(context);
  return {
    plan: {
      steps: firstProcess(context),
      ...(slots.status === undefined ? {} : { status: slots.status }),
    },
    control,
    owner: ownerOutside(context),
  };
}

function ownerOutside(context: Context): Compiled['owner'] {
  const { spec, facts, users, groups } = context;
  const inside = callerInside(context);
  const outside = (map: ResolvedIdMap, inner: number | undefined, own: number): number =>
    inner === undefined ? own : isNew(context, 'user') ? (mapToOuter(map.ranges, inner) ?? own) : inner;
  const uid = outside(users, spec.uid ?? inside.uid ?? firstInner(users), facts.users.id);
  const gid = outside(groups, spec.gid ?? inside.gid ?? firstInner(groups), facts.groups.id);
  return uid === facts.users.id && gid === facts.groups.id ? undefined : { uid, gid };
}

function assignSlots(
  spec: ParsedSpec,
  facts: Facts,
  options: CompileOptions,
): { slots: Slots; control: number[] } {
  const control: number[] = [];
  const next = (source: number): number => options.descriptors + control.push(source) - 1;
  const attached = options.mode === 'attached';
  const status = attached ? next(SLOT.status) : undefined;
  const lifeline = attached && spec.dieWithParent ? next(SLOT.lifeline) : undefined;
  const plan = next(SLOT.plan);
  const joins: Partial<Record<NamespaceKind, number>> = {};
  for (const { kind, fd, own } of facts.joins) if (!own) joins[kind] = next(fd);
  const place = facts.place && { mnt: next(facts.place.mnt), cwd: next(facts.place.cwd) };
  return { slots: { status, lifeline, plan, joins, place }, control };
}

/** The launcher's first process: outside of everything new, and the last that has the caller's own privilege. */
function firstProcess(context: Context): Step[] {
  return [
    ...raiseLimits(context),
    ...saveTerminal(context),
    ...placeSteps(context),
    ...keepHostProc(context),
    ...openOffsetsEarly(context),
    ...joinSteps(context),
    ...earlyViews(context),
    ...descend(context, (depth) => mainProcess(context, depth)),
  ];
}

/** What needs capabilities of the host, which nobody has in a new user namespace. */
function raiseLimits(context: Context): Step[] {
  const { spec } = context;
  return [
    ...spec.rlimits
      .filter((limit) => raises(context, limit))
      .map((limit) => limitStep(limit, `raise ${limit.name}`)),
    // Also one above 0, which may be below the caller's own.
    ...(spec.nice === undefined ? [] : [niceStep(spec.nice)]),
  ];
}

/** The process that is in all the namespaces: PID 1 of ours, or the program itself. */
function mainProcess(context: Context, depth: number | undefined): Step[] {
  return [
    ...childRecord(context),
    ...becomeMapped(context, depth),
    ...names(context),
    ...loopback(context),
    ...mountSteps(context),
    ...lastSteps(context, depth),
  ];
}

function lastSteps(context: Context, depth: number | undefined): Step[] {
  if (context.options.hold) return holdSteps(context);
  if (context.spec.init) return initSteps(context, programSteps(context, [], undefined));
  return programSteps(context, executingRecord(context), depth);
}

/** A caller whom the map leaves out would own nothing that it makes: it becomes the first who is mapped. */
function becomeMapped(context: Context, depth: number | undefined): Step[] {
  const { users, groups } = context;
  const inside = callerInside(context);
  const uid = inside.uid === undefined ? firstInner(users) : undefined;
  const gid = inside.gid === undefined ? firstInner(groups) : undefined;
  if (uid === undefined && gid === undefined) return [];
  const why = 'be someone whom the map knows';
  return [
    call('setgroups', [0, null], 'leave groups that the map does not know', { tolerate: ['EPERM'] }),
    ...(gid === undefined ? [] : [call('setresgid', [gid, gid, gid], why, { field: 'mapGroups' })]),
    ...(uid === undefined ? [] : [call('setresuid', [uid, uid, uid], why, { field: 'mapUsers' })]),
    ...(depth === undefined ? [] : guard(context, depth)),
  ];
}

function firstInner({ ranges }: ResolvedIdMap): number | undefined {
  return ranges.length === 0 ? undefined : Math.min(...ranges.map(({ inner }) => inner));
}

function names({ spec }: Context): Step[] {
  const { hostname, domainname } = spec;
  return [
    ...(hostname === undefined
      ? []
      : [
          call('sethostname', [hostname, byteLength(hostname)], 'set the host name', {
            object: hostname,
            field: 'hostname',
          }),
        ]),
    ...(domainname === undefined
      ? []
      : [
          call('setdomainname', [domainname, byteLength(domainname)], 'set the NIS domain name', {
            object: domainname,
            field: 'domainname',
          }),
        ]),
  ];
}

/** struct ifreq of netdevice(7): the name in 16 bytes, then the flags. */
function loopback(context: Context): Step[] {
  if (!isNew(context, 'net') || !context.spec.loopback) return [];
  const request = new Uint8Array(40);
  request.set([0x6c, 0x6f]); // "lo"
  request[16] = IFF.UP;
  const details = { object: 'lo', field: 'loopback' };
  return [
    call('socket', [AF.INET, SOCK.DGRAM | SOCK.CLOEXEC, 0], 'speak to the network', {
      id: 'network',
      ...details,
    }),
    call('ioctl', [result('network'), IOCTL.SIOCSIFFLAGS, request], 'bring up the loopback', {
      ...details,
    }),
    call('close', [result('network')], 'be done with the network'),
  ];
}
