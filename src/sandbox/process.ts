import type { Readable, Writable } from 'node:stream';
import { SpecError } from '../foundation/errors.js';
import { SystemCallError, trySyscall } from '../syscalls/binding.js';
import { errnoName } from '../syscalls/errno.js';
import { checkTerminalSize, parseSignal, type SignalName, signalName } from './process-spec.js';
import { resizeTerminal, type TerminalSize } from './stdio.js';

/** How a program ended: exactly one of `exitCode` and `signal` is not null. */
export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /**
   * It was killed because its `timeout` had passed. From {@link run} also: by then it had ended, but others still held its
   * output, which may not be whole.
   */
  readonly timedOut: boolean;
}

export interface ProcessParts {
  readonly pid: number;
  /** Undefined once the process has ended: the number may belong to another file then. */
  readonly pidfd: () => number | undefined;
  readonly stdio: readonly (Readable | Writable | null)[];
  /** The pseudo terminal's master, as long as it is open. */
  readonly terminal: () => number | undefined;
  readonly exited: Promise<ExitStatus>;
}

/**
 * A program running in namespaces of its own. Disposing of it (`await using`) kills it, waits for its end and closes
 * its streams; without that, output that is never read keeps its descriptor open.
 */
export class Process implements AsyncDisposable {
  /** Of PID 1, or of the program when there is none of ours, as seen from here. */
  readonly pid: number;
  /** Streams for descriptors that are pipes, by number; null for the others. With a terminal, 0 and 1 are its. */
  readonly stdio: readonly (Readable | Writable | null)[];
  /** Resolves when all is over: the program and, in its own pid namespace, everything that it had started. */
  readonly exited: Promise<ExitStatus>;
  readonly #terminal: () => number | undefined;
  readonly #pidfd: () => number | undefined;

  /** @internal */
  constructor(parts: ProcessParts) {
    this.pid = parts.pid;
    this.stdio = parts.stdio;
    this.#pidfd = parts.pidfd;
    this.#terminal = parts.terminal;
    this.exited = parts.exited;
    // As child_process does: nobody reads it any more, and it would be kept open for ever.
    void this.exited.then(() => this.stdin?.destroy());
  }

  /** Where the program's standard input is a pipe, or its terminal; else null. */
  get stdin(): Writable | null {
    return this.stdio[0] as Writable | null;
  }

  /** Where the program's standard output is a pipe, or its terminal; else null. */
  get stdout(): Readable | null {
    return this.stdio[1] as Readable | null;
  }

  /** Where the program's standard error is a pipe; else null, and also with a terminal, which {@link stdout} is of. */
  get stderr(): Readable | null {
    return this.stdio[2] as Readable | null;
  }

  /**
   * Sends a signal (default SIGTERM) by pidfd_send_signal(2), so never to another process that has got the same pid.
   * A PID 1 of ours passes it on to the program; SIGKILL ends all, SIGSTOP stops PID 1 alone.
   *
   * @returns false when the process has ended already.
   * @throws SpecError when there is no such signal.
   * @throws SystemCallError EPERM when the program runs as a user whom this process may not signal.
   */
  kill(signal: SignalName | number = 'SIGTERM'): boolean {
    if (typeof signal !== 'string' && typeof signal !== 'number')
      throw new SpecError('signal', 'must be the name of a signal, or its number');
    const number = parseSignal(signal);
    const pidfd = this.#pidfd();
    if (pidfd === undefined) return false;
    const result = trySyscall('pidfd_send_signal', pidfd, number, null, 0);
    if (result === 0) return true;
    if (errnoName(-result) === 'ESRCH') return false;
    throw new SystemCallError(
      'pidfd_send_signal',
      errnoName(-result),
      `${signalName(number)} to ${this.pid}`,
    );
  }

  /**
   * Tells the program's terminal its new size. Does nothing without a terminal, or after the end.
   *
   * @throws SpecError for what {@link SpawnSpec.tty} would not take either.
   */
  resize(size: TerminalSize): void {
    const checked = checkTerminalSize(size);
    const terminal = this.#terminal();
    if (terminal !== undefined) resizeTerminal(terminal, checked);
  }

  /** Kills it, waits until all is over, and closes its streams, whether they were read or not. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill('SIGKILL');
      await this.exited;
    } finally {
      for (const stream of this.stdio) stream?.destroy();
    }
  }
}
