import type { Process } from '../../sandbox/process.js';
import type { SignalName, SpawnSpec } from '../../sandbox/process-spec.js';
import { spawn } from '../../sandbox/spawn.js';
import type { SandboxSpec } from '../../sandbox/spec.js';
import { SIGNALS } from '../../syscalls/constants.js';
import { STDERR, STDIN, STDOUT, terminalSize, write } from '../output.js';

export interface AttachOptions {
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly timeout: string | undefined;
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

/** Runs a program while this process stays: to pass a pseudo terminal on, or to watch the time. */
export async function runAttached(
  command: readonly string[],
  spec: SandboxSpec,
  options: AttachOptions,
): Promise<number> {
  const { tty, timeout } = options;
  const size = terminalSize(STDOUT) ?? terminalSize(STDIN) ?? { columns: 80, rows: 24 };
  const child = await spawn(command, {
    ...spec,
    ...(tty ? { tty: size } : { stdio: 'inherit' as const }),
    ...(timeout === undefined ? {} : { timeout }),
  } satisfies SpawnSpec);
  for (const name of FORWARDED) process.on(name, () => child.kill(name));
  const restore = tty ? connectTerminal(child, options.interactive) : () => {};
  const output = child.stdout ? endOf(child) : undefined;
  const status = await child.exited;
  await output;
  restore();
  if (status.timedOut) write(STDERR, `isol8 run: killed after ${timeout}\n`);
  if (status.timedOut) return EXIT_TIMED_OUT;
  return status.exitCode ?? EXIT_SIGNALLED + (SIGNALS[status.signal as SignalName] ?? 0);
}

/** What the program wrote last is still to be shown when it has ended. */
function endOf(child: Process): Promise<void> {
  return new Promise((resolve) => {
    child.stdout?.on('close', resolve);
  });
}

/** Joins the two terminals until the returned function is called, which leaves the outer one as it was. */
function connectTerminal(child: Process, interactive: boolean): () => void {
  const { stdin, stdout } = process;
  child.stdout?.pipe(stdout, { end: false });
  const resize = (): void => {
    const size = terminalSize(STDOUT);
    if (size) child.resize(size);
  };
  process.on('SIGWINCH', resize);
  if (!interactive || !child.stdin) return () => {};
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.pipe(child.stdin);
  return () => {
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.unpipe();
    stdin.pause();
    stdin.unref();
  };
}
