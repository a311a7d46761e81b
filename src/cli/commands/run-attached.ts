import { parseSignal, type SpawnSpec } from '../../sandbox/process-spec.js';
import { spawn } from '../../sandbox/spawn.js';
import type { SandboxSpec } from '../../sandbox/spec.js';
import { StepError } from '../../sandbox/step-error.js';
import { environmentBeyondText } from '../../syscalls/given-texts.js';
import { EXIT } from '../../syscalls/wire.js';
import { STDERR, write } from '../output.js';
import { callersSize, keepTerminal } from './callers-terminal.js';
import { catchSignals } from './forwarded-signals.js';
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

/** What is to be started, and explained. */
export function attachedSpec(spec: SandboxSpec, { tty, timeout, descriptors }: AttachOptions): SpawnSpec {
  const env = spec.env ?? environmentBeyondText();
  return {
    ...spec,
    ...(env && { env }),
    ...(tty ? { tty: callersSize() } : { stdio: [...Array(descriptors).keys()] }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

/** Runs a program while this process stays: to pass a pseudo terminal on, or to watch the time. */
export async function runAttached(
  command: readonly string[],
  spec: SandboxSpec,
  options: AttachOptions,
): Promise<number> {
  const { tty, timeout } = options;
  const forwardTo = catchSignals(tty);
  const restore = tty ? () => {} : keepTerminal();
  const child = await spawn(command, attachedSpec(spec, options)).catch(tooLate);
  if (!child) return EXIT_TIMED_OUT;
  forwardTo(child);
  const { exitCode, signal, timedOut } = tty ? await joinTerminals(child, options) : await child.exited;
  restore();
  if (timedOut) write(STDERR, `isol8 run: killed after ${timeout}\n`);
  if (timedOut) return EXIT_TIMED_OUT;
  return exitCode ?? EXIT.signalled + parseSignal(signal ?? 0);
}

/** The time was over before the command had started. */
function tooLate(error: Error & { code?: string }): undefined {
  if (error.code !== 'ETIMEDOUT' || error instanceof StepError) throw error;
  write(STDERR, `isol8 run: ${error.message}\n`);
}
