import { formatTimensOffsets } from '../../clocks/offsets.js';
import { byteLength } from '../../foundation/byte-text.js';
import { AT, CLONE, O } from '../../syscalls/constants.js';
import type { ResultReference, Step } from '../../syscalls/plan.js';
import { call, exitStep, result } from '../../syscalls/steps.js';
import { type Context, flagsOf, isJoined, isNew, newKinds } from './context.js';
import { EARLY_PROC, earlyProc, needsEarlyProc } from './filesystems.js';
import { makeGate, openGate, waitAtGate } from './gate.js';
import { dropLifelineWriter, guard, makeLifeline } from './lifeline.js';
import { HOST_PROC, hasMaps, mapSteps, type ProcDirectory } from './maps.js';
import { terminalToReturn } from './terminal.js';

/** One step down: what the parent does first, and the namespaces that its child starts in. */
interface Hop {
  readonly before: readonly Step[];
  readonly flags: number;
}

/** The child's view of the steps that come after the last hop. */
type Main = (depth: number | undefined) => Step[];

/**
 * From the launcher's first process to the main one. A new child is needed where a namespace only takes in children
 * (pid, time), where somebody outside has to write maps (user), and once more where clock offsets must be set inside
 * the new user namespace before anyone enters the time namespace.
 */
export function descend(context: Context, main: Main): Step[] {
  if (!needsChild(context)) {
    const flags = flagsOf(newKinds(context));
    const unshare = call('unshare', [flags], 'leave the namespaces', {
      field: 'namespaces',
      object: 'namespaces',
    });
    const depth = context.options.mode === 'attached' ? 0 : undefined;
    return [...(flags === 0 ? [] : [unshare]), ...main(depth)];
  }
  return hopSteps({ context, hops: hopsOf(context), depth: 0, main });
}

function needsChild(context: Context): boolean {
  return (
    isNew(context, 'user') || isNew(context, 'pid') || isNew(context, 'time') || isJoined(context, 'pid')
  );
}

function hopsOf(context: Context): Hop[] {
  const flags = flagsOf(newKinds(context));
  const early: Hop[] = needsEarlyProc(context) ? [{ before: [], flags: 0 }] : [];
  const first: Step[] = needsEarlyProc(context) ? earlyProc(context) : [];
  // Offsets freeze when the first process enters, and clone3(CLONE_NEWTIME) enters at once.
  const timeFirst =
    isNew(context, 'time') && (context.spec.timeOffsets !== undefined || !context.facts.clone3);
  if (!timeFirst) return [...early, { before: first, flags }];
  const rest = flags & ~(CLONE.NEWTIME | CLONE.NEWUSER);
  if (!isNew(context, 'user')) return [...early, { before: [...first, ...newTime(context)], flags: rest }];
  return [...early, { before: first, flags: CLONE.NEWUSER }, { before: newTime(context), flags: rest }];
}

function newTime(context: Context): Step[] {
  const text = offsetsText(context);
  const size = byteLength(text);
  return [
    call('unshare', [CLONE.NEWTIME], 'have children in a new time namespace', { field: 'namespaces.time' }),
    ...(text === '' || opensOffsetsEarly(context) ? [] : [openOffsets(procOf(context))]),
    ...(text === ''
      ? []
      : [
          call('write', [result('offsets'), text, size], 'move its clocks', {
            expect: { equals: size, errno: 'EIO' },
            ...OFFSETS,
          }),
          call('close', [result('offsets')], 'be done with its clocks'),
        ]),
  ];
}

const OFFSETS = { object: '/proc/self/timens_offsets', field: 'timeOffsets' };

const offsetsText = ({ spec }: Context): string =>
  spec.timeOffsets ? formatTimensOffsets(spec.timeOffsets) : '';

function openOffsets({ descriptor, prefix }: ProcDirectory): Step {
  const path = `${prefix}self/timens_offsets`;
  const flags = O.WRONLY | O.CLOEXEC;
  return call('openat', [descriptor, path, flags, 0], 'set its clocks', { id: 'offsets', ...OFFSETS });
}

