/** What it means when mounts cannot be made. */
import { MS } from '../../syscalls/constants.js';
import type { Argument } from '../../syscalls/plan.js';
import { COVERED_PROC, dockerOptions } from '../obstacles.js';
import { about, type Cause, type Circumstances, cause, when } from './cause.js';

const SEE_PROC =
  "A new proc may be mounted only in a pid namespace of one's own user namespace, and where the /proc that is there " +
  `is fully visible: container engines cover parts of it (in Docker: ${dockerOptions(COVERED_PROC)}).`;

const mountArguments = ({ step }: Circumstances): readonly Argument[] | undefined =>
  step.kind === 'call' && step.call === 'mount' ? step.args : undefined;

/** Among the steps of the newer calls the object says so. */
function mountsProc(circumstances: Circumstances): boolean {
  const args = mountArguments(circumstances);
  return args ? args[2] === 'proc' : about(/proc/)(circumstances);
}

const keepsNamespace = (circumstances: Circumstances): boolean =>
  mountArguments(circumstances)?.[3] === MS.BIND && about(/\/ns\/mnt /)(circumstances);

export const MOUNT_CAUSES: readonly Cause[] = [
  cause('mount fsopen fsconfig fsmount move_mount', 'EPERM', when(mountsProc, SEE_PROC)),
  cause(
    'mount fsopen fsconfig fsmount open_tree move_mount mount_setattr pivot_root umount2',
    'EPERM',
    'Mounting takes CAP_SYS_ADMIN in the user namespace that owns the mnt namespace, and what comes from outside of it is locked as it is.',
  ),
  cause(
    'mount fsmount open_tree move_mount',
    'ENOSPC',
    'The mnt namespace has as many mounts as it may have. Allow more: sysctl fs.mount-max=200000',
  ),
  cause('fsconfig', 'ENOSPC', 'Memory or a limit of this kind of file system is used up.'),
  cause(
    'mount',
    'EINVAL',
    when(keepsNamespace, 'A mnt namespace can be kept only in one that is older, and on a private mount.'),
  ),
  cause(
    'mount mount_setattr',
    'EINVAL',
    'That is no mount point. In a chroot / is none: give a root directory instead, or {propagation: unchanged}.',
  ),
  cause(
    'open_tree',
    'EINVAL',
    'It is in another mnt namespace, as what is behind /proc/PID/root is, or its mount is unbindable.',
  ),
  cause('umount2', 'EINVAL', 'It is no mount point, or one that came from outside and is locked.'),
  cause('fsconfig', 'EINVAL', 'The file system does not take this option or value.'),
  cause('fsopen', 'ENODEV', 'This kernel does not have that file system.'),
  cause('open_tree', 'ENOENT', 'There is no such file or directory.'),
  cause('open_tree', 'EACCES', 'A directory on the way to it is closed to this user.'),
  cause(
    'openat2',
    'ENOENT',
    'It does not exist, or is a link to what does not exist inside. A mount point is made only inside of a root directory or on ' +
      'a tmpfs of the same spec. Make it first.',
  ),
  cause('openat2 fchdir', 'EACCES', 'A directory on the way to it is closed to the user inside.'),
  cause('openat2', 'ELOOP', 'A link in it leads in a circle or through /proc; such a link is not followed.'),
  cause('move_mount', 'ENOTDIR EINVAL', 'A directory goes on a directory, a file on a file.'),
  cause('mkdirat', 'EACCES EPERM', 'The mount point is missing, and this user may not make it.'),
  cause('mount_setattr', 'ENOSYS', 'Read-only all the way down needs Linux 5.12.'),
  cause(
    'pivot_root',
    'EINVAL',
    'The root directory must be a mount of its own, and the present one must not be an initramfs.',
  ),
  cause('mkdirat openat', 'ENOSPC', 'The file system is full, or has no inode left.'),
];
