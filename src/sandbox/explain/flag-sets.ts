/** The names of numbers, as strace(1) and C have them, for every `flags:…` format of the table of system calls. */
import type { Architecture } from '../../syscalls/architecture.js';
import * as k from '../../syscalls/constants.js';

type Numbers = Readonly<Record<string, number>>;

export interface FlagSet {
  /** The header that C takes the names from. */
  readonly header: string;
  /** Names that headers lack (glibc's older ones, or `header`), so that a C program defines them when they are missing. */
  readonly young?: readonly string[] | 'all';
  /** One of these, in the bits of `mask` (all bits when there is none). Zero has a name only if it stands here. */
  readonly one?: { readonly names: Numbers; readonly mask?: number };
  /** Any of these. */
  readonly bits?: Numbers;
}

const { RDONLY, WRONLY, RDWR, ...OPEN_BITS } = k.O;
const { STREAM, DGRAM, SEQPACKET, ...SOCKET_BITS } = k.SOCK;
const { FDCWD: _directory, ...AT_BITS } = k.AT;
const { NEWTIME: _time, ...CLONE_BITS } = k.CLONE;

/** `{ NOSUID: 2 }` → `{ MS_NOSUID: 2 }` */
function prefixed(prefix: string, names: Numbers): Numbers {
  return Object.fromEntries(
    Object.entries(names).map(([name, value]) => [prefix + name.toUpperCase(), value]),
  );
}

const capabilities = Object.fromEntries(k.CAPABILITIES.map((name, index) => [`CAP_${name}`, index]));
const access = { O_RDONLY: RDONLY, O_WRONLY: WRONLY, O_RDWR: RDWR };
const socketTypes = { SOCK_STREAM: STREAM, SOCK_DGRAM: DGRAM, SOCK_SEQPACKET: SEQPACKET };

const SETS: Readonly<Record<string, FlagSet>> = {
  ambient: { header: 'linux/prctl.h', one: { names: prefixed('PR_CAP_AMBIENT_', k.PR_CAP_AMBIENT) } },
  at: { header: 'fcntl.h', young: ['AT_RECURSIVE'], bits: prefixed('AT_', AT_BITS) },
  capability: {
    header: 'linux/capability.h',
    young: ['CAP_PERFMON', 'CAP_BPF', 'CAP_CHECKPOINT_RESTORE'],
    one: { names: capabilities },
  },
  capversion: { header: 'linux/capability.h', one: { names: { _LINUX_CAPABILITY_VERSION_3: 0x20080522 } } },
  clone: { header: 'linux/sched.h', young: ['CLONE_NEWTIME'], bits: prefixed('CLONE_', k.CLONE) },
  cloneold: {
    header: 'linux/sched.h',
    one: { names: k.SIGNALS, mask: 0xff },
    bits: prefixed('CLONE_', CLONE_BITS),
  },
  closerange: { header: 'linux/close_range.h', bits: prefixed('CLOSE_RANGE_', k.CLOSE_RANGE) },
  dumpable: { header: '', one: { names: { SUID_DUMP_DISABLE: 0, SUID_DUMP_USER: 1 } }, young: 'all' },
  family: { header: 'sys/socket.h', one: { names: prefixed('AF_', k.AF) } },
  fcntl: { header: 'fcntl.h', one: { names: k.FCNTL } },
  fdflags: { header: 'fcntl.h', bits: { FD_CLOEXEC: 1 } },
  fsconfig: { header: 'linux/mount.h', one: { names: prefixed('FSCONFIG_', k.FSCONFIG) } },
  fsmount: { header: 'linux/mount.h', bits: prefixed('FSMOUNT_', k.FSMOUNT) },
  fsopen: { header: 'linux/mount.h', bits: prefixed('FSOPEN_', k.FSOPEN) },
  iff: { header: 'net/if.h', bits: prefixed('IFF_', k.IFF) },
  ioctl: {
    header: 'sys/ioctl.h',
    young: ['NS_GET_USERNS', 'NS_GET_PARENT', 'NS_GET_NSTYPE'],
    one: { names: k.IOCTL },
  },
  ipproto: { header: 'netinet/in.h', one: { names: { IPPROTO_IP: 0 } } },
  limit: { header: 'sys/resource.h', one: { names: { RLIM64_INFINITY: -1 } } },
  memfd: { header: 'sys/mman.h', young: ['MFD_NOEXEC_SEAL', 'MFD_EXEC'], bits: prefixed('MFD_', k.MFD) },
  mount: { header: 'linux/mount.h', bits: prefixed('MS_', k.MS) },
  mountattr: { header: 'linux/mount.h', bits: prefixed('MOUNT_ATTR_', k.MOUNT_ATTR) },
  movemount: { header: 'linux/mount.h', bits: prefixed('MOVE_MOUNT_', k.MOVE_MOUNT) },
  open: { header: 'fcntl.h', one: { names: access, mask: 3 }, bits: prefixed('O_', OPEN_BITS) },
  openonly: { header: 'fcntl.h', bits: prefixed('O_', OPEN_BITS) },
  opentree: {
    header: 'linux/mount.h',
    young: ['AT_EMPTY_PATH', 'AT_RECURSIVE', 'AT_SYMLINK_NOFOLLOW'],
    bits: { ...prefixed('OPEN_TREE_', k.OPEN_TREE), ...prefixed('AT_', AT_BITS) },
  },
  poll: { header: 'poll.h', bits: prefixed('POLL', k.POLL) },
  prctl: { header: 'linux/prctl.h', one: { names: prefixed('PR_', k.PR) } },
  priority: { header: 'sys/resource.h', one: { names: prefixed('PRIO_', k.PRIO) } },
  resolve: { header: 'linux/openat2.h', bits: prefixed('RESOLVE_', k.RESOLVE) },
  rlimit: { header: 'sys/resource.h', one: { names: prefixed('RLIMIT_', k.RLIMIT) } },
  seccomp: {
    header: 'linux/seccomp.h',
    one: { names: { SECCOMP_SET_MODE_FILTER: k.SECCOMP.SET_MODE_FILTER } },
  },
  seek: { header: 'unistd.h', one: { names: prefixed('SEEK_', k.SEEK) } },
  idtype: { header: 'sys/wait.h', one: { names: { P_PID: k.P_PID } } },
  wait: { header: 'sys/wait.h', bits: prefixed('W', k.W) },
  signal: { header: 'signal.h', one: { names: k.SIGNALS } },
  sigprocmask: { header: 'signal.h', one: { names: prefixed('SIG_', k.SIG_MASK) } },
  socket: {
    header: 'sys/socket.h',
    one: { names: socketTypes, mask: 15 },
    bits: prefixed('SOCK_', SOCKET_BITS),
  },
  umount: { header: '', young: 'all', bits: prefixed('MNT_', k.MNT) },
};

