/** What it means when namespaces cannot be made, joined, mapped or named. */
import { ALL_KINDS, KINDS } from '../../namespaces/kinds.js';
import { zeroLimit } from '../../namespaces/limits.js';
import { CLONE } from '../../syscalls/constants.js';
import type { Step } from '../../syscalls/plan.js';
import { describeObstacle, dockerOptions, SECCOMP_FILTER, userNamespaceObstacle } from '../obstacles.js';
import { about, type Cause, type Circumstances, cause, when } from './cause.js';

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
  const obstacle = userNamespaceObstacle(locks);
  if (obstacle) return describeObstacle(obstacle);
  if (locks.filtered) return `${SECCOMP_FILTER.what} In Docker: ${dockerOptions(SECCOMP_FILTER)}`;
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
    return zero.map((kind) => describeObstacle(zeroLimit(kind), 'Allow some')).join('; ');
  }
  return 'A limit of /proc/sys/user/max_*_namespaces is reached, or user namespaces are nested 32 deep already.';
}

const isMap = about(/_map|setgroups/);

export const NAMESPACE_CAUSES: readonly Cause[] = [
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
    'Joining takes CAP_SYS_ADMIN in the user namespace that owns it: be root, or join that user namespace too. A mnt ' +
      'namespace also takes CAP_SYS_CHROOT.',
  ),
  cause(
    'setns',
    'EINVAL',
    'It is of another kind, or a pid namespace that is not a child of ours, or the user namespace that we are in already.',
  ),
  cause(
    'sethostname setdomainname',
    'EPERM',
    'Naming takes CAP_SYS_ADMIN in the user namespace that owns the uts namespace.',
  ),
  cause(
    'write openat',
    'EPERM EACCES',
    when(isMap, 'The kernel lets a process map only ids that it has: see user_namespaces(7).'),
  ),
  cause('write', 'EINVAL', when(isMap, 'A map may not overlap itself, nor have more than 340 lines.')),
  cause(
    'write openat',
    'EPERM EACCES',
    when(
      about(/timens_offsets/),
      'Moving clocks takes CAP_SYS_TIME in the user namespace that owns the time namespace, before a process is in it.',
    ),
  ),
  cause(
    'wait4',
    'EPERM',
    'It refused the map: the ids must be in /etc/subuid and /etc/subgid for this user, and the helper must be set-user-ID root.',
  ),
];
