/** What an errno of a plan's step means, and what helps: first match wins. */
import { ALL_KINDS, KINDS } from '../namespaces/kinds.js';
import { CLONE } from '../syscalls/constants.js';
import { syscallOf } from '../syscalls/encode.js';
import type { Step } from '../syscalls/plan.js';
import type { SyscallName } from '../syscalls/table.js';
import type { Facts } from './facts.js';
import type { Locks } from './locks.js';

export interface Circumstances {
  readonly step: Step;
  readonly facts: Facts;
  readonly locks: Locks;
}

interface Cause {
  readonly calls: readonly string[];
  readonly errnos: readonly string[];
  /** A text for every step that makes the call, or one that depends on the step: undefined when it does not apply. */
  readonly explain: string | ((circumstances: Circumstances) => string | undefined);
}

const cause = (calls: string, errnos: string, explain: Cause['explain']): Cause => ({
  calls: calls.split(' '),
  errnos: errnos.split(' '),
  explain,
});

/** The namespace flags that a step creates. */
function flagsOf(step: Step): number {
  if (step.kind === 'fork') return step.flags;
  const flags = step.kind === 'call' && step.call === 'unshare' ? step.args[0] : 0;
  return typeof flags === 'number' ? flags : 0;
}

const makesUser = (step: Step): boolean => (flagsOf(step) & CLONE.NEWUSER) !== 0;
const kindsOf = (step: Step): string[] => ALL_KINDS.filter((kind) => flagsOf(step) & KINDS[kind].flag);

function noUserNamespace({ step, locks }: Circumstances): string | undefined {
  if (!makesUser(step)) return undefined;
  if (locks.unprivilegedClone === 0) {
    return 'This system lets only root make user namespaces. Allow it: sysctl kernel.unprivileged_userns_clone=1';
  }
  if (locks.apparmorRestriction) {
    return (
      'AppArmor keeps ordinary users from making user namespaces here. Allow it: ' +
      'sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give this program an AppArmor profile with userns'
    );
  }
  if (locks.filtered) {
    return (
      'A seccomp filter is in force, as container engines set one, and most forbid new namespaces. ' +
      'In Docker: --security-opt seccomp=unconfined'
    );
  }
  return 'In a chroot no user namespace can be made, nor by a user whose own ids are not mapped.';
}

function noPrivilege({ step }: Circumstances): string | undefined {
  const kinds = kindsOf(step);
  if (kinds.length === 0) return undefined;
  return (
    `Making a new ${kinds.join(', ')} namespace takes CAP_SYS_ADMIN. ` +
    'Be root, or make a new user namespace with it, in which anybody has that.'
  );
}

function limitReached({ step, locks }: Circumstances): string | undefined {
  const zero = kindsOf(step).filter((kind) => locks.limit(kind) === 0);
  if (zero.length > 0) {
    return zero
      .map((kind) => `user.max_${kind}_namespaces is 0. Allow some: sysctl user.max_${kind}_namespaces=15000`)
      .join('; ');
  }
  return 'A limit of /proc/sys/user/max_*_namespaces is reached, or user namespaces are nested 32 deep already.';
}

const SEE_PROC =
  "A new proc may be mounted only in a pid namespace of one's own user namespace, and where the /proc that is there " +
  'is fully visible: container engines cover parts of it (in Docker: --security-opt systempaths=unconfined).';