export function flagSet(name: string): FlagSet {
  const set = SETS[name];
  if (!set) throw new RangeError(`no set of flags is called ${name}`);
  return set;
}

export interface NamedFlags {
  readonly names: readonly string[];
  /** What no name covers; undefined when names cover all. */
  readonly rest?: bigint;
}

/** Splits a number into names; zero without a name gives no names and no rest. */
export function nameFlags(name: string, value: number | bigint, architecture: Architecture): NamedFlags {
  const set = flagSet(name);
  const names: string[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  if (set.one) {
    const part = set.one.mask === undefined ? rest : rest & BigInt(set.one.mask);
    const found = Object.entries(set.one.names).find(([, one]) => BigInt.asUintN(64, BigInt(one)) === part);
    if (found) names.push(found[0]);
    if (found) rest -= part;
  }
  for (const [bit, number] of bitsOf(name, set, architecture)) {
    if (number === 0 || (rest & BigInt(number)) !== BigInt(number)) continue;
    if (!names.includes(bit)) names.push(bit);
    rest -= BigInt(number);
  }
  return rest === 0n ? { names } : { names, rest };
}

/** O_DIRECTORY and O_NOFOLLOW are the only flags here that differ between processors. */
function bitsOf(name: string, set: FlagSet, architecture: Architecture): [string, number][] {
  const bits = Object.entries(set.bits ?? {});
  if (name !== 'open' && name !== 'openonly') return bits;
  return [...bits, ...Object.entries(prefixed('O_', k.OPEN_FLAGS[architecture]))];
}

/** The number behind a name that the headers may be too old for. */
export function youngNumber(set: FlagSet, flag: string): number | undefined {
  const young = set.young === 'all' || set.young?.includes(flag);
  return !young ? undefined : (set.bits?.[flag] ?? set.one?.names[flag]);
}
