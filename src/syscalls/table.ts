import type { Architecture } from './architecture.js';

/** How strace(1) shows an argument; the printers are in src/sandbox/explain. */
export type ArgumentFormat =
  | 'number'
  | 'fd'
  | 'dirfd'
  | 'text'
  | 'path'
  | 'address'
  | 'octal'
  | 'id'
  | `flags:${string}`
  | `struct:${string}`;

interface Row {
  readonly x64: number;
  readonly arm64: number;
  readonly args: readonly ArgumentFormat[];
}

/** System calls that steps and the binding make: syscall(2) numbers of asm/unistd.h, and their arguments. */
export const SYSCALLS = {
  read: row(0, 63, 'fd', 'address', 'number'),
  write: row(1, 64, 'fd', 'text', 'number'),
  close: row(3, 57, 'fd'),
  lseek: row(8, 62, 'fd', 'number', 'flags:seek'),
  pread64: row(17, 67, 'fd', 'address', 'number', 'number'),
  pwrite64: row(18, 68, 'fd', 'text', 'number', 'number'),
  rt_sigaction: row(13, 134, 'number', 'address', 'address', 'number'),
  rt_sigprocmask: row(14, 135, 'flags:sigprocmask', 'struct:sigset', 'address', 'number'),
  ioctl: row(16, 29, 'fd', 'flags:ioctl', 'address'),
  socket: row(41, 198, 'flags:family', 'flags:socket', 'number'),
  sendto: row(44, 206, 'fd', 'address', 'number', 'number', 'address', 'number'),
  recvfrom: row(45, 207, 'fd', 'address', 'number', 'number', 'address', 'address'),
  bind: row(49, 200, 'fd', 'address', 'number'),
  getsockname: row(51, 204, 'fd', 'address', 'address'),
  connect: row(42, 203, 'fd', 'address', 'number'),
  setsockopt: row(54, 208, 'fd', 'number', 'number', 'address', 'number'),
  getsockopt: row(55, 209, 'fd', 'number', 'number', 'address', 'address'),
  sendmsg: row(46, 211, 'fd', 'address', 'number'),
  socketpair: row(53, 199, 'flags:family', 'flags:socket', 'number', 'struct:pair'),
  execve: row(59, 221, 'path', 'address', 'address'),
  clone: row(56, 220, 'flags:clone', 'address'),
  wait4: row(61, 260, 'id', 'address', 'number', 'address'),
  waitid: row(247, 95, 'flags:idtype', 'id', 'address', 'flags:wait', 'address'),
  kill: row(62, 129, 'id', 'flags:signal'),
  fcntl: row(72, 25, 'fd', 'flags:fcntl', 'number'),
  getdents64: row(217, 61, 'fd', 'address', 'number'),
  flock: row(73, 32, 'fd', 'number'),
  fchdir: row(81, 50, 'fd'),
  chdir: row(80, 49, 'path'),
  fchmod: row(91, 52, 'fd', 'octal'),
  fchown: row(93, 55, 'fd', 'id', 'id'),
  umask: row(95, 166, 'octal'),
  setsid: row(112, 157),
  sched_setaffinity: row(203, 122, 'id', 'number', 'address'),
  setgroups: row(116, 159, 'number', 'struct:ids'),
  setresuid: row(117, 147, 'id', 'id', 'id'),
  chroot: row(161, 51, 'path'),
  getppid: row(110, 173),
  setresgid: row(119, 149, 'id', 'id', 'id'),
  capget: row(125, 90, 'address', 'address'),
  capset: row(126, 91, 'struct:capheader', 'struct:capdata'),
  setpriority: row(141, 140, 'flags:priority', 'id', 'number'),
  pivot_root: row(155, 41, 'path', 'path'),
  prctl: row(157, 167, 'flags:prctl', 'number', 'number', 'number', 'number'),
  mount: row(165, 40, 'text', 'path', 'text', 'flags:mount', 'text'),
  umount2: row(166, 39, 'path', 'flags:umount'),
  sethostname: row(170, 161, 'text', 'number'),
  setdomainname: row(171, 162, 'text', 'number'),
  clock_gettime: row(228, 113, 'number', 'address'),
  exit_group: row(231, 94, 'number'),
  openat: row(257, 56, 'dirfd', 'path', 'flags:open', 'octal'),
  mkdirat: row(258, 34, 'dirfd', 'path', 'octal'),
  newfstatat: row(262, 79, 'dirfd', 'path', 'address', 'flags:at'),
  readlinkat: row(267, 78, 'dirfd', 'path', 'address', 'number'),
  unlinkat: row(263, 35, 'dirfd', 'path', 'number'),
  renameat2: row(316, 276, 'dirfd', 'path', 'dirfd', 'path', 'number'),
  unshare: row(272, 97, 'flags:clone'),
  dup3: row(292, 24, 'fd', 'fd', 'flags:openonly'),
  pipe2: row(293, 59, 'struct:pair', 'flags:openonly'),
  prlimit64: row(302, 261, 'id', 'flags:rlimit', 'struct:rlimit', 'address'),
  ppoll: row(271, 73, 'struct:pollfd', 'number', 'struct:timespec', 'address', 'number'),
  setns: row(308, 268, 'fd', 'flags:clone'),
  rt_sigtimedwait: row(128, 137, 'address', 'address', 'address', 'number'),
  munmap: row(11, 215, 'address', 'number'),
  restart_syscall: row(219, 128),
  open_by_handle_at: row(304, 265, 'fd', 'address', 'flags:open'),
  seccomp: row(317, 277, 'flags:seccomp', 'number', 'struct:sockfprog'),
  memfd_create: row(319, 279, 'text', 'flags:memfd'),
  statx: row(332, 291, 'dirfd', 'path', 'flags:at', 'number', 'address'),
  pidfd_send_signal: row(424, 424, 'fd', 'flags:signal', 'address', 'number'),
  open_tree: row(428, 428, 'dirfd', 'path', 'flags:opentree'),
  move_mount: row(429, 429, 'dirfd', 'path', 'dirfd', 'path', 'flags:movemount'),
  fsopen: row(430, 430, 'text', 'flags:fsopen'),
  fsconfig: row(431, 431, 'fd', 'flags:fsconfig', 'text', 'text', 'number'),
  fsmount: row(432, 432, 'fd', 'flags:fsmount', 'flags:mountattr'),
  pidfd_open: row(434, 434, 'id', 'number'),
  pidfd_getfd: row(438, 438, 'fd', 'fd', 'number'),
  clone3: row(435, 435, 'struct:cloneargs', 'number'),
  close_range: row(436, 436, 'number', 'number', 'flags:closerange'),
  openat2: row(437, 437, 'dirfd', 'path', 'struct:openhow', 'number'),
  mount_setattr: row(442, 442, 'dirfd', 'path', 'flags:at', 'struct:mountattr', 'number'),
  listns: row(470, 470, 'address', 'address', 'number', 'number'),
} as const satisfies Record<string, Row>;

export type SyscallName = keyof typeof SYSCALLS;

export function syscallNumber(name: SyscallName, architecture: Architecture): number {
  return SYSCALLS[name][architecture];
}

function row(x64: number, arm64: number, ...args: ArgumentFormat[]): Row {
  return { x64, arm64, args };
}
