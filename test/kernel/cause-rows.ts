/** For each row of the tables in src/sandbox/causes that no other test makes happen: steps of which the last one fails so. */
import { join } from 'node:path';
import {
  AT,
  CLONE,
  FSCONFIG,
  IOCTL,
  MS,
  O,
  PR,
  PR_CAP_AMBIENT,
  RESOLVE,
  RLIMIT,
} from '../../src/syscalls/constants.js';
import type { Step } from '../../src/syscalls/plan.js';
import { exitStep, result, u32 } from '../../src/syscalls/steps.js';
import type { SyscallName } from '../../src/syscalls/table.js';
import {
  A_PROCESS_ALREADY,
  CAPABILITY_VERSION_3,
  execute,
  limit,
  named,
  OWN_CLOCKS,
  OWN_MOUNTS,
  open,
  POWERLESS,
  step,
  TOO_MANY_MOUNTS,
  UNMAPPED,
  unshare,
  write,
} from './cause-steps.js';

export interface CauseRow {
  readonly errno: string;
  readonly steps: readonly Step[];
  /** Where nothing can be arranged for it: a seccomp filter answers this call so. */
  readonly filtered?: SyscallName;
}

export interface Place {
  /** Has `none`, a directory that nobody may enter, and programs: `capable`, with a file capability. */
  readonly folder: string;
}

const namespaces = (): readonly CauseRow[] => [
  { errno: 'EPERM', steps: [step('chroot', ['/usr']), UNMAPPED] },
  { errno: 'EPERM', steps: [POWERLESS, unshare(CLONE.NEWUTS)] },
  {
    errno: 'ENOSPC',
    steps: [
      UNMAPPED,
      open('/proc/sys/user/max_uts_namespaces', O.WRONLY),
      write('0', 'the limit'),
      unshare(CLONE.NEWUTS),
    ],
  },
  { errno: 'EINVAL', steps: [unshare(CLONE.PARENT)] }, // a flag that it does not know, as an older kernel those of later kinds
  {
    errno: 'EAGAIN',
    steps: [
      limit(RLIMIT.nproc, 0),
      step('setresuid', [4242, 4242, 4242]),
      { kind: 'fork', call: 'clone', flags: 0, why: 'make it happen', child: [exitStep(0, 'end')] },
    ],
  },
  {
    errno: 'EPERM',
    steps: [open('/proc/self/ns/uts', O.RDONLY), POWERLESS, step('setns', [result('file'), CLONE.NEWUTS])],
  },
  {
    errno: 'EINVAL',
    steps: [open('/proc/self/ns/uts', O.RDONLY), step('setns', [result('file'), CLONE.NEWNET])],
  },
  { errno: 'EPERM', steps: [POWERLESS, step('sethostname', ['x', 1])] },
  {
    errno: 'EPERM',
    steps: [UNMAPPED, open('/proc/self/uid_map', O.WRONLY), write('0 0 2', '/proc/self/uid_map')],
  },
  {
    errno: 'EINVAL',
    steps: [UNMAPPED, open('/proc/self/uid_map', O.WRONLY), write('0 0 1\n0 0 1', '/proc/self/uid_map')],
  },
  {
    errno: 'EPERM',
    steps: [
      unshare(CLONE.NEWTIME),
      POWERLESS,
      open('/proc/self/timens_offsets', O.WRONLY),
      write('boottime 1 0', '/proc/self/timens_offsets'),
    ],
  },
];

