import { mapToInner } from '../../ids/ranges.js';
import {
  CAPABILITIES,
  CLOSE_RANGE,
  IOCTL,
  LAST_DESCRIPTOR,
  PR,
  PR_CAP_AMBIENT,
  RLIMIT,
  SIG_MASK,
} from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import type { Program } from '../../syscalls/plan-template.js';
import { call, u32 } from '../../syscalls/steps.js';
import type { Facts } from '../facts.js';
import type { ParsedLimit, ParsedSpec } from '../parsed-spec.js';
import { setgroupsFails } from './check.js';
import { type Context, descriptorsAbove, isJoined, isNew, lastControl } from './context.js';
import { guardProgram, keepLifeline } from './lifeline.js';

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the program's own process still does before its execve. `announce` says that it is about to. */
export function programSteps(context: Context, announce: readonly Step[], depth: number | undefined): Step[] {
  const { spec, options } = context;
  return [
    ...(options.terminal === 'new' ? newSession() : []),
    ...(depth === undefined ? [] : keepLifeline(context, depth)),
    // Before the first path that the user chose: a directory of the host left open would be a way out.
    call(
      'close_range',
      [...descriptorsAbove(lastControl(context, depth)), 0],
      'close all that the set-up opened',
    ),
    ...workingDirectory(context),
    ...(spec.umask === undefined ? [] : [call('umask', [spec.umask], 'set the umask', { field: 'umask' })]),
    ...identity(context),
    ...(depth === undefined ? [] : guardProgram(context)),
    // After the poll of the lifeline, which a limit of no descriptors at all would forbid.
    ...limitSteps(context),
    ...(spec.noNewPrivileges
      ? [call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'let no execve give more privilege')]
      : []),
    ...announce,
    call(
      'close_range',
      [options.descriptors, LAST_DESCRIPTOR, CLOSE_RANGE.CLOEXEC],
      'close the rest by execve',
    ),
    letSignalsThrough(),
    execStep(context),
  ];
}

/** The addon has blocked them all, so that none is lost before there is somebody to take it. */
export const letSignalsThrough = (): Step =>
  call('rt_sigprocmask', [SIG_MASK.SETMASK, new Uint8Array(8), null, 8], 'let signals through');

function newSession(): Step[] {
  return [
    call('setsid', [], 'lead a session'),
    call('ioctl', [0, IOCTL.TIOCSCTTY, 0], 'have the terminal control it', { object: 'the terminal' }),
  ];
}

function workingDirectory({ spec, facts }: Context): Step[] {
  const directory = spec.cwd ?? (spec.root === undefined ? facts.cwd : '/');
  if (directory === undefined) return [];
  return [
    call('chdir', [directory], 'start in the working directory', {
      object: directory,
      field: 'cwd',
    }),
  ];
}

export function niceStep(nice: number): Step {
  return call('setpriority', [0, 0, nice], 'set the nice value', { object: `nice ${nice}`, field: 'nice' });
}

export function limitStep({ name, soft, hard }: ParsedLimit, why: string): Step {
  return call('prlimit64', [0, RLIMIT[name], { words: [soft, hard] }, null], why, {
    object: `RLIMIT_${name.toUpperCase()}`,
    field: `rlimits.${name}`,
  });
}

/** Whether a limit is above the caller's own hard limit, which takes CAP_SYS_RESOURCE of the host. */
export function raises({ facts }: Context, limit: ParsedLimit): boolean {
  const hard = facts.hardLimits[limit.name];
  return hard !== undefined && limit.hard > hard;
}

function limitSteps(context: Context): Step[] {
  const { spec, facts } = context;
  const steps = spec.rlimits
    .filter((limit) => !raises(context, limit))
    .map((limit) => limitStep(limit, `limit ${limit.name}`));
  const { nofile } = facts;
  if (nofile === undefined || spec.rlimits.some(({ name }) => name === 'nofile')) return steps;
  return [
    ...steps,
    limitStep({ name: 'nofile', ...nofile }, 'undo what the runtime raised its own limit to'),
  ];
}

