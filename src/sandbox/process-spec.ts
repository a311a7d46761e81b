import * as v from 'valibot';
import type { Duration } from '../foundation/duration.js';
import { durationToMilliseconds, toDuration } from '../foundation/duration.js';
import { SpecError } from '../foundation/errors.js';
import { LAST_SIGNAL, SIGNALS } from '../syscalls/constants.js';
import type { CompileOptions } from './compile/context.js';
import { validate } from './parse.js';
import { whole } from './schema.js';
import type { SandboxSpec } from './spec.js';
import type { Stdio, TerminalSize } from './stdio.js';

/** Signals by their names in signal(7), or by number. */
export type SignalName = keyof typeof SIGNALS;

/** What a process is to be like, and how this program deals with it. */
export interface SpawnSpec extends SandboxSpec {
  /**
   * The program's descriptors 0, 1, 2 and so on: `pipe` (a stream here), `inherit` (the descriptor with the same
   * number), `ignore` (/dev/null), or a descriptor of this process. One word stands for all three, and what a list leaves out
   * of them is the default, `pipe`: a program without them would take the first file it opens for its output.
   */
  stdio?: Exclude<Stdio, number | object> | readonly Stdio[];
  /** A new pseudo terminal as 0, 1 and 2 and as controlling terminal, instead of `stdio`. Default size 80 x 24. */
  tty?: boolean | TerminalSize;
  /** Aborting kills the process with `killSignal`. */
  signal?: AbortSignal;
  /**
   * Seconds, or a text like `90s`, from the call on; then the process is killed with `killSignal`, or what is to become it,
   * for which {@link spawn} rejects with ETIMEDOUT. Default: no limit.
   */
  timeout?: number | string | Duration;
  /**
   * Default SIGKILL: what is killed for its time may well not listen to anything else. A program ends by another one only
   * when it does not catch or ignore it, and goes on until then. SIGCHLD, SIGCONT, SIGURG and SIGWINCH end none, SIGSTOP and
   * the like only stop it; and with `init: false` the program is PID 1, to which the kernel gives only signals that it catches,
   * and SIGKILL: pid_namespaces(7).
   */
  killSignal?: SignalName | number;
}

/** A spawn spec without what concerns the sandbox, and without the signal. */
export interface ParsedProcessSpec {
  readonly stdio: readonly Stdio[];
  readonly tty: TerminalSize | undefined;
  readonly timeout: number | undefined;
  readonly killSignal: number;
}

const descriptor = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(0, 'must be at least 0'),
);
const word = v.picklist(['pipe', 'inherit', 'ignore']);
const entry = v.union(
  [word, descriptor, v.object({ fd: descriptor })],
  "must be 'pipe', 'inherit', 'ignore' or a descriptor",
);
const cells = whole(1, 65_535);

const sizeSchema = v.strictObject({ columns: cells, rows: cells }, 'must be { columns, rows }');

const signalSchema = v.instance(AbortSignal, 'must be an AbortSignal');

const schema = v.strictObject({
  stdio: v.optional(
    v.union(
      [word, v.array(entry)],
      "must be 'pipe', 'inherit', 'ignore', or a list of these and of descriptors",
    ),
  ),
  tty: v.optional(v.union([v.boolean(), sizeSchema], 'must be true, false or { columns, rows }')),
  timeout: v.optional(
    v.union(
      [
        v.number(),
        v.string(),
        v.strictObject({ seconds: v.number('must be a number'), nanoseconds: v.number('must be a number') }),
      ],
      'must be seconds or a duration',
    ),
  ),
  killSignal: v.optional(v.union([v.number(), v.string()], 'must be a signal')),
});

/** Takes the process's part out of a spawn spec; what is left is the sandbox's. Throws SpecError. */
export function parseProcessSpec(spec: Omit<SpawnSpec, 'env' | 'signal'>): {
  process: ParsedProcessSpec;
  sandbox: Omit<SandboxSpec, 'env'>;
} {
  const { stdio, tty, timeout, killSignal, ...sandbox } = spec;
  return { process: parseOwn({ stdio, tty, timeout, killSignal }), sandbox };
}

/** What a plan depends on of how this program deals with the process. */
export function attachedOptions({ tty, stdio }: ParsedProcessSpec): CompileOptions {
  return { mode: 'attached', descriptors: tty ? 3 : stdio.length, ...(tty && { terminal: 'new' }) };
}

export const deadlineOf = ({ timeout, killSignal }: Pick<ParsedProcessSpec, 'timeout' | 'killSignal'>) =>
  timeout === undefined ? undefined : { milliseconds: timeout, signal: killSignal };

