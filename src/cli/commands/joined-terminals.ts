import type { Readable } from 'node:stream';
import type { ExitStatus, Process } from '../../sandbox/process.js';
import { callersSize, makeTerminalRaw } from './callers-terminal.js';

/** VEOF of a new terminal: Ctrl-D. */
const END_OF_FILE = '\x04';
const NEW_LINE = 0x0a;
const SILENCE_MILLISECONDS = 100;

/** Joins a program's terminal with this process's standard input and output until it ends, and leaves them as before. */
export async function joinTerminals(
  child: Process,
  { interactive, ownPids }: { interactive: boolean; ownPids: boolean },
): Promise<ExitStatus> {
  const output = child.stdout as Readable;
  const closed = new Promise<void>((resolve) => {
    output.once('close', resolve);
  });
  // Nobody reads any more: for the program its terminal hangs up, and it gets SIGHUP.
  process.stdout.on('error', () => output.destroy());
  output.pipe(process.stdout, { end: false });
  followSize(child);
  const leave = interactive ? passInput(child) : () => {};
  try {
    const status = await child.exited;
    await (ownPids ? closed : Promise.race([closed, silenceOf(output)]));
    await passedOn();
    return status;
  } finally {
    leave();
  }
}

function followSize(child: Process): void {
  const resize = (): void => child.resize(callersSize());
  process.on('SIGWINCH', resize);
  resize(); // it may have changed while the program was being started
}

function passInput(child: Process): () => void {
  const { stdin } = process;
  const { stdin: input } = child;
  if (!input) return () => {};
  let unfinishedLine = false;
  const restore = makeTerminalRaw();
  stdin.on('data', (chunk: Uint8Array) => {
    unfinishedLine = chunk.at(-1) !== NEW_LINE;
  });
  stdin.pipe(input, { end: false });
  // In the middle of a line the first only ends the line.
  const end = (): boolean => input.write(END_OF_FILE.repeat(unfinishedLine ? 2 : 1));
  stdin.once('end', end).once('error', end);
  return () => {
    restore();
    stdin.unpipe();
    stdin.pause();
  };
}

/** Whoever reads slowly is to get the end too, before this process exits. */
function passedOn(): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write('', () => resolve()); // also when nobody reads any more
  });
}

/**
 * What a program wrote last is still to come when it has ended, and then its terminal closes; unless something in the
 * background keeps it open, which in a pid namespace of its own nothing can.
 */
function silenceOf(output: Readable): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, SILENCE_MILLISECONDS);
    output.on('data', () => timer.refresh());
  });
}
