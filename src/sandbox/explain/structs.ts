/** The structs that system calls take, for every `struct:…` format of the table of system calls. */
import type { Argument } from '../../syscalls/plan.js';
import type { ArgumentFormat } from '../../syscalls/table.js';

export interface Field {
  readonly name: string;
  readonly at: number;
  readonly size: number;
  /** `capabilities`: a set of 64, whose upper half is at `high`. `array`: `length` values of `size`. */
  readonly format: ArgumentFormat | 'capabilities';
  readonly high?: number;
  /** Left out by strace when it is zero. */
  readonly optional?: boolean;
}

export interface Struct {
  /** Type and header for C; without a type C gets the bytes. */
  readonly type?: string;
  readonly header?: string;
  readonly size: number;
  readonly fields: readonly Field[];
  /** Any number of them, one after the other, shown in brackets. */
  readonly array?: boolean;
  /** Shown without braces and name: the struct has one member, as `[0]`. */
  readonly bare?: boolean;
}

const u64 = (name: string, at: number, format: ArgumentFormat, optional = false): Field => ({
  name,
  at,
  size: 8,
  format,
  optional,
});
const u32 = (name: string, at: number, format: ArgumentFormat): Field => ({ name, at, size: 4, format });
const u16 = (name: string, at: number, format: ArgumentFormat): Field => ({ name, at, size: 2, format });
const u8 = (name: string, at: number, format: ArgumentFormat): Field => ({ name, at, size: 1, format });

export const STRUCTS: Readonly<Record<string, Struct>> = {
  cloneargs: {
    type: 'struct clone_args',
    header: 'linux/sched.h',
    size: 88,
    fields: [
      u64('flags', 0, 'flags:clone'),
      u64('pidfd', 8, 'address', true),
      u64('child_tid', 16, 'address', true),
      u64('parent_tid', 24, 'address', true),
      u64('exit_signal', 32, 'flags:signal'),
      u64('stack', 40, 'address'),
      u64('stack_size', 48, 'number'),
      u64('tls', 56, 'address', true),
      u64('set_tid', 64, 'address', true),
      u64('set_tid_size', 72, 'number', true),
      u64('cgroup', 80, 'fd', true),
    ],
  },
  openhow: {
    type: 'struct open_how',
    header: 'linux/openat2.h',
    size: 24,
    fields: [
      u64('flags', 0, 'flags:open'),
      u64('mode', 8, 'octal', true),
      u64('resolve', 16, 'flags:resolve'),
    ],
  },
  mountattr: {
    type: 'struct mount_attr',
    header: 'linux/mount.h',
    size: 32,
    fields: [
      u64('attr_set', 0, 'flags:mountattr'),
      u64('attr_clr', 8, 'flags:mountattr'),
      u64('propagation', 16, 'flags:mount'),
      u64('userns_fd', 24, 'fd'),
    ],
  },
  rlimit: {
    type: 'struct rlimit64',
    header: 'sys/resource.h',
    size: 16,
    fields: [u64('rlim_cur', 0, 'flags:limit'), u64('rlim_max', 8, 'flags:limit')],
  },
  timespec: {
    type: 'struct timespec',
    header: 'time.h',
    size: 16,
    fields: [u64('tv_sec', 0, 'number'), u64('tv_nsec', 8, 'number')],
  },
  capheader: {
    type: 'struct __user_cap_header_struct',
    header: 'linux/capability.h',
    size: 8,
    fields: [u32('version', 0, 'flags:capversion'), u32('pid', 4, 'number')],
  },
  capdata: {
    size: 24,
    fields: [
      { ...u32('effective', 0, 'number'), format: 'capabilities', high: 12 },
      { ...u32('permitted', 4, 'number'), format: 'capabilities', high: 16 },
      { ...u32('inheritable', 8, 'number'), format: 'capabilities', high: 20 },
    ],
  },
  pollfd: {
    type: 'struct pollfd',
    header: 'poll.h',
    size: 8,
    array: true,
    fields: [u32('fd', 0, 'fd'), u16('events', 4, 'flags:poll')],
  },
  sockfprog: {
    type: 'struct sock_fprog',
    header: 'linux/filter.h',
    size: 16,
    fields: [u16('len', 0, 'number'), u64('filter', 8, 'struct:sockfilter')],
  },
  sockfilter: {
    type: 'struct sock_filter',
    header: 'linux/filter.h',
    size: 8,
    array: true,
    fields: [u16('code', 0, 'number'), u8('jt', 2, 'number'), u8('jf', 3, 'number'), u32('k', 4, 'number')],
  },
  ifreq: {
    type: 'struct ifreq',
    header: 'net/if.h',
    size: 40,
    fields: [{ name: 'ifr_name', at: 0, size: 16, format: 'text' }, u16('ifr_flags', 16, 'flags:iff')],
  },
  winsize: {
    type: 'struct winsize',
    header: 'sys/ioctl.h',
    size: 8,
    fields: ['ws_row', 'ws_col', 'ws_xpixel', 'ws_ypixel'].map((name, i) => u16(name, 2 * i, 'number')),
  },
  ids: { type: 'uint32_t', size: 4, array: true, bare: true, fields: [u32('id', 0, 'id')] },
  sigset: { size: 8, bare: true, fields: [u64('mask', 0, 'number')] },
};

export function structOf(name: string): Struct {
  const struct = STRUCTS[name];
  if (!struct) throw new RangeError(`no struct is called ${name}`);
  return struct;
}

/** How many of an array of structs the bytes hold. */
export function countOf(struct: Struct, argument: Argument): number {
  const size = sizeOf(argument);
  return struct.array ? Math.floor(size / struct.size) : 1;
}

/** Bytes of an argument that is passed by address; 0 when it is another one. */
function sizeOf(argument: Argument): number {
  if (argument instanceof Uint8Array) return argument.length;
  if (argument !== null && typeof argument === 'object' && 'words' in argument)
    return argument.words.length * 8;
  return 0;
}

/** A member of a struct that is given as bytes or as words; undefined when it does not reach that far. */
export function memberAt(argument: Argument, at: number, size: number): Argument | undefined {
  if (argument === null || typeof argument !== 'object' || at + size > sizeOf(argument)) return undefined;
  if (argument instanceof Uint8Array)
    return size > 8 ? argument.subarray(at, at + size) : little(argument, at, size);
  if (!('words' in argument)) return undefined;
  const word = argument.words[at >> 3] ?? 0;
  // a result fills its 64 bits by itself, and none is wider than 32
  if (typeof word !== 'number' && typeof word !== 'bigint') return at % 8 === 0 ? word : 0;
  const shifted = BigInt.asUintN(64, BigInt(word)) >> BigInt((at & 7) * 8);
  return compact(BigInt.asUintN(size * 8, shifted));
}

function little(bytes: Uint8Array, at: number, size: number): number | bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] as number);
  return compact(value);
}

const compact = (value: bigint): number | bigint =>
  value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

/** A text in a member of fixed size. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
