import { Isol8Error } from '../foundation/errors.js';
import { closeDescriptor, trySyscall } from '../syscalls/binding.js';
import { SIGNALS } from '../syscalls/constants.js';
import { cancelLaunch, launch } from '../syscalls/launch.js';
import type { Bounds } from './bounds.js';
import { stepError } from './failure.js';
import type { PreparedPlan, SandboxPlans } from './prepared-plan.js';
import { type ExitStatus, Process, type ProcessParts } from './process.js';
import { type ParsedProcessSpec, signalName } from './process-spec.js';
import type { PreparedStdio } from './stdio.js';
import type { StepError } from './step-error.js';
import { openTerminal, readPipe, writePipe } from './streams.js';

export interface StartParts {
  readonly own: ParsedProcessSpec;
  readonly signal: AbortSignal | undefined;
  /** Those of the process: the receiver's to dispose of once it has one. */
  readonly bounds: Bounds;
  readonly plans: SandboxPlans;
  readonly prepared: PreparedPlan;
  readonly stdio: PreparedStdio;
}

/** One start, from the launch to the end of the process: what the launch thread reports, in the caller's terms. */
export class Start {
  readonly #parts: StartParts;
  #child: { pid: number; pidfd: number } | undefined;
  #failure: Error | undefined;
  #session = 0;
  #running = false;
  #stopped = false;
  #killed = false;
  #finish: (status: ExitStatus) => void = () => {};

  constructor(parts: StartParts) {
    this.#parts = parts;
  }

  launch(): Promise<Process> {
    const { plans, prepared, bounds, stdio } = this.#parts;
    const { bytes, compiled, owned } = prepared;
    const { promise, resolve, reject } = withResolvers<Process>();
    this.#session = launch(
      {
        plan: bytes,
        slots: [...stdio.sources, ...compiled.control],
        owned: [...stdio.owned, ...owned],
        attached: plans.sandbox.dieWithParent,
      },
      {
        failed: (index, errno) => {
          this.#failure ??= this.#stepError(index, errno);
          // Where it was the program that said so, it would otherwise run on while nobody knows of it.
          cancelLaunch(this.#session);
        },
        started: (pid, pidfd) => {
          if (this.#stopped) this.#stop();
          else if (!this.#failure) resolve(this.#started({ pid, pidfd }));
        },
        exited: (code, signal) => {
          this.#child = undefined; // and with it the pidfd
          if (this.#running) this.#ended(code, signal);
          else reject(this.#failed(code, signal));
        },
      },
    );
    bounds.whenPassed(() => this.#stop());
    return promise;
  }

  /** The plan at hand may have been made for another program, which the error would then speak of. */
  #stepError(index: number, errno: string): StepError {
    const { plans, prepared } = this.#parts;
    return stepError(plans.stepsOf(prepared), prepared.facts, { index, errno });
  }

  #started(child: { pid: number; pidfd: number }): Process {
    this.#child = child;
    this.#running = true;
    const exited = new Promise<ExitStatus>((resolve) => {
      this.#finish = resolve;
    });
    const pidfd = (): number | undefined => this.#child?.pidfd;
    return new Process({ pid: child.pid, pidfd, exited, ...streamsOf(this.#parts.stdio) });
  }

  #ended(code: number, signal: number): void {
    const { bounds, own } = this.#parts;
    // A process that was ending already may be sent a signal without any effect.
    const endedBefore = own.killSignal === SIGNALS.SIGKILL && signal === 0;
    this.#finish({
      exitCode: signal === 0 ? code : null,
      signal: signal === 0 ? null : signalName(signal),
      timedOut: bounds.passed === 'timeout' && this.#killed && !endedBefore,
    });
  }

  #failed(code: number, signal: number): unknown {
    const { bounds, stdio, own } = this.#parts;
    bounds[Symbol.dispose]();
    for (const descriptor of stdio.ours.values()) closeDescriptor(descriptor);
    if (this.#stopped) return bounds.passed === 'abort' ? this.#parts.signal?.reason : tooLate(own.timeout);
    if (this.#failure) return this.#failure;
    // The launcher ends well without its child: somebody killed that before it could say a word.
    const who = signal === 0 && code === 0 ? "the launcher's child" : 'the launcher';
    const how =
      signal === 0 && code !== 0
        ? `exited with ${code}`
        : `was killed by ${signalName(signal || SIGNALS.SIGKILL)}`;
    return new Isol8Error('ERR_LAUNCHER', `${who} ${how} before the program had started`);
  }

  #stop(): void {
    this.#stopped = true;
    // Before spawn has resolved nobody could end a program that does not listen to anything but SIGKILL.
    if (!this.#running) cancelLaunch(this.#session);
    else if (this.#child) {
      const { killSignal } = this.#parts.own;
      this.#killed = trySyscall('pidfd_send_signal', this.#child.pidfd, killSignal, null, 0) === 0;
    }
  }
}

function tooLate(milliseconds: number | undefined): Isol8Error {
  return new Isol8Error(
    'ETIMEDOUT',
    `timeout: after ${milliseconds} ms the program had not started, and nothing is left of it. A file system that does not ` +
      'answer, where its root, working directory or mounts are, may have held it up; else allow more.',
  );
}

function streamsOf({ sources, ours, master }: PreparedStdio): Pick<ProcessParts, 'stdio' | 'terminal'> {
  if (master !== undefined) {
    const { input, output, descriptor } = openTerminal(master);
    return { stdio: [input, output, null], terminal: descriptor };
  }
  const stdio = sources.map((_, index) => {
    const descriptor = ours.get(index);
    if (descriptor === undefined) return null;
    return index === 0 ? writePipe(descriptor) : readPipe(descriptor);
  });
  return { stdio, terminal: () => undefined };
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
} {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
