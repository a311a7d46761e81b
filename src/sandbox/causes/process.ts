/** What it means when a process cannot be what the spec says, or its program cannot start. */
import { TOO_MANY_DESCRIPTORS } from '../../syscalls/errno.js';
import { about, type Cause, type Circumstances, cause, when } from './cause.js';

/** unshare(1) and nsenter(1) have no default, and other options. */
const isCwd = ({ step }: Circumstances): boolean => step.field === 'cwd';

export const PROCESS_CAUSES: readonly Cause[] = [
  cause(
    'close_range',
    'ENOSYS EINVAL',
    'isol8 needs Linux 5.11, for close_range(2) with CLOSE_RANGE_CLOEXEC.',
  ),
  cause(
    'chdir',
    'ENOENT ENOTDIR',
    when(isCwd, "There is no such directory inside. The default is the caller's own; choose one with {cwd}."),
  ),
  cause('chdir', 'EACCES', when(isCwd, 'The user inside may not enter it. Choose another with {cwd}.')),
  cause('chdir', 'ENOENT ENOTDIR', 'There is no such directory inside.'),
  cause('chdir', 'EACCES', 'The user inside may not enter it.'),
  cause(
    'chroot',
    'EPERM',
    'Changing the root directory takes CAP_SYS_CHROOT in the present user namespace: be root, or make a new one (--map-root-user).',
  ),
  cause('write', 'ERANGE', 'The clock would be negative or too large with this offset.'),
  cause(
    'setgroups',
    'EPERM',
    'Changing groups takes CAP_SETGID, and is not allowed at all with {setgroups: deny}.',
  ),
  cause('setgroups', 'EINVAL', 'A group is not mapped in the user namespace, or there are more than 65536.'),
  cause('fchown', 'EINVAL EPERM', 'Its owner must be mapped in the user namespace.'),
  cause(
    'capset',
    'EPERM',
    'Only capabilities that are held and in the bounding set can be kept: leave {keepCapabilities} out.',
  ),
  cause(
    'prctl',
    'EPERM EINVAL',
    when(
      about(/\bCAP_/),
      'This capability is not held, or the securebits forbid ambient ones: see capabilities(7).',
    ),
  ),
  cause(
    'seccomp',
    'EINVAL ENOSYS',
    'PID 1 takes a kernel with CONFIG_SECCOMP_FILTER: do without it with {init: false}.',
  ),
  cause(
    'setresuid setresgid',
    'EINVAL',
    'That id is not mapped in the user namespace. Choose ids that it maps.',
  ),
  cause('setresuid setresgid', 'EPERM', 'Becoming another user takes CAP_SETUID, another group CAP_SETGID.'),
  cause(
    'prlimit64',
    'EPERM',
    when(
      about(/NOFILE/),
      'Raising a hard limit takes CAP_SYS_RESOURCE in the initial user namespace, and none is above fs.nr_open.',
    ),
  ),
  cause('prlimit64', 'EPERM', 'Raising a hard limit takes CAP_SYS_RESOURCE in the initial user namespace.'),
  cause(
    'setpriority',
    'EACCES EPERM',
    'A nice value below the present one takes CAP_SYS_NICE in the initial user namespace.',
  ),
  cause(
    'ioctl',
    'EPERM',
    when(about(/^the terminal$/), 'It is the controlling terminal of another session.'),
  ),
  cause(
    'ioctl',
    'EPERM',
    when(
      about(/^lo$/),
      'Bringing it up takes CAP_NET_ADMIN in the user namespace that owns the net namespace: leave it down with ' +
        '{loopback: false}.',
    ),
  ),
  cause(
    'socket',
    'EAFNOSUPPORT EPERM EACCES',
    when(
      about(/^lo$/),
      'No IPv4 socket can be made here, which bringing up lo takes: leave it down with {loopback: false}.',
    ),
  ),
  cause('openat openat2 open_tree fsopen fsmount socket pipe2', 'EMFILE ENFILE', TOO_MANY_DESCRIPTORS),
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
  cause(
    'execve',
    'EPERM',
    'Its file capabilities (getcap) are more than the bounding set has here, or a security module forbids it (dmesg).',
  ),
  cause('execve', 'EINVAL', 'Its ELF headers are damaged.'),
  cause('execve', 'EAGAIN', 'This user has more than RLIMIT_NPROC processes already: ulimit -u.'),
  cause('execve', 'ETXTBSY', 'Somebody has it open for writing.'),
  cause('execve', 'E2BIG', 'Arguments and environment together are too long.'),
];
