import type { Writable } from 'node:stream';
import { SpecError } from '../foundation/errors.js';
import type { RunSpec } from './run.js';
import type { Stdio } from './stdio.js';

/**
 * What a spec for `run` means by its streams: what is left out of the first three is captured, or takes the input. Throws
 * SpecError for input that nothing takes, and for pipes whose other end nobody would have.
 */
export function runStreams({ stdio, tty, input }: RunSpec): Pick<RunSpec, 'stdio' | 'tty'> {
  if (tty) return { tty, ...(stdio !== undefined && { stdio }) };
  const all: Stdio[] = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
  const given = stdio ?? all;
  if (!Array.isArray(given)) {
    if (input !== undefined && given !== 'pipe') throw unread('stdio', given);
    return { stdio: given };
  }
  const list = [...given, ...all.slice(given.length)];
  if (input !== undefined && list[0] !== 'pipe') throw unread('stdio[0]', list[0]);
  const pipe = list.indexOf('pipe', 3);
  if (pipe > 0)
    throw new SpecError(
      `stdio[${pipe}]`,
      'run() reads stdout and stderr alone: spawn() gives a stream for each pipe',
    );
  return { stdio: list };
}

function unread(field: string, entry: unknown): SpecError {
  const found = typeof entry === 'string' ? `'${entry}'` : 'a descriptor';
  return new SpecError('input', `goes through a pipe, and ${field} is ${found}: leave one of them out`);
}

/** Writes the input and ends it. A program that does not read it to the end is no error of ours. */
export function feed(
  stdin: Writable | null,
  { input = '', terminal }: { input: RunSpec['input'] | undefined; terminal: boolean },
): void {
  if (!stdin) return;
  stdin.on('error', () => {});
  stdin.end(terminal ? Buffer.concat([Buffer.from(input as Uint8Array), endOfInput(input)]) : input);
}

/** VEOF of termios(3) as a new terminal has it. */
const END_OF_FILE = '\x04';

/** In the middle of a line the first only ends the line. */
function endOfInput(input: string | Uint8Array): Buffer {
  const last = Buffer.from(input.slice(-1) as Uint8Array).toString('latin1');
  const atStart = last === '' || last === '\n' || last === '\r';
  return Buffer.from(atStart ? END_OF_FILE : END_OF_FILE.repeat(2));
}
