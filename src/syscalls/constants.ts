/** Constants of the kernel's uapi headers; each group names its header. The same on x86-64 and arm64. */

/** linux/sched.h */
export const CLONE = {
  VM: 0x100,
  VFORK: 0x4000,
  PARENT: 0x8000,
  NEWTIME: 0x80,
  NEWNS: 0x20000,
  NEWCGROUP: 0x2000000,
  NEWUTS: 0x4000000,
  NEWIPC: 0x8000000,
  NEWUSER: 0x10000000,
  NEWPID: 0x20000000,
  NEWNET: 0x40000000,
} as const;

/** asm-generic/fcntl.h; O_DIRECTORY and O_NOFOLLOW differ per architecture, see {@link openFlags}. */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

/** O_DIRECTORY and O_NOFOLLOW: asm/fcntl.h. */
export const OPEN_FLAGS = {
  x64: { DIRECTORY: 0o200000, NOFOLLOW: 0o400000 },
  arm64: { DIRECTORY: 0o40000, NOFOLLOW: 0o100000 },
} as const;

/** linux/fcntl.h */
export const AT = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  EMPTY_PATH: 0x1000,
  RECURSIVE: 0x8000,
  STATX_DONT_SYNC: 0x4000,
} as const;

/** linux/stat.h */
export const STATX = { NLINK: 4, UID: 8, INO: 0x100 } as const;

/** asm-generic/fcntl.h: flock(2) */
export const LOCK = { EX: 2, NB: 4, UN: 8 } as const;

/** linux/openat2.h */
export const RESOLVE = { NO_MAGICLINKS: 2, NO_SYMLINKS: 4, BENEATH: 8, IN_ROOT: 16 } as const;

/** linux/mount.h */
export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  REMOUNT: 32,
  BIND: 4096,
  REC: 16384,
  SILENT: 32768,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
} as const;

/** linux/mount.h */
export const MNT = { DETACH: 2, NOFOLLOW: 8 } as const;
export const OPEN_TREE = { CLONE: 1, CLOEXEC: 0o2000000 } as const;
export const FSOPEN = { CLOEXEC: 1 } as const;
export const FSMOUNT = { CLOEXEC: 1 } as const;
export const FSCONFIG = { SET_FLAG: 0, SET_STRING: 1, CMD_CREATE: 6 } as const;
export const MOVE_MOUNT = { F_EMPTY_PATH: 4, T_EMPTY_PATH: 0x40 } as const;
export const MOUNT_ATTR = { RDONLY: 1, NOSUID: 2, NODEV: 4, NOEXEC: 8 } as const;

/** linux/close_range.h */
export const CLOSE_RANGE = { CLOEXEC: 4 } as const;
/** The last descriptor that close_range(2) can name. */
export const LAST_DESCRIPTOR = 0xffffffff;

/** linux/prctl.h */
export const PR = {
  SET_PDEATHSIG: 1,
  SET_DUMPABLE: 4,
  SET_KEEPCAPS: 8,
  SET_NAME: 15,
  CAPBSET_READ: 23,
  CAPBSET_DROP: 24,
  SET_NO_NEW_PRIVS: 38,
  CAP_AMBIENT: 47,
} as const;
export const PR_CAP_AMBIENT = { IS_SET: 1, RAISE: 2, LOWER: 3, CLEAR_ALL: 4 } as const;

/** asm-generic/poll.h */
export const POLL = { IN: 1, OUT: 4, HUP: 0x10 } as const;

/** asm-generic/ioctls.h, linux/sockios.h, linux/nsfs.h */
export const IOCTL = {
  TIOCSCTTY: 0x540e,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCSWINSZ: 0x5414,
  TIOCGWINSZ: 0x5413,
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TIOCSPTLCK: 0x40045431,
  TIOCGPTPEER: 0x5441,
  SIOCSIFFLAGS: 0x8914,
  /** sockios.h */
  SIOCGSKNS: 0x894c,
  NS_GET_USERNS: 0xb701,
  NS_GET_PARENT: 0xb702,
  NS_GET_NSTYPE: 0xb703,
  NS_GET_OWNER_UID: 0xb704,
  /** Linux 6.11, and the next one 6.12. */
  NS_GET_PID_FROM_PIDNS: 0x8004b706,
  NS_GET_TGID_FROM_PIDNS: 0x8004b707,
  NS_GET_PID_IN_PIDNS: 0x8004b708,
  NS_GET_TGID_IN_PIDNS: 0x8004b709,
  NS_MNT_GET_INFO: 0x8010b70a,
} as const;

export const AF = { UNIX: 1, INET: 2, INET6: 10, NETLINK: 16 } as const;
export const SOCK = {
  STREAM: 1,
  DGRAM: 2,
  RAW: 3,
  SEQPACKET: 5,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o2000000,
} as const;
/** asm-generic/socket.h and linux/socket.h */
export const SOL_SOCKET = 1;
export const SO = {
  REUSEADDR: 2,
  TYPE: 3,
  ERROR: 4,
  SNDBUF: 7,
  RCVBUF: 8,
  BINDTODEVICE: 25,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  DOMAIN: 39,
  NETNS_COOKIE: 71,
} as const;
export const MSG = { TRUNC: 0x20, DONTWAIT: 0x40 } as const;
export const SCM_RIGHTS = 1;
/** linux/in6.h */
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
/** linux/if.h */
export const IFF = { UP: 1 } as const;

/** linux/seccomp.h */
export const SECCOMP = {
  SET_MODE_FILTER: 1,
  RET_KILL_PROCESS: 0x80000000,
  RET_ALLOW: 0x7fff0000,
} as const;

/** asm-generic/resource.h, as prlimit(2) names them. */
export const RLIMIT = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
} as const;

/** linux/resource.h */
export const PRIO = { PROCESS: 0, PGRP: 1, USER: 2 } as const;

/** linux/memfd.h */
export const MFD = { CLOEXEC: 1, ALLOW_SEALING: 2, NOEXEC_SEAL: 8, EXEC: 16 } as const;

/** asm-generic/fcntl.h and linux/fcntl.h */
export const FCNTL = {
  F_DUPFD: 0,
  F_GETFD: 1,
  F_SETFD: 2,
  F_GETFL: 3,
  F_SETFL: 4,
  F_DUPFD_CLOEXEC: 1030,
  F_ADD_SEALS: 1033,
} as const;

/** linux/fs.h */
export const SEEK = { SET: 0, CUR: 1, END: 2 } as const;

/** asm-generic/signal-defs.h */
export const SIG_MASK = { BLOCK: 0, UNBLOCK: 1, SETMASK: 2 } as const;

/** asm-generic/signal.h */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;
export const LAST_SIGNAL = 64;

/** linux/wait.h: waitid(2) */
export const P_PID = 1;
export const W = { EXITED: 4 } as const;

/** asm-generic/siginfo.h: places of si_code and si_status in siginfo_t on 64-bit processors, and its size. */
export const SIGINFO = { CODE: 8, STATUS: 24, SIZE: 128 } as const;
export const CLD_EXITED = 1;

/** linux/capability.h */
export const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;