/** setgroups, setresgid, setresuid, each only when something is to change; then the capabilities that should last. */
function identity(context: Context): Step[] {
  const { spec } = context;
  const keep = spec.keepCapabilities;
  const inheritsAmbient = !keep && spec.uid !== undefined && spec.namespaces.user === 'shared';
  const groups = spec.groups ?? (spec.uid !== undefined || spec.gid !== undefined ? [] : undefined);
  return [
    ...(keep && spec.uid ? [call('prctl', [PR.SET_KEEPCAPS, 1, 0, 0, 0], 'keep capabilities')] : []),
    ...(groups === undefined ? [] : [groupsStep(context, groups)]),
    ...(spec.gid === undefined ? [] : [idStep('setresgid', spec.gid, 'gid')]),
    ...(spec.uid === undefined ? [] : [idStep('setresuid', spec.uid, 'uid')]),
    ...(keep ? ambientSteps(context.facts, heldInside(context)) : []),
    // The kernel does so only for who was root.
    ...(inheritsAmbient
      ? [call('prctl', [PR.CAP_AMBIENT, PR_CAP_AMBIENT.CLEAR_ALL, 0, 0, 0], 'leave the ambient capabilities')]
      : []),
  ];
}

function groupsStep(context: Context, groups: readonly number[]): Step {
  const denied = context.spec.groups === undefined && (setgroupsFails(context) || !isNew(context, 'user'));
  return call(
    'setgroups',
    [groups.length, groups.length > 0 ? u32(...groups) : null],
    'set supplementary groups',
    {
      field: 'groups',
      ...(denied ? { tolerate: ['EPERM'] } : {}),
    },
  );
}

function idStep(name: 'setresuid' | 'setresgid', id: number, field: string): Step {
  return call(name, [id, id, id], `be ${field} ${id}`, { field, object: `${field} ${id}` });
}

const CAPABILITY_VERSION_3 = 0x20080522;

/** capset(2) with the same set as effective and permitted. */
export function capabilityStep(set: bigint, inheritable: bigint, why: string): Step {
  const low = (bits: bigint): number => Number(bits & 0xffffffffn);
  const high = (bits: bigint): number => Number(bits >> 32n);
  const data = u32(low(set), low(set), low(inheritable), high(set), high(set), high(inheritable));
  return call('capset', [u32(CAPABILITY_VERSION_3, 0), data], why, { field: 'keepCapabilities' });
}

/** Whoever makes or enters a user namespace has every capability in it. */
export const ALL_CAPABILITIES = ~0n;

export function heldInside(context: Context): bigint {
  return isNew(context, 'user') || isJoined(context, 'user') ? ALL_CAPABILITIES : context.facts.capabilities;
}

/** execve keeps the ambient ones. `before` is what messages say before the name of one. */
export function ambientSteps({ lastCapability }: Facts, held: bigint, before = ''): Step[] {
  const bits = Array.from({ length: lastCapability + 1 }, (_, bit) => bit);
  const set = held & ((1n << BigInt(bits.length)) - 1n);
  const raised = bits.filter((bit) => (set >> BigInt(bit)) & 1n);
  return [
    capabilityStep(set, set, 'make the capabilities inheritable'),
    ...raised.map((bit) =>
      call('prctl', [PR.CAP_AMBIENT, PR_CAP_AMBIENT.RAISE, bit, 0, 0], 'keep it across execve', {
        object: `${before}CAP_${CAPABILITIES[bit] ?? bit}`,
        field: 'keepCapabilities',
      }),
    ),
  ];
}

function execStep({ spec, facts }: Context): Step {
  const { candidates, argv, env } = programOf(spec, facts.environment);
  return {
    kind: 'exec',
    candidates,
    argv,
    env,
    why: 'become the program',
    field: 'command',
    object: argv[0] as string,
  };
}

/** The part of a plan that depends on the command and the environment, which is nothing but the last execve. */
export function programOf(
  { command, env }: Pick<ParsedSpec, 'command' | 'env'>,
  environment: Facts['environment'],
): Program & { env: string[] } {
  const variables = env ?? environment;
  return {
    candidates: candidates(command[0], variables.PATH ?? DEFAULT_PATH),
    argv: command,
    env: Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    ),
  };
}

/** As execvp(3) looks a command up; an empty entry of PATH is the working directory. */
export function candidates(command: string, path: string): string[] {
  if (command === '' || command.includes('/')) return [command];
  return [...new Set(path.split(':'))].map((directory) => `${directory || '.'}/${command}`);
}

/** The uid and gid that the caller has inside; undefined when the map leaves it out. */
export function callerInside({ users, groups, facts }: Context): { uid?: number; gid?: number } {
  const uid = mapToInner(users.ranges, facts.users.id);
  const gid = mapToInner(groups.ranges, facts.groups.id);
  return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}
