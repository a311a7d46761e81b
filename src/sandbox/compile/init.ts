import type { Architecture } from '../../syscalls/architecture.js';
import { CAPABILITIES, LAST_DESCRIPTOR, PR, SECCOMP } from '../../syscalls/constants.js';
import type { Argument, ResultReference, Step } from '../../syscalls/plan.js';
import { call } from '../../syscalls/steps.js';
import { type SyscallName, syscallNumber } from '../../syscalls/table.js';
import { type Context, isJoined } from './context.js';
import { capabilityStep, heldInside } from './program.js';
import { startedRecord } from './records.js';

/**
 * PID 1 shares its namespace with a hostile program: it keeps one descriptor, one capability and a handful of system
 * calls. Until it has come to that the program, which runs already, cannot trace it, and root's PID 1 never; without root it
 * must be dumpable afterwards, or its owner outside could no longer look at it.
 */
export function initSteps(context: Context, program: readonly Step[]): Step[] {
  const child: ResultReference = { result: 'program' };
  const hidden = context.facts.users.privileged || isJoined(context, 'user') || isJoined(context, 'pid');
  return [
    call('prctl', [PR.SET_NAME, 'isol8-init'], 'be recognised in ps'),
    // Of two signals of one kind that wait for it the second is lost: it might be the one that is for the program.
    ...(context.options.terminal === 'new'
      ? [call('setsid', [], "have nothing that the caller's terminal sends")]
      : []),
    call('prctl', [PR.SET_DUMPABLE, 0], 'keep the program from tracing its PID 1'),
    {
      kind: 'fork',
      call: 'vfork',
      flags: 0,
      id: 'program',
      why: 'start the program',
      child: program,
    },
    ...closeAllBut(context.slots.status),
    capabilityStep(
      heldInside(context) & (1n << BigInt(CAPABILITIES.indexOf('KILL'))),
      0n,
      'keep nothing but the right to signal',
    ),
    call('prctl', [PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'never gain privilege again'),
    call(
      'seccomp',
      [SECCOMP.SET_MODE_FILTER, 0, initFilter(context.facts.architecture)],
      'allow what PID 1 needs',
    ),
    ...(hidden ? [] : [call('prctl', [PR.SET_DUMPABLE, 1], 'let its owner outside look at it')]),
    // Whoever hears of it may look at once.
    ...startedRecord(context),
    {
      kind: 'supervise',
      child,
      as: 'init',
      diesWithParent: context.spec.dieWithParent,
      why: 'reap, forward signals, and end as the program does',
    },
  ];
}

function closeAllBut(status: number | undefined): Step[] {
  const why = 'hold nothing that the program could want';
  if (status === undefined) return [call('close_range', [0, LAST_DESCRIPTOR, 0], why)];
  return [
    ...(status > 0 ? [call('close_range', [0, status - 1, 0], why)] : []),
    call('close_range', [status + 1, LAST_DESCRIPTOR, 0], why),
  ];
}

/** What supervise.c calls, and what tells that the program runs; restart_syscall is the kernel's own after a stop. */
const ALLOWED: readonly SyscallName[] = [
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

/** linux/audit.h */
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
/** linux/bpf_common.h: BPF_LD | BPF_W | BPF_ABS, BPF_JMP | BPF_JEQ | BPF_K, BPF_RET | BPF_K */
const BPF = { LOAD: 0x20, JUMP_EQUAL: 0x15, RETURN: 0x06 };
/** Offsets in struct seccomp_data */
const DATA = { NUMBER: 0, ARCHITECTURE: 4, FIRST_ARGUMENT: 16 };

/** struct sock_fprog of a filter that ends the process on any other call, or one of another architecture. */
function initFilter(architecture: Architecture): Argument {
  const numbers = ALLOWED.map((name) => syscallNumber(name, architecture));
  const toKill = numbers.length + 4;
  const program: [code: number, ifTrue: number, ifFalse: number, value: number][] = [
    [BPF.LOAD, 0, 0, DATA.ARCHITECTURE],
    [BPF.JUMP_EQUAL, 0, toKill, AUDIT_ARCH[architecture]],
    [BPF.LOAD, 0, 0, DATA.NUMBER],
    ...numbers.map((number, i): [number, number, number, number] => [
      BPF.JUMP_EQUAL,
      numbers.length - i + 3,
      0,
      number,
    ]),
    [BPF.JUMP_EQUAL, 0, 2, syscallNumber('prctl', architecture)],
    [BPF.LOAD, 0, 0, DATA.FIRST_ARGUMENT],
    [BPF.JUMP_EQUAL, 1, 0, PR.SET_DUMPABLE],
    [BPF.RETURN, 0, 0, SECCOMP.RET_KILL_PROCESS],
    [BPF.RETURN, 0, 0, SECCOMP.RET_ALLOW],
  ];
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, ifTrue, ifFalse, value]] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, ifTrue);
    view.setUint8(i * 8 + 3, ifFalse);
    view.setUint32(i * 8 + 4, value, true);
  }
  return { words: [program.length, bytes] };
}
