import type { Writable } from 'node:stream';
import { SpecError } from '../foundation/errors.js';
import { type Captured, capture } from './capture.js';
import { requireObject } from './parse.js';
import type { ExitStatus } from './process.js';
import type { SpawnSpec } from './process-spec.js';
import { spawn } from './spawn.js';

/** A spawn spec for a program whose output is wanted as a whole. */
export interface RunSpec extends SpawnSpec {
  /** Written to the program's standard input, which is then closed. Default: standard input is /dev/null. */
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
  const stdio = { stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] as const };
  // Further pipes, which nobody reads, are closed at the end, and what cannot be captured does not run on.
  await using child = await spawn(command, rest.tty ? rest : { ...stdio, ...rest });
  feed(child.stdin, input);
  const overflow = (): boolean => child.kill('SIGKILL');
  const [stdout, stderr, status] = await Promise.all([
    capture(child.stdout, maxBuffer, overflow),
    capture(child.stderr, maxBuffer, overflow),
    child.exited,
  ]);
  spec.signal?.throwIfAborted();
  const decode = ({ bytes }: Captured): string | Uint8Array =>
    encoding === 'utf8' ? bytes.toString('utf8') : bytes;
  return {
    stdout: decode(stdout),
    stderr: decode(stderr),
    ...status,
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

/** A program that does not read its input to the end is no error of ours. */
function feed(stdin: Writable | null, input: string | Uint8Array | undefined): void {
  if (!stdin || input === undefined) return;
  stdin.on('error', () => {});
  stdin.end(input);
}
