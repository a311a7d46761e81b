/** The command that a person types for a system call, where there is one. */
import {
  CAPABILITIES,
  IOCTL,
  MNT,
  MS,
  PR,
  PR_CAP_AMBIENT,
  RLIMIT,
  SIGNALS,
} from '../../syscalls/constants.js';
import type { Argument, CallStep } from '../../syscalls/plan.js';
import type { SyscallName } from '../../syscalls/table.js';
import { namespaceKinds } from './describe.js';
import { memberAt, untilNul } from './structs.js';

type Derive = (args: readonly Argument[]) => string[] | undefined;

const MOUNT_OPTIONS: readonly (readonly [number, string])[] = [
  [MS.RDONLY, 'ro'],
  [MS.NOSUID, 'nosuid'],
  [MS.NODEV, 'nodev'],
  [MS.NOEXEC, 'noexec'],
];
const PROPAGATIONS: readonly (readonly [number, string])[] = [
  [MS.PRIVATE, 'private'],
  [MS.SLAVE, 'slave'],
  [MS.SHARED, 'shared'],
  [MS.UNBINDABLE, 'unbindable'],
];

/** `private` for MS_REC | MS_PRIVATE of `/`. */
export function rootPropagation(step: CallStep): string | undefined {
  const flags = Number(step.args[3]);
  if (step.call !== 'mount' || step.args[1] !== '/' || !(flags & MS.REC)) return undefined;
  return PROPAGATIONS.find(([bit]) => (flags & bit) !== 0)?.[1];
}

function mount([source, target, type, flagsArgument, data]: readonly Argument[]): string[] | undefined {
  if (typeof target !== 'string') return undefined;
  const flags = Number(flagsArgument);
  const recursive = flags & MS.REC ? 'r' : '';
  const propagation = PROPAGATIONS.find(([bit]) => (flags & bit) !== 0);
  if (propagation) return ['mount', `--make-${recursive}${propagation[1]}`, target];
  const options = MOUNT_OPTIONS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  if (flags & MS.REMOUNT) {
    const kind = flags & MS.BIND ? ['remount', 'bind'] : ['remount'];
    return ['mount', '-o', [...kind, ...options].join(','), target];
  }
  if (flags & MS.BIND) return ['mount', `--${recursive}bind`, String(source), target];
  if (typeof data === 'string' && data !== '') options.push(data);
  const list = options.length > 0 ? ['-o', options.join(',')] : [];
  return ['mount', '-t', String(type), ...list, String(source ?? 'none'), target];
}

function prctl([option, value, capability]: readonly Argument[]): string[] | undefined {
  if (option === PR.SET_NO_NEW_PRIVS) return ['setpriv', '--no-new-privs'];
  if (option === PR.CAP_AMBIENT && value === PR_CAP_AMBIENT.RAISE) {
    const name = (CAPABILITIES[Number(capability)] ?? `cap_${String(capability)}`).toLowerCase();
    return ['setpriv', `--inh-caps=+${name}`, `--ambient-caps=+${name}`];
  }
  return undefined;
}

function setgroups([count, ids]: readonly Argument[]): string[] {
  const numbers = Array.from({ length: Number(count) }, (_, i) => String(memberAt(ids ?? null, 4 * i, 4)));
  return ['setpriv', numbers.length === 0 ? '--clear-groups' : `--groups=${numbers.join(',')}`];
}

const limit = (value: Argument | undefined): string =>
  value === undefined || BigInt.asIntN(64, BigInt(Number(value) === 2 ** 64 ? -1 : (value as bigint))) === -1n
    ? 'unlimited'
    : String(value);

function prlimit([pid, resource, values]: readonly Argument[]): string[] | undefined {
  const name = Object.entries(RLIMIT).find(([, number]) => number === resource)?.[0];
  if (pid !== 0 || name === undefined || values === null || values === undefined) return undefined;
  return ['prlimit', `--${name}=${limit(memberAt(values, 0, 8))}:${limit(memberAt(values, 8, 8))}`];
}

/** A numbered descriptor is inherited, so the shell has it too. */
function nsenter([fd, flags]: readonly Argument[]): string[] | undefined {
  if (typeof fd !== 'number') return undefined;
  return ['nsenter', ...namespaceKinds(Number(flags)).map((kind) => `--${kind}=/proc/self/fd/${fd}`)];
}

function ioctl([, request, data]: readonly Argument[]): string[] | undefined {
  if (request === IOCTL.TIOCSCTTY) return ['setsid', '--wait']; // script(1) has seen to it, see sh-attached.ts
  if (request !== IOCTL.SIOCSIFFLAGS || !(data instanceof Uint8Array)) return undefined;
  const name = String.fromCharCode(...untilNul(data.subarray(0, 16)));
  const up = (Number(memberAt(data, 16, 2)) & 1) !== 0;
  return ['ip', 'link', 'set', name, up ? 'up' : 'down'];
}

function kill([pid, signal]: readonly Argument[]): string[] | undefined {
  const name = Object.entries(SIGNALS).find(([, number]) => number === signal)?.[0];
  return typeof pid === 'number' && name ? ['kill', '-s', name.slice(3), String(pid)] : undefined;
}

/** -1 as setresuid(2) takes it. */
const UNCHANGED = 0xffff_ffff;

const DERIVE: Partial<Record<SyscallName, Derive>> = {
  mount,
  umount2: ([target, flags]) => ['umount', ...(flags === MNT.DETACH ? ['-l'] : []), String(target)],
  pivot_root: ([root, old]) => ['pivot_root', String(root), String(old)],
  sethostname: ([name]) => ['hostname', String(name)],
  setdomainname: ([name]) => ['domainname', String(name)],
  chdir: ([path]) => ['cd', String(path)],
  umask: ([mask]) => ['umask', `0${Number(mask).toString(8)}`],
  setpriority: ([which, who, nice]) =>
    which === 0 && who === 0 ? ['renice', '-n', String(nice)] : undefined,
  setresuid: ([uid, effective]) => ['setpriv', uid === UNCHANGED ? `--euid=${effective}` : `--reuid=${uid}`],
  setresgid: ([gid, effective]) => ['setpriv', gid === UNCHANGED ? `--egid=${effective}` : `--regid=${gid}`],
  setsid: () => ['setsid', '--wait'],
  setgroups,
  prlimit64: prlimit,
  setns: nsenter,
  prctl,
  ioctl,
  kill,
};

/** The step's own words are for calls that say too little, such as setns(2), which knows a descriptor only. */
export const commandOf = (step: CallStep): readonly string[] | undefined =>
  step.shell ?? DERIVE[step.call]?.(step.args);

/** Handshakes and descriptors between isol8's own processes: a shell has its own ways, so these say nothing there. */
const OWN_BUSINESS: ReadonlySet<SyscallName> = new Set([
  'close',
  'close_range',
  'clock_gettime',
  'dup3',
  'exit_group',
  'fcntl',
  'lseek',
  'pipe2',
  'ppoll',
  'read',
  'rt_sigaction',
  'rt_sigprocmask',
  'socket',
  'socketpair',
  'wait4',
  'waitid',
]);

/** A shell looks after its terminal. */
const TERMINAL: readonly Argument[] = [IOCTL.TIOCGPGRP, IOCTL.TCGETS, IOCTL.TIOCSPGRP, IOCTL.TCSETS];

export function isOwnBusiness({ call, args }: CallStep): boolean {
  return OWN_BUSINESS.has(call) || (call === 'ioctl' && TERMINAL.includes(args[1] ?? null));
}
