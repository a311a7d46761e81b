import type { Duration } from '../foundation/duration.js';
import type { IdMapChoice } from '../ids/resolve.js';
import type { NamespaceKind } from '../namespaces/kinds.js';
import type { RLIMIT } from '../syscalls/constants.js';

/**
 * Where a process stands for one kind of namespace: `'new'`, `'shared'` (the caller's), or an existing namespace to
 * join, given as a path (`/proc/1234/ns/net`, `/run/netns/blue`), a pid, or an object with a `pid` or an `fd` (a
 * running {@link Process}, say).
 */
export type NamespaceChoice = 'new' | 'shared' | string | number | { pid: number } | { fd: number };

/** `'all'`: eight new ones. A list: these are new, the rest is shared. A record: what it does not name is new. */
export type NamespacesSpec =
  | 'all'
  | readonly NamespaceKind[]
  | { readonly [kind in NamespaceKind]?: NamespaceChoice };

/** mount(8)'s words: whether mounts made outside appear inside (slave), both ways (shared), or not at all. */
export type Propagation = 'private' | 'slave' | 'shared' | 'unchanged';

interface MountBase {
  /** An absolute path inside. A missing one is made inside of a {@link SandboxSpec.root} or a new tmpfs only. */
  destination: string;
  /** Read-only for everything below it, recursively. Default false. Needs Linux 5.12. */
  readOnly?: boolean;
}

/** mount(8) --rbind: a file or directory of the host, with what is mounted below it. */
export interface BindMount extends MountBase {
  type: 'bind';
  /** A path outside, which must be there. */
  source: string;
}

/** tmpfs(5): empty, in memory, gone with the namespace. */
export interface TmpfsMount extends MountBase {
  type: 'tmpfs';
  /** Bytes, or as tmpfs takes it: `64m`, `50%`. Default half of the memory. */
  size?: number | string;
  /** Permissions of its root directory. Default 0o755. */
  mode?: number;
  /** Whether programs on it may be executed: without `noexec` of mount(8). Default true. */
  exec?: boolean;
  /** Whether set-user-ID bits on it count: without `nosuid`. Default false. */
  suid?: boolean;
  /** Whether device files on it open devices, which they do without a new user namespace only: without `nodev`. Default false. */
  dev?: boolean;
}

/** proc(5) of the new PID namespace; nosuid, nodev, noexec. */
export interface ProcMount extends MountBase {
  type: 'proc';
}

/** An instance of pseudo terminals of its own, with ptmx open to all. */
export interface DevptsMount extends MountBase {
  type: 'devpts';
}

/** mq_overview(7): the POSIX message queues of the IPC namespace. */
export interface MqueueMount extends MountBase {
  type: 'mqueue';
}

/** sysfs(5): the devices, of which `/sys/class/net` shows those of the net namespace; nosuid, nodev, noexec. */
export interface SysfsMount extends MountBase {
  type: 'sysfs';
}

/** Something to mount inside, by its `type`. */
export type MountSpec = BindMount | TmpfsMount | ProcMount | DevptsMount | MqueueMount | SysfsMount;

/** A number sets both; `'unlimited'` is RLIM_INFINITY. */
export type ResourceLimit = number | 'unlimited' | { soft: number | 'unlimited'; hard: number | 'unlimited' };

/** What a process is to be like. Plain data; whatever is left out has the default that is named. */
export interface SandboxSpec {
  /** Default `'all'`. */
  namespaces?: NamespacesSpec;
  /** sethostname(2); at most 64 bytes. Needs a new uts namespace. */
  hostname?: string;
  /** setdomainname(2), the NIS domain; at most 64 bytes. Needs a new uts namespace. */
  domainname?: string;

  /**
   * Users inside and outside of a new user namespace, user_namespaces(7): ranges, or
   * `root` (0 inside is the caller), `current` (the caller's own id on both sides), `auto` (root, and the subordinate
   * ids from 1 up), `subids` (the subordinate ids, the same on both sides), `all` (every id there is, the same on both
   * sides), `none` (no map: every id is the overflow id 65534). Default for root `all`, else `auto` where newuidmap is
   * installed and the user has subordinate ids, else `root`.
   */
  mapUsers?: IdMapChoice;
  /** The same for groups. Default: as `mapUsers` when that is a word, else as its default. */
  mapGroups?: IdMapChoice;
  /** Whether setgroups(2) works inside. Default `allow` where the kernel lets us, which it does not without privilege. */
  setgroups?: 'allow' | 'deny';

  /**
   * A directory that becomes `/` by pivot_root(2). Default: the host's `/`. Needs a new mnt namespace. Mount points that
   * are missing, `/proc` among them, are made in the directory and stay there.
   */
  root?: string;
  /**
   * Make `/` read-only with everything below it, before `mounts` come on top. A program with CAP_SYS_ADMIN inside, as its root has
   * it by default, can undo that. One with a `uid` of its own cannot, unless a set-user-ID program makes it root: see
   * `noNewPrivileges`. Default false. Needs Linux 5.12.
   */
  readOnlyRoot?: boolean;
  /** In this order. Need a new mnt namespace. */
  mounts?: MountSpec[];
  /** Mount proc anew on /proc. Default: when the mnt namespace is new and the pid namespace is not shared. */
  proc?: boolean;
  /** Of everything in a new mnt namespace. Default `private`. */
  propagation?: Propagation;

  /** Bring up `lo` in a new net namespace. Default true. */
  loopback?: boolean;
  /** time_namespaces(7): added to the clock. Seconds, or text like `-7d` and `1h30m`. Needs a new time namespace. */
  timeOffsets?: {
    monotonic?: number | string | Duration;
    boottime?: number | string | Duration;
  };

  /** Working directory inside. Default: the caller's, or `/` with a `root`. */
  cwd?: string;
  /**
   * The program's whole environment. Default: the caller's. A lone surrogate U+DC80 to U+DCFF stands for the byte 0x80 to 0xff, as
   * it does in the command and in paths. `process.env` does not have such: what is no UTF-8 is U+FFFD there, so that only the
   * default passes it on, in Node's main thread.
   */
  env?: Record<string, string | undefined>;
  /** User id inside. Default: what the map makes of the caller, else 0. */
  uid?: number;
  /** Group id inside. Default: as `uid`'s default; with a `uid`, that number is not used: 0 stays 0. */
  gid?: number;
  /** Supplementary groups inside. Default: the caller's, or none when `uid` or `gid` is given. */
  groups?: number[];
  /** umask(2). Default: the caller's. */
  umask?: number;
  /** -20 (most favourable) to 19: setpriority(2). Default: the caller's. */
  nice?: number;
  /** prlimit(2), names in lower case without RLIMIT_. Default: the caller's, with NOFILE as before Node raised it. */
  rlimits?: { [name in keyof typeof RLIMIT]?: ResourceLimit };
  /** PR_SET_NO_NEW_PRIVS of prctl(2). Default false. */
  noNewPrivileges?: boolean;
  /** Keep the capabilities of the namespace across execve for a user other than root (ambient set). Default false. */
  keepCapabilities?: boolean;

  /** A PID 1 of ours that reaps and forwards signals. Default: when the pid namespace is new. */
  init?: boolean;
  /** SIGKILL the process when this one ends, however that happens. Default true. */
  dieWithParent?: boolean;
}