const CAUSES: readonly Cause[] = [
  cause('clone clone3 unshare', 'EPERM EACCES', noUserNamespace),
  cause('clone clone3 unshare', 'EPERM', noPrivilege),
  cause('clone clone3 unshare', 'ENOSPC EUSERS', limitReached),
  cause(
    'clone clone3 unshare',
    'EINVAL',
    'This kernel lacks one of these kinds of namespaces (time needs Linux 5.6, cgroup 4.6).',
  ),
  cause(
    'clone clone3',
    'EAGAIN',
    "A limit on processes is reached: RLIMIT_NPROC, the cgroup's pids.max, or kernel.pid_max.",
  ),
  cause(
    'clone clone3',
    'ENOMEM',
    'Memory is short, or a joined pid namespace has lost its PID 1, after which nothing starts in it any more.',
  ),
  cause(
    'setns',
    'EPERM',
    'Joining takes CAP_SYS_ADMIN in the user namespace that owns it: be root, or join that user namespace too.',
  ),
  cause(
    'setns',
    'EINVAL',
    'It is of another kind, or not a child of ours, which a pid or user namespace must be.',
  ),
  cause('mount fsopen fsconfig fsmount move_mount', 'EPERM', ({ step }) =>
    /proc/.test(step.object ?? '') ? SEE_PROC : undefined,
  ),
  cause(
    'mount fsopen fsconfig fsmount open_tree move_mount mount_setattr',
    'EPERM',
    'Mounting takes CAP_SYS_ADMIN in the user namespace that owns the mnt namespace, and what comes from outside of it is locked as it is.',
  ),
  cause('fsconfig', 'EINVAL', 'The file system does not take this option or value.'),
  cause('fsopen', 'ENODEV', 'This kernel does not have that file system.'),
  cause('open_tree', 'ENOENT', 'There is no such file or directory.'),
  cause('open_tree', 'EACCES', 'A directory on the way to it is closed to this user.'),
  cause(
    'openat2',
    'ENOENT',
    'It does not exist, and is made only inside of a root directory or on a tmpfs of the same spec. Make it first.',
  ),
  cause('openat2', 'ELOOP', 'A link in it leads in a circle or through /proc; such a link is not followed.'),
  cause('move_mount', 'ENOTDIR EINVAL', 'A directory goes on a directory, a file on a file.'),
  cause('mkdirat', 'EACCES EPERM', 'The mount point is missing, and this user may not make it.'),
  cause('mount_setattr', 'ENOSYS', 'Read-only all the way down needs Linux 5.12.'),
  cause(
    'close_range',
    'ENOSYS EINVAL',
    'isol8 needs Linux 5.11, for close_range(2) with CLOSE_RANGE_CLOEXEC.',
  ),
  cause(
    'pivot_root',
    'EINVAL',
    'The root directory must be a mount of its own, and the present one must not be an initramfs.',
  ),
  cause(
    'sethostname setdomainname',
    'EPERM',
    'Naming takes CAP_SYS_ADMIN in the user namespace that owns the uts namespace.',
  ),
  cause(
    'chdir',
    'ENOENT ENOTDIR',
    "There is no such directory inside. The default is the caller's own; choose one with cwd.",
  ),
  cause('chdir', 'EACCES', 'The user inside may not enter it. Choose another with cwd.'),
  cause('write openat', 'EPERM EACCES', ({ step }) =>
    /_map|setgroups/.test(step.object ?? '')
      ? 'The kernel lets a process map only ids that it has: see user_namespaces(7).'
      : undefined,
  ),
  cause('write', 'ERANGE', 'The clock would be negative or too large with this offset.'),
  cause(
    'wait4',
    'EPERM',
    'It refused the map: the ids must be in /etc/subuid and /etc/subgid for this user, and the helper must be set-user-ID root.',
  ),
  cause(
    'setgroups',
    'EPERM',
    'Changing groups takes CAP_SETGID, and is not allowed at all with setgroups: deny.',
  ),
  cause('setresuid setresgid', 'EINVAL', 'That id is not mapped in the user namespace.'),
  cause('setresuid setresgid', 'EPERM', 'Becoming another user takes CAP_SETUID, another group CAP_SETGID.'),
  cause('setresuid', 'EAGAIN', 'That user has RLIMIT_NPROC processes already.'),
  cause('prlimit64', 'EPERM', 'Raising a hard limit takes CAP_SYS_RESOURCE in the initial user namespace.'),
  cause(
    'setpriority',
    'EACCES EPERM',
    'A nice value below the present one takes CAP_SYS_NICE in the initial user namespace.',
  ),
  cause('ioctl', 'EPERM', ({ step }) =>
    step.object === 'the terminal' ? 'It is the controlling terminal of another session.' : undefined,
  ),
  cause('ppoll read', 'EOWNERDEAD ECANCELED', 'The parent was gone or failed first.'),
  cause(
    'execve',
    'ENOENT ENOTDIR',
    'There is no such program inside, or its interpreter (first line, or dynamic loader) is missing there.',
  ),
  cause('execve', 'EACCES', 'It is not executable for this user, or on a mount with noexec.'),
  cause(
    'execve',
    'ENOEXEC',
    'It is not a program for this machine; a script needs a first line like #!/bin/sh.',
  ),
  cause('execve', 'E2BIG', 'Arguments and environment together are too long.'),
];

/** An errno of a call, and what it means. */
export interface ExplainedErrno {
  readonly errno: string;
  readonly text: string;
}

/** What holds for this step in particular; comes before {@link generalCauses}. */
export function specificCauses(circumstances: Circumstances): ExplainedErrno[] {
  const { step } = circumstances;
  if (step.kind === 'supervise') return [];
  return causesOf(syscallOf(step)).flatMap(({ errnos, explain }) => {
    const text = typeof explain === 'string' ? undefined : explain(circumstances);
    return text === undefined ? [] : errnos.map((errno) => ({ errno, text }));
  });
}

/** What holds for every step that makes this call. */
export function generalCauses(call: SyscallName): ExplainedErrno[] {
  return causesOf(call).flatMap(({ errnos, explain }) =>
    typeof explain === 'string' ? errnos.map((errno) => ({ errno, text: explain })) : [],
  );
}

/** The table by call: `isol8 run` asks for every step of a plan while nothing of it is compiled yet. */
const byCall = new Map<string, Cause[]>();
for (const entry of CAUSES) {
  for (const call of entry.calls) byCall.set(call, [...(byCall.get(call) ?? []), entry]);
}

const causesOf = (call: string): readonly Cause[] => byCall.get(call) ?? [];

/** The likely cause and what helps, or '' for an errno that says it all. */
export function likelyCause(circumstances: Circumstances, errno: string): string {
  const { step } = circumstances;
  if (step.kind === 'supervise') return '';
  const causes = [...specificCauses(circumstances), ...generalCauses(syscallOf(step))];
  return causes.find((cause) => cause.errno === errno)?.text ?? '';
}
