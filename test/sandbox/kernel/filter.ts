/** The classic BPF of a seccomp filter, run for every system call there is. */
import type { Architecture } from '../../../src/syscalls/architecture.js';
import { PR } from '../../../src/syscalls/constants.js';
import { type SyscallName, syscallNumber } from '../../../src/syscalls/table.js';
import { KernelError, type Process } from './process.js';

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;

/** What supervise.c calls as PID 1, and what the kernel restarts a stopped call with. */
const NEEDED: readonly SyscallName[] = [
  'ppoll',
  'rt_sigtimedwait',
  'wait4',
  'kill',
  'write',
  'sendto',
  'munmap',
  'exit_group',
  'restart_syscall',
];

interface Called {
  readonly number: number;
  readonly architecture: number;
  /** The first argument. */
  readonly first?: number;
}

function runFilter(program: Uint8Array, { number, architecture, first = 0 }: Called): number {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const loaded = (offset: number): number => (offset === 0 ? number : offset === 4 ? architecture : first);
  let accumulator = 0;
  for (let i = 0; i < program.length / 8; i++) {
    const [code, value] = [view.getUint16(i * 8, true), view.getUint32(i * 8 + 4, true)];
    if (code === 0x06) return value;
    if (code === 0x20) accumulator = loaded(value);
    else if (code === 0x15) i += view.getUint8(i * 8 + (accumulator === value ? 2 : 3));
    else throw new KernelError('EINVAL', `BPF ${code} is not known`);
  }
  throw new KernelError('EINVAL', 'a filter that does not return');
}

const HIGHEST = 470;
const X32 = 0x40000000;

/** Exactly the calls that PID 1 needs, of its own architecture alone, and prctl(2) for one purpose. */
export function checkConfined({ filter }: Process, architecture: Architecture): void {
  if (!filter) throw new KernelError('EINVAL', 'PID 1 has no filter');
  const needed = new Set(NEEDED.map((name) => syscallNumber(name, architecture)));
  for (let number = 0; number < HIGHEST; number++) {
    const verdict = runFilter(filter, { number, architecture: AUDIT_ARCH[architecture] });
    if (verdict !== (needed.has(number) ? ALLOW : KILL))
      throw new KernelError('EINVAL', `filter: call ${number}`);
  }
  const option = (first: number): number =>
    runFilter(filter, {
      number: syscallNumber('prctl', architecture),
      architecture: AUDIT_ARCH[architecture],
      first,
    });
  for (let first = 0; first < 100; first++)
    if (option(first) !== (first === PR.SET_DUMPABLE ? ALLOW : KILL))
      throw new KernelError('EINVAL', `filter: prctl ${first}`);
  const [one] = needed as unknown as [number];
  const foreign = [
    { number: one + X32, architecture: AUDIT_ARCH[architecture] },
    { number: one, architecture: AUDIT_ARCH[architecture === 'x64' ? 'arm64' : 'x64'] },
  ];
  if (foreign.some((data) => runFilter(filter, data) !== KILL))
    throw new KernelError('EINVAL', 'filter: foreign');
}
