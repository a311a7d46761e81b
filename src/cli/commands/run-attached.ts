import type { Process } from '../../sandbox/process.js';
import type { SignalName, SpawnSpec } from '../../sandbox/process-spec.js';
import { spawn } from '../../sandbox/spawn.js';
import type { SandboxSpec } from '../../sandbox/spec.js';
import { SIGNALS } from '../../syscalls/constants.js';
import { STDERR, write } from '../output.js';
import { callersSize, keepTerminal, ownsKeys } from './callers-terminal.js';
import { joinTerminals } from './joined-terminals.js';

export interface AttachOptions {
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly timeout: string | undefined;
  /** How many of this process's descriptors the program gets, from 0 up; without a tty. */
  readonly descriptors: number;
  /** The program's pid namespace is new, so that nothing which it has started outlives it. */
  readonly ownPids: boolean;
}

/** As timeout(1) exits. */
const EXIT_TIMED_OUT = 124;
const EXIT_SIGNALLED = 128;

/** Signals that end this process by default, and are the program's to answer. */
const FORWARDED: readonly SignalName[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGCONT',
];
const BY_KEY: readonly SignalName[] = ['SIGINT', 'SIGQUIT'];

/** Runs a program while this process stays: to pass a pseudo terminal on, or to watch the time. */
export async function runAttached(
  command: readonly string[],
  spec: SandboxSpec,
  options: AttachOptions,
): Promise<number> {
  const { tty, timeout } = options;
  const forwardTo = catchSignals(tty);
  const restore = tty ? () => {} : keepTerminal();
  const child = await spawn(command, {
    ...spec,
    ...(tty ? { tty: callersSize() } : { stdio: [...Array(options.descriptors).keys()] }),
    ...(timeout === undefined ? {} : { timeout }),
  } satisfies SpawnSpec);
  forwardTo(child);
  const { exitCode, signal, timedOut } = tty ? await joinTerminals(child, options) : await child.exited;
  restore();
  if (timedOut) write(STDERR, `isol8 run: killed after ${timeout}\n`);
  if (timedOut) return EXIT_TIMED_OUT;
  return exitCode ?? EXIT_SIGNALLED + (SIGNALS[signal as SignalName] ?? 0);
}

/**
 * What comes before the program has started is kept for it. Without a terminal of its own the program is in our process
 * group and has had what a key sent already.
 */
function catchSignals(tty: boolean): (child: Process) => void {
  const early: SignalName[] = [];
  let pass = (name: SignalName): unknown => early.push(name);
  for (const name of FORWARDED) {
    process.on(name, () => {
      if (tty || !BY_KEY.includes(name) || !ownsKeys()) pass(name);
    });
  }
  return (child) => {
    pass = (name) => child.kill(name);
    early.forEach(pass);
  };
}