/**
 * After joining a mnt namespace `/proc` is another one, and after hiding from the inside of a joined user or pid
 * namespace our own files in it belong to root: then the file is opened before, and written once there is something.
 */
function opensOffsetsEarly(context: Context): boolean {
  const joins = isJoined(context, 'mnt') || isJoined(context, 'user') || isJoined(context, 'pid');
  return joins && !isNew(context, 'user') && isNew(context, 'time') && offsetsText(context) !== '';
}

export function openOffsetsEarly(context: Context): Step[] {
  return opensOffsetsEarly(context) ? [openOffsets(HOST_PROC)] : [];
}

interface Descent {
  readonly context: Context;
  readonly hops: readonly Hop[];
  readonly depth: number;
  readonly main: Main;
}

/**
 * ```
 * parent                         child
 * pipe2 gate, clone ───────────▶ read gate …
 * uid_map, gid_map               (end of file: the parent is gone)
 * write gate ──────────────────▶ goes on
 * exit, or wait in place         parent-death signal, lifeline
 * ```
 */
function hopSteps({ context, hops, depth, main }: Descent): Step[] {
  const [hop, ...rest] = hops as [Hop, ...Hop[]];
  const id = `child${depth}`;
  const gated = (hop.flags & CLONE.NEWUSER) !== 0 && hasMaps(context);
  const attached = context.options.mode === 'attached';
  const flags = hop.flags | (attached ? CLONE.PARENT : 0);
  const child: Step[] = [
    ...(gated ? waitAtGate(GATE, 'wait until the maps are written', 'the parent') : []),
    ...dropLifelineWriter(context, depth),
    ...guard(context, depth),
    ...(rest.length > 0 ? hopSteps({ context, hops: rest, depth: depth + 1, main }) : main(depth)),
  ];
  return [
    ...hop.before,
    ...(gated ? [makeGate(GATE, 'hold the child until it is mapped')] : []),
    ...makeLifeline(context, depth),
    {
      kind: 'fork',
      call: hop.flags & CLONE.NEWTIME ? 'clone3' : 'clone',
      flags,
      id,
      object: rest.length > 0 ? 'a process on the way' : 'the main process',
      why: hop.flags === 0 ? 'have a child inside' : 'start a child in new namespaces',
      field: 'namespaces',
      child,
    },
    ...(gated
      ? [
          ...mapSteps(context, { result: id }, procOf(context)),
          openGate(GATE, 'let the child go on', LISTENS),
        ]
      : []),
    ...finish(context, { result: id }, depth),
  ];
}

const GATE = 'gate';
const LISTENS = { expect: { equals: 1, errno: 'EPIPE' }, object: 'the child' };

/** Attached, the child belongs to the calling process by now; in place, this process stands for it until it ends. */
function finish(context: Context, child: ResultReference, depth: number): Step[] {
  if (context.options.mode === 'attached') return [exitStep(0, 'leave the child to the caller')];
  return [
    {
      kind: 'supervise',
      id: `status${depth}`,
      child,
      as: 'waiter',
      why: 'wait and forward signals',
      ...(depth === 0 ? terminalToReturn(context) : {}),
    },
    exitStep(result(`status${depth}`), 'end as the child did'),
  ];
}

/** The /proc in which the child's pid is what clone returned. */
function procOf(context: Context): ProcDirectory {
  if (needsEarlyProc(context)) return { descriptor: result(EARLY_PROC), prefix: './' };
  if (isJoined(context, 'mnt')) return { descriptor: result('host-proc'), prefix: './' };
  return HOST_PROC;
}

/** After joining a mnt namespace `/proc` is another one, so ours is opened before. */
export function keepHostProc(context: Context): Step[] {
  if (!isJoined(context, 'mnt') || !isNew(context, 'user') || needsEarlyProc(context)) return [];
  const flags = O.PATH | O.CLOEXEC;
  return [
    call('openat', [AT.FDCWD, '/proc', flags, 0], 'reach our /proc later on', {
      id: 'host-proc',
      object: '/proc',
    }),
  ];
}