const mounts = ({ folder }: Place): readonly CauseRow[] => [
  {
    errno: 'EPERM',
    steps: [
      ...OWN_MOUNTS,
      UNMAPPED,
      unshare(CLONE.NEWNS),
      step('mount', ['proc', '/proc', 'proc', 0, null], '/proc'),
    ],
  },
  { errno: 'EPERM', steps: [POWERLESS, step('mount', ['none', '/', null, MS.REC | MS.PRIVATE, null])] },
  { errno: 'ENOSPC', steps: TOO_MANY_MOUNTS },
  {
    errno: 'ENOSPC',
    filtered: 'fsconfig',
    steps: [step('fsconfig', [-1, FSCONFIG.CMD_CREATE, null, null, 0])],
  },
  { errno: 'EINVAL', steps: [...OWN_MOUNTS, step('mount', ['none', '/etc', null, MS.PRIVATE, null])] },
  {
    errno: 'EINVAL',
    steps: [
      ...OWN_MOUNTS,
      step(
        'mount',
        ['/proc/self/ns/mnt', '/etc/passwd', null, MS.BIND, null],
        'mount /proc/PID/ns/mnt on /etc/passwd failed',
      ),
    ],
  },
  { errno: 'EINVAL', steps: [...OWN_MOUNTS, step('umount2', ['/etc', 0])] },
  {
    errno: 'EINVAL',
    steps: [
      named('fsopen', ['tmpfs', 0], 'file'),
      step('fsconfig', [result('file'), FSCONFIG.SET_STRING, 'nonsense', '1', 0]),
    ],
  },
  { errno: 'ENODEV', steps: [step('fsopen', ['nonsense', 0])] },
  { errno: 'ENOENT', steps: [step('open_tree', [AT.FDCWD, '/nowhere', 0])] },
  { errno: 'EACCES', steps: [POWERLESS, step('open_tree', [AT.FDCWD, join(folder, 'none/x'), 0])] },
  { errno: 'ENOENT', steps: [openat2('/nowhere', 0)] },
  { errno: 'EACCES', steps: [POWERLESS, openat2(join(folder, 'none/x'), 0)] },
  { errno: 'ELOOP', steps: [openat2('/proc/self/exe', RESOLVE.NO_MAGICLINKS)] },
  { errno: 'EACCES', steps: [POWERLESS, step('mkdirat', [AT.FDCWD, join(folder, 'none/x'), 0o755])] },
  {
    errno: 'ENOSYS',
    filtered: 'mount_setattr',
    steps: [step('mount_setattr', [AT.FDCWD, '/', 0, new Uint8Array(32), 32])],
  },
  {
    errno: 'EINVAL',
    steps: [
      ...OWN_MOUNTS,
      step('mount', ['none', '/mnt', 'tmpfs', 0, null]),
      step('mkdirat', [AT.FDCWD, '/mnt/x', 0o755]),
      step('pivot_root', ['/mnt/x', '/mnt/x']),
    ],
  },
  {
    errno: 'ENOSPC',
    steps: [
      ...OWN_MOUNTS,
      step('mount', ['none', '/mnt', 'tmpfs', 0, 'nr_inodes=1']),
      step('mkdirat', [AT.FDCWD, '/mnt/x', 0o755]),
    ],
  },
];

function openat2(path: string, resolve: number): Step {
  return step('openat2', [AT.FDCWD, path, { words: [O.RDONLY, 0, resolve] }, 24]);
}

