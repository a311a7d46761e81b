import type { Readable } from 'node:stream';
import { SpecError } from '../foundation/errors.js';
import { type Captured, capture } from './capture.js';
import { requireObject } from './parse.js';
import type { ExitStatus, Process } from './process.js';
import type { SpawnSpec } from './process-spec.js';
import { feed, runStreams } from './run-streams.js';
import { type BoundedProcess, spawnBounded } from './spawn.js';

/**
 * A spawn spec for a program whose output is wanted as a whole. Its `stdio` is by default /dev/null, or a pipe for `input`,
 * and two pipes that are captured; it can have none beyond these, which nobody would read.
 */
export interface RunSpec extends SpawnSpec {
  /**
   * Written to the program's standard input, which is then closed; needs that to be a pipe, or a terminal. Default: standard
   * input is /dev/null, and ends at once where it is a pipe or a terminal.
   *
   * To a terminal the end is a key, Ctrl-D: one, or two behind an unfinished line. It is for who reads lines first; a
   * program that has switched to raw mode reads it as a character, one that discards what was typed before never sees it.
   */
  input?: string | Uint8Array;
  /** How many bytes of stdout, and of stderr, are kept; at one more the process is killed. Default 64 MiB. */
  maxBuffer?: number;
  /** `utf8` (the default) gives strings, `buffer` bytes. */
  encoding?: 'utf8' | 'buffer';
}

/** How a program has ended, and what it has written by then. */
export interface RunResult<Output = string> extends ExitStatus {
  /** What it wrote to standard output, where that is a pipe; with `tty` all that it wrote to the terminal. Else empty. */
  readonly stdout: Output;
  /** The same for standard error; empty with `tty`, where it is the terminal. */
  readonly stderr: Output;
  /** It was killed because it wrote more than `maxBuffer`; what came before is kept. */
  readonly truncated: boolean;
}

const DEFAULT_MAX_BUFFER = 64 * 2 ** 20;

/**
 * Runs a program to its end and captures what it writes. Whatever the program does is a result, not an error: a
 * nonzero exit code, a signal, `timedOut`, `truncated`.
 *
 * What the program has started may outlive it where the pid namespace is not new, and is waited for as long as it holds
 * stdout or stderr: until the `timeout`, or an abort, and not after the program was killed for these or for `maxBuffer`.
 *
 * @throws what {@link spawn} throws, and the reason of `signal` when that is aborted.
 */
export function run(
  command: readonly string[],
  spec: RunSpec & { encoding: 'buffer' },
): Promise<RunResult<Uint8Array>>;
export function run(command: readonly string[], spec?: RunSpec): Promise<RunResult>;
export async function run(
  command: readonly string[],
  spec: RunSpec = {},
): Promise<RunResult<string | Uint8Array>> {
  requireObject(spec);
  const { input, maxBuffer = DEFAULT_MAX_BUFFER, encoding = 'utf8', ...rest } = spec;
  checkRunSpec({ input, maxBuffer, encoding });
  const { child, bounds } = await spawnBounded(command, { ...rest, ...runStreams(spec) });
  using _bounds = bounds;
  await using _end = endOf(child);
  feed(child.stdin, { input, terminal: Boolean(rest.tty) });
  const { stdout, stderr, status } = await outcome({ child, bounds }, maxBuffer);
  rest.signal?.throwIfAborted();
  const decode = ({ bytes }: Captured): string | Uint8Array =>
    encoding === 'utf8' ? bytes.toString('utf8') : bytes;
  return {
    stdout: decode(stdout),
    stderr: decode(stderr),
    ...status,
    timedOut: status.timedOut || (bounds.passed === 'timeout' && (stdout.cut || stderr.cut)),
    truncated: stdout.truncated || stderr.truncated,
  };
}

function checkRunSpec({ input, maxBuffer, encoding }: Record<string, unknown>): void {
  if (input !== undefined && typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw new SpecError('input', 'must be a string or bytes');
  }
  if (!Number.isInteger(maxBuffer) || (maxBuffer as number) < 0)
    throw new SpecError('maxBuffer', 'must be a number of bytes');
  if (encoding !== 'utf8' && encoding !== 'buffer') throw new SpecError('encoding', 'must be utf8 or buffer');
}

/** What cannot be captured does not run on. That it cannot be killed does not stand in for the error that came first. */
const endOf = (child: Process): AsyncDisposable => ({
  [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]().catch(() => {}),
});

interface Outcome {
  readonly stdout: Captured;
  readonly stderr: Captured;
  readonly status: ExitStatus;
}

async function outcome({ child, bounds }: BoundedProcess, maxBuffer: number): Promise<Outcome> {
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const take = async (stream: Readable | null): Promise<Captured> => {
    const captured = await capture(stream, maxBuffer);
    if (captured.truncated) overflow(child, stream);
    if (captured.truncated) stop();
    return captured;
  };
  bounds.whenPassed(stop);
  void stopped.then(() => letGo(child));
  const [stdout, stderr, status] = await Promise.all([take(child.stdout), take(child.stderr), child.exited]);
  return { stdout, stderr, status };
}

/** First the signal: it would end by SIGPIPE otherwise. */
function overflow(child: Process, stream: Readable | null): void {
  try {
    child.kill('SIGKILL');
  } finally {
    stream?.destroy();
  }
}

const LAST_WORDS_MILLISECONDS = 20;

/** Whoever else has the program's output open may keep it so for ever; what it wrote itself is there once it has ended. */
async function letGo(child: Process): Promise<void> {
  await child.exited;
  await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MILLISECONDS));
  for (const stream of child.stdio) stream?.destroy();
}
