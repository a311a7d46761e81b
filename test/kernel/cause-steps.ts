/** Steps that cause-rows.ts is made of: what is done, and who and where one is before. */
import { AT, CLONE, MS, O } from '../../src/syscalls/constants.js';
import type { Argument, Step } from '../../src/syscalls/plan.js';
import { call, exitStep, result, u32 } from '../../src/syscalls/steps.js';
import type { SyscallName } from '../../src/syscalls/table.js';

/** linux/capability.h */
export const CAPABILITY_VERSION_3 = 0x20080522;

export const step = (name: SyscallName, args: readonly Argument[], object?: string): Step =>
  call(name, args, 'make it happen', object === undefined ? {} : { object });
export const named = (name: SyscallName, args: readonly Argument[], id: string): Step =>
  call(name, args, 'prepare it', { id });
export const unshare = (flags: number): Step => step('unshare', [flags]);

/** Still root, who has no capability any more. */
export const POWERLESS = step('capset', [u32(CAPABILITY_VERSION_3, 0), new Uint8Array(24)]);
/** One's own user namespace, where no id is mapped. */
export const UNMAPPED = unshare(CLONE.NEWUSER);
export const OWN_MOUNTS = [
  unshare(CLONE.NEWNS),
  step('mount', ['none', '/', null, MS.REC | MS.PRIVATE, null]),
];
export const OWN_CLOCKS = [unshare(CLONE.NEWTIME), open('/proc/self/timens_offsets', O.WRONLY)];

export function open(path: string, flags: number): Step {
  return named('openat', [AT.FDCWD, path, flags | O.CLOEXEC, 0], 'file');
}

export const write = (text: string, object: string): Step =>
  step('write', [result('file'), text, text.length], object);
export const limit = (which: number, value: number, object = 'the limit'): Step =>
  step('prlimit64', [0, which, { words: [value, value] }, null], object);

export const execute = (program: string, argv: readonly string[] = [program]): Step => ({
  kind: 'exec',
  candidates: [program],
  argv,
  env: [],
  why: 'make it happen',
  object: program,
});

/** Each bind doubles what the next one copies. */
export const TOO_MANY_MOUNTS: readonly Step[] = [
  ...OWN_MOUNTS,
  step('mount', ['none', '/mnt', 'tmpfs', 0, null]),
  ...Array.from({ length: 22 }, (_, i) => [
    step('mkdirat', [AT.FDCWD, `/mnt/${i}`, 0o755]),
    step('mount', ['/mnt', `/mnt/${i}`, null, MS.BIND | MS.REC, null], 'one mount too many'),
  ]).flat(),
];

const PAIR: Argument = { memory: 'pair', size: 8 };

/** For a second, of the user 4242: the limit is of those that there are when one more becomes that user. */
export const A_PROCESS_ALREADY: readonly Step[] = [
  step('pipe2', [PAIR, O.CLOEXEC]),
  {
    kind: 'fork',
    call: 'clone',
    flags: 0,
    why: 'have a process of that user',
    child: [
      step('setresuid', [4242, 4242, 4242]),
      step('write', [{ cell: 'pair', at: 4 }, 'x', 1]),
      step('ppoll', [null, 0, { words: [1, 0] }, null, 0]),
      exitStep(0, 'end'),
    ],
  },
  step('read', [{ cell: 'pair', at: 0 }, { memory: 'byte', size: 8 }, 1]),
];
