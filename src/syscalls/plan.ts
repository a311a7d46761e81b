/**
 * A plan: the system calls that make a process what a spec asks for, as plain data. `src/sandbox/compile` makes
 * plans, `encode.ts` turns them into what the launcher reads, `src/sandbox/explain` prints them.
 */
import type { SyscallName } from './table.js';

/** What a step passes to the kernel. */
export type Argument =
  | number
  | bigint
  | null
  /** The address of NUL-terminated text. */
  | string
  /** The address of these bytes. */
  | Uint8Array
  /** The address of 64-bit words: any struct whose members are pointers or 64 bits wide. */
  | { readonly words: readonly Argument[] }
  /** The address of a text with the decimal value of an earlier result in it: `/proc//////1234/uid_map`. */
  | { readonly text: readonly [string, ResultReference, string]; readonly fill: '/' | '0' }
  | MemoryArgument
  | ResultReference
  | CellReference;

/** The address of `size` zeroed bytes that a call writes into and {@link CellReference} reads. */
export interface MemoryArgument {
  readonly memory: string;
  readonly size: number;
}

/** What the step with this id returned. */
export interface ResultReference {
  readonly result: string;
}

/** The 32-bit number at offset `at` of the memory with this name. */
export interface CellReference {
  readonly cell: string;
  readonly at: number;
}

interface StepBase {
  /** Names the result for later steps. */
  readonly id?: string;
  /** Why the step is there: a phrase that completes "in order to". */
  readonly why: string;
  /** The part of a spec that asked for the step, for errors: `mounts[1]`. */
  readonly field?: string;
  /** What the step is about, for errors, when the arguments do not say it: `the shell's name`. */
  readonly object?: string;
  /** What a person would type instead, for `--explain=sh`; no words where what is typed for another step does it too. */
  readonly shell?: readonly string[];
}

/** One system call. It fails when it returns an errno that is not tolerated, or another value than expected. */
export interface CallStep extends StepBase {
  readonly kind: 'call';
  readonly call: SyscallName;
  readonly args: readonly Argument[];
  readonly tolerate?: readonly string[];
  readonly expect?: Expectation;
}

/** The call (or the cell it wrote) must give exactly `equals`; anything else counts as `errno`. */
export interface Expectation {
  readonly equals: number;
  readonly cell?: CellReference;
  readonly errno: string;
  /** Whoever made it so has said why: where the launcher prints failures, it ends without a word. */
  readonly told?: boolean;
}

/**
 * A child that goes on with `child` while this process goes on with the next step. clone3(2) or clone(2) copies
 * memory; `vfork` is clone(2) with CLONE_VM | CLONE_VFORK: the parent sleeps until the child's execve.
 */
export interface ForkStep extends StepBase {
  readonly kind: 'fork';
  readonly call: 'clone3' | 'clone' | 'vfork';
  /** CLONE_* flags; SIGCHLD is always the exit signal. */
  readonly flags: number;
  readonly child: readonly Step[];
}

/** execve(2) of the first candidate that is there. */
export interface ExecStep extends StepBase {
  readonly kind: 'exec';
  readonly candidates: readonly string[];
  readonly argv: readonly (string | Argument)[];
  readonly env: readonly string[];
}

/** Reap and forward signals until `child` has ended: as PID 1 (then exit as it did), or outside of its namespace. */
export interface SuperviseStep extends StepBase {
  readonly kind: 'supervise';
  readonly child: ResultReference;
  readonly as: 'init' | 'waiter';
  /** For a waiter: pass on SIGINT and SIGTERM too (default true); end by the same signal as the child (default false). */
  readonly forwards?: boolean;
  readonly endsAlike?: boolean;
  /** For init: end when the status channel shows, early on, that the parent is gone. */
  readonly diesWithParent?: boolean;
  /** For a waiter: the terminal to take back afterwards, with what TIOCGPGRP and TCGETS wrote before. */
  readonly terminal?: {
    readonly fd: number;
    readonly group: MemoryArgument;
    readonly settings: MemoryArgument;
  };
}

export type Step = CallStep | ForkStep | ExecStep | SuperviseStep;

export interface Plan {
  readonly steps: readonly Step[];
  /** Descriptor of the status channel; without one the launcher prints failures. */
  readonly status?: number;
  /** What the launcher exits with when a step fails, unless that is the execve of a program. Default 125. */
  readonly failedStatus?: number;
}

/** The steps in the order in which they are encoded and numbered: a child's block follows its parent's. */
export function flattenSteps(steps: readonly Step[]): Step[] {
  const flat = [...steps];
  for (const step of steps) if (step.kind === 'fork') flat.push(...flattenSteps(step.child));
  return flat;
}

/** A block must not run on into the one that is encoded behind it. Throws RangeError. */
export function checkEnd(block: readonly Step[]): void {
  const last = block.at(-1);
  const ends =
    last?.kind === 'exec' ||
    (last?.kind === 'supervise' && last.as === 'init') ||
    (last?.kind === 'call' && last.call === 'exit_group');
  if (!ends) throw new RangeError('a block of a plan must end with exec, exit_group or supervise as init');
}