/** Throws SpecError. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined) validate(signalSchema, signal, 'signal');
}

/** Throws SpecError. */
export function checkTerminalSize(size: TerminalSize): TerminalSize {
  return validate(sizeSchema, size, 'size');
}

type OwnFields = Pick<SpawnSpec, 'stdio' | 'tty' | 'timeout' | 'killSignal'>;

function parseOwn(own: { [field in keyof OwnFields]: OwnFields[field] | undefined }): ParsedProcessSpec {
  // A copy: the caller may change what is in the spec, and this is kept for other calls.
  const { stdio, tty, timeout, killSignal } = validate(schema, own, '') as OwnFields;
  if (tty && stdio !== undefined)
    throw new SpecError('stdio', 'cannot be given with tty, which is all three');
  const list = stdio ?? 'pipe';
  return {
    stdio: (typeof list === 'string' ? [list, list, list] : atLeastThree(list)) as readonly Stdio[],
    tty: tty ? (tty === true ? { columns: 80, rows: 24 } : tty) : undefined,
    timeout: timeout === undefined ? undefined : parseTimeout(timeout),
    killSignal: killSignal === undefined ? SIGNALS.SIGKILL : parseKillSignal(killSignal),
  };
}

const atLeastThree = (list: readonly unknown[]): unknown[] => [
  ...list,
  ...Array(3).fill('pipe').slice(list.length),
];

function parseKillSignal(signal: string | number): number {
  const number = parseSignal(signal, 'killSignal');
  if (number === 0) throw new SpecError('killSignal', 'must be a signal, and 0 sends none');
  return number;
}

function parseTimeout(timeout: number | string | Duration): number {
  const milliseconds = durationToMilliseconds(toDuration(timeout, 'timeout'));
  if (milliseconds <= 0) throw new SpecError('timeout', 'must be more than nothing');
  // setTimeout takes 31 bits and would fire at once for more: 24.8 days.
  if (milliseconds > 2 ** 31 - 1) throw new SpecError('timeout', 'must be at most 24 days');
  return milliseconds;
}

/** The number of a signal; 0 is none. */
export function parseSignal(signal: string | number, field = 'signal'): number {
  if (typeof signal === 'number') {
    if (Number.isInteger(signal) && signal >= 0 && signal <= 64) return signal;
  } else {
    const number = signalNumber(signal);
    if (number !== undefined) return number;
  }
  throw new SpecError(field, `there is no signal ${signal}`);
}

/** Other names of signal(7). */
const SYNONYMS: Readonly<Record<string, number>> = {
  SIGIOT: SIGNALS.SIGABRT,
  SIGCLD: SIGNALS.SIGCHLD,
  SIGPOLL: SIGNALS.SIGIO,
};
/** SIGRTMIN. glibc keeps the two before it to itself, which so have no names but their numbers. */
const FIRST_REAL_TIME = 34;
const NAMELESS = /^SIG(32|33)$/;

/** `SIGTERM`; `SIGRTMIN+3`, `SIGRT3` and `SIGRTMAX-1`, as util-linux has them; `SIG32`. Undefined for anything else. */
function signalNumber(name: string): number | undefined {
  if (Object.hasOwn(SIGNALS, name)) return SIGNALS[name as SignalName];
  if (Object.hasOwn(SYNONYMS, name)) return SYNONYMS[name];
  const nameless = NAMELESS.exec(name)?.[1];
  if (nameless !== undefined) return Number(nameless);
  const up = /^SIGRT(?:MIN\+)?(\d{1,2})$/.exec(name.replace(/^SIGRTMIN$/, 'SIGRT0'))?.[1];
  const down = /^SIGRTMAX-(\d{1,2})$/.exec(name.replace(/^SIGRTMAX$/, 'SIGRTMAX-0'))?.[1];
  if (up === undefined && down === undefined) return undefined;
  const number = up === undefined ? LAST_SIGNAL - Number(down) : FIRST_REAL_TIME + Number(up);
  return number >= FIRST_REAL_TIME && number <= LAST_SIGNAL ? number : undefined;
}

/** The name of a signal, which {@link parseSignal} reads: real-time ones are counted from SIGRTMIN, as kill -l shows them. */
export function signalName(number: number): string {
  const name = Object.entries(SIGNALS).find(([, value]) => value === number)?.[0];
  if (name !== undefined) return name;
  if (number < FIRST_REAL_TIME) return `SIG${number}`;
  return number === FIRST_REAL_TIME ? 'SIGRTMIN' : `SIGRTMIN+${number - FIRST_REAL_TIME}`;
}