const processes = ({ folder }: Place): readonly CauseRow[] => [
  { errno: 'EINVAL', steps: [step('close_range', [5, 6, 1 << 10])] },
  { errno: 'ENOENT', steps: [step('chdir', ['/nowhere'])] },
  { errno: 'EACCES', steps: [POWERLESS, step('chdir', [join(folder, 'none')])] },
  { errno: 'EPERM', steps: [POWERLESS, step('chroot', ['/'])] },
  { errno: 'ERANGE', steps: [...OWN_CLOCKS, write('boottime -9999999999 0', '/proc/self/timens_offsets')] },
  { errno: 'EPERM', steps: [POWERLESS, step('setgroups', [0, null])] },
  { errno: 'EINVAL', steps: [step('setgroups', [70_000, null])] },
  { errno: 'EINVAL', steps: [open('/dev/null', O.RDONLY), UNMAPPED, step('fchown', [result('file'), 5, 5])] },
  {
    errno: 'EPERM',
    steps: [POWERLESS, step('capset', [u32(CAPABILITY_VERSION_3, 0), u32(1, 1, 0, 0, 0, 0)])],
  },
  {
    errno: 'EPERM',
    steps: [POWERLESS, step('prctl', [PR.CAP_AMBIENT, PR_CAP_AMBIENT.RAISE, 0, 0, 0], 'CAP_CHOWN')],
  },
  { errno: 'EINVAL', steps: [step('seccomp', [99, 0, null])] },
  { errno: 'EINVAL', steps: [UNMAPPED, step('setresuid', [5, 5, 5])] },
  { errno: 'EPERM', steps: [POWERLESS, step('setresgid', [5, 5, 5])] },
  {
    errno: 'EPERM',
    steps: [limit(RLIMIT.nofile, 100), POWERLESS, limit(RLIMIT.nofile, 200, 'RLIMIT_NOFILE')],
  },
  { errno: 'EPERM', steps: [limit(RLIMIT.core, 0), POWERLESS, limit(RLIMIT.core, 1)] },
  { errno: 'EACCES', steps: [POWERLESS, step('setpriority', [0, 0, -5])] },
  // Whoever leads no session has no controlling terminal.
  {
    errno: 'EPERM',
    steps: [
      open('/dev/ptmx', O.RDWR | O.NOCTTY),
      step('ioctl', [result('file'), IOCTL.TIOCSCTTY, 0], 'the terminal'),
    ],
  },
  { errno: 'EAFNOSUPPORT', steps: [step('socket', [99, 1, 0], 'lo')] },
  { errno: 'EMFILE', steps: [limit(RLIMIT.nofile, 3), step('openat', [AT.FDCWD, '/', O.RDONLY, 0])] },
  { errno: 'ENOENT', steps: [execute('/nowhere')] },
  { errno: 'EACCES', steps: [execute('/etc/passwd')] },
  { errno: 'EPERM', steps: [step('prctl', [PR.CAPBSET_DROP, 0]), execute(join(folder, 'capable'))] },
  {
    errno: 'EAGAIN',
    steps: [
      ...A_PROCESS_ALREADY,
      limit(RLIMIT.nproc, 0),
      step('setresuid', [4242, 4242, 4242]),
      execute('/bin/true'),
    ],
  },
  { errno: 'E2BIG', steps: [execute('/bin/true', ['true', 'x'.repeat(140_000)])] },
];

export const causeRows = (place: Place): readonly CauseRow[] => [
  ...namespaces(),
  ...mounts(place),
  ...processes(place),
];

/** Rows that other tests make happen, by the beginning of their text or their calls, with the file that does. */
export const ELSEWHERE: readonly (readonly [calls: string, errnos: string, file: string])[] = [
  ['clone clone3', 'ENOMEM', 'spawn-errors.test.ts'],
  ['wait4', 'EPERM', 'unshare-failures.test.ts'],
  ['open_tree', 'EINVAL', 'causes.test.ts'],
  ['move_mount', 'ENOTDIR EINVAL', 'spawn-errors.test.ts'],
  ['chdir', 'ENOENT ENOTDIR', 'spawn-errors.test.ts'],
  ['chdir', 'EACCES', 'spawn-errors.test.ts'],
  ['ioctl', 'EPERM', 'causes.test.ts'],
  ['execve', 'ENOEXEC', 'spawn-errors.test.ts'],
  ['execve', 'ETXTBSY', 'causes.test.ts'],
];

/** Rows that cannot be made to happen, and why. */
export const NEVER: readonly (readonly [calls: string, errnos: string, why: string])[] = [
  ['execve', 'EINVAL', 'execve(2) has it for two dynamic loaders, of which Linux 6.18 reads the first alone'],
  [
    'ppoll read',
    'EOWNERDEAD ECANCELED',
    'the launcher keeps silent about them: whoever failed first has said why',
  ],
];
