/**
 * The encoded plan, as the launcher reads it, and the records that it writes. This table is the only place where
 * these numbers stand: `npm run generate` writes native/include/wire.h from it, and a test compares the two.
 *
 * ```
 * ┌────────┬───────────────┬──────────────────────────────────────┬─────────────────────┐
 * │ header │ step × count  │ data: results, texts, structs, names │ relocation × count  │
 * └────────┴───────────────┴──────────────────────────────────────┴─────────────────────┘
 * ```
 * All offsets count from the start of the plan; everything is little-endian and 8-byte aligned.
 */
export const MAGIC = 0x38_6c_6f_73; // "sol8"
export const VERSION = 3;
/** Larger than any environment execve(2) takes, small enough that no 32-bit sum of two offsets overflows. */
export const MAX_PLAN_SIZE = 1 << 28;

/** `e_machine` of elf(5): a plan holds system call numbers, so it belongs to one architecture. */
export const MACHINE = { x64: 62, arm64: 183 } as const;

export const HEADER = layout('header', {
  magic: 'u32',
  version: 'u16',
  machine: 'u16',
  size: 'u32',
  stepCount: 'u32',
  relocationCount: 'u32',
  /** Also the end of data, the only part besides a step's own arguments that relocations may change. */
  relocationsAt: 'u32',
  /** i64 results, one for each step, inside data. */
  resultsAt: 'u32',
  /** The status channel, or -1 when failures are to be printed on descriptor 2. */
  status: 'i32',
  /** What to print for a failed step, see {@link FAILURE}; only used without a status channel. */
  failureCount: 'u32',
  failuresAt: 'u32',
  /** Names of the errno values 0…, {@link ERRNO_NAME_SIZE} bytes each. */
  errnoNameCount: 'u32',
  errnoNamesAt: 'u32',
  /** Exit status when a step fails that is not the execve of a program. */
  failedStatus: 'i32',
  unused: 'u32',
});

export const STEP = layout('step', {
  op: 'u16',
  toleratedCount: 'u16',
  /** System call number. */
  call: 'u32',
  args: 'u64[6]',
  /** Index of the first of this step's relocations, all applied just before the step. */
  firstRelocation: 'u32',
  relocationCount: 'u32',
  /** Where the child goes on after a fork; always forward. */
  child: 'u32',
  expect: 'u32',
  /** Offset of the 32-bit cell that must hold `expected`. */
  expectedCell: 'u32',
  expected: 'i32',
  /** The errno reported when the call succeeded with another value than the expected one. */
  unexpectedErrno: 'u16',
  tolerated: 'u16[3]',
});

/** Where each field begins. */
export const HEADER_AT = offsetsOf(HEADER);
export const STEP_AT = offsetsOf(STEP);

export const RELOCATION = layout('relocation', { at: 'u32', kind: 'u32', value: 'u32' });

/**
 * Words for a failure: with `code` 0 the step's own, which come first; with {@link PLACE} where in the plan
 * it is, which comes behind the errno's name; else what this errno means, for one step or, with
 * `step` {@link ANY_STEP}, for all that make this `call`, or with {@link ANY_CALL} for all. The first row that fits counts.
 */
export const FAILURE = layout('failure', {
  step: 'u32',
  call: 'u32',
  code: 'u32',
  textAt: 'u32',
  textSize: 'u32',
});
export const ANY_STEP = 0xffff_ffff;
export const ANY_CALL = 0xffff_ffff;
export const PLACE = 0xffff_ffff;

export const RECORD = layout('record', { kind: 'u32', first: 'i32', second: 'i32' });

export const ERRNO_NAME_SIZE = 16;
/** Digits of the largest pid; a decimal is written right-aligned into this much room. */
export const DECIMAL_SIZE = 10;

export const OP = {
  /** One system call. */
  call: 0,
  /** A system call that returns twice, with memory of its own for the child. */
  fork: 1,
  /** clone(2) with CLONE_VM | CLONE_VFORK, the child on a stack of its own. */
  vfork: 2,
  /** args: candidate paths (offset of a vector), argv, envp, number of candidates. */
  exec: 3,
  /**
   * args as PID 1: child, 0, whether to look for the parent. As a waiter outside: child, {@link WAITER} bits, terminal or
   * -1, its process group (an offset), its settings.
   */
  supervise: 4,
} as const;

/** `keep`: SIGINT and SIGTERM are not passed on. `alike`: end by the signal that has ended the child. */
export const WAITER = { outside: 1, keep: 2, alike: 4 } as const;

/** `told`, beside one of the others: when it is not so, and there is no status channel, end without a word. */
export const EXPECT = { success: 0, result: 1, cell: 2, told: 4 } as const;

export const RELOCATE = {
  /** 64 bits: start of the plan + value. */
  address: 0,
  /** 64 bits: result of step `value`. */
  result: 1,
  /** 64 bits, sign-extended: the 32-bit cell at offset `value`. */
  cell: 2,
  /** Decimal digits of the result of step `value`, right-aligned in {@link DECIMAL_SIZE} bytes. */
  decimal: 3,
  /**
   * Addresses of the NUL-terminated texts that stand behind each other from offset `value` on, each in a word of its own,
   * and a null pointer behind the last; as many as the first word says until then.
   */
  texts: 4,
} as const;

export const RECORD_KIND = {
  /** first: step, second: errno. */
  failed: 1,
  /** The main process (PID 1, or the program) has begun; the kernel adds its pid as credentials. */
  child: 2,
  /** PID 1 has started the program. */
  started: 3,
  /** first: exit code, second: signal. */
  exited: 4,
  /** The main process is about to execve; it has, once it closes the channel without `failed`. */
  executing: 5,
} as const;

/** Exit status of isol8's own failures, as docker-run(1) has them. */
export const EXIT = { failed: 125, notExecutable: 126, notFound: 127, signalled: 128 } as const;

type FieldType = 'u16' | 'u32' | 'i32' | 'u64' | `u16[${number}]` | `u64[${number}]`;

export interface Layout<Field extends string = string> {
  readonly name: string;
  readonly size: number;
  readonly fields: Readonly<Record<Field, { readonly at: number; readonly type: FieldType }>>;
}

function sizeOf(type: FieldType): { unit: number; size: number } {
  const unit = type.startsWith('u16') ? 2 : type.startsWith('u64') ? 8 : 4;
  const count = /\[(\d+)\]/.exec(type)?.[1] ?? 1;
  return { unit, size: unit * Number(count) };
}

/** Lays fields out as a C compiler would, and refuses holes so that every byte of a plan is accounted for. */
function layout<Field extends string>(name: string, types: Record<Field, FieldType>): Layout<Field> {
  let at = 0;
  const fields = {} as Record<Field, { at: number; type: FieldType }>;
  for (const [field, type] of Object.entries(types) as [Field, FieldType][]) {
    const { unit, size } = sizeOf(type);
    if (at % unit !== 0) throw new Error(`${name}.${field} would need padding`);
    fields[field] = { at, type };
    at += size;
  }
  return { name, size: at, fields };
}

function offsetsOf<Field extends string>({ fields }: Layout<Field>): Readonly<Record<Field, number>> {
  const offsets = (Object.keys(fields) as Field[]).map((field) => [field, fields[field].at]);
  return Object.fromEntries(offsets) as Record<Field, number>;
}
