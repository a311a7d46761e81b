import type { Readable, Writable } from 'node:stream';
import { Isol8Error } from '../foundation/errors.js';
import { closeDescriptor, trySyscall } from '../syscalls/binding.js';
import { encodePlan } from '../syscalls/encode.js';
import { launch } from '../syscalls/launch.js';
import { type Compiled, compile } from './compile/compile.js';
import { stepError } from './failure.js';
import { type Gathered, gatherFacts } from './gather.js';
import { parseSpec } from './parse.js';
import { type ExitStatus, Process } from './process.js';
import { type ParsedProcessSpec, parseProcessSpec, type SpawnSpec, signalName } from './process-spec.js';
import { type Prepared, prepareStdio, prepareTerminal } from './stdio.js';
import { openTerminal, readPipe, writePipe } from './streams.js';

/**
 * Starts a program in new, joined or shared namespaces: all eight new ones unless told otherwise. The program is looked
 * up in the PATH of its own environment, inside.
 *
 * @returns once the program runs.
 * @throws SpecError for a spec that cannot be, before anything is started.
 * @throws StepError when the kernel refuses a step; nothing is left of those before it.
 * @throws UnsupportedError on another operating system or processor.
 */
export async function spawn(command: readonly string[], spec: SpawnSpec = {}): Promise<Process> {
  const { process: own, sandbox } = parseProcessSpec(spec);
  own.signal?.throwIfAborted();
  const parsed = parseSpec(command, sandbox);
  const gathered = gatherFacts(parsed);
  let prepared: Prepared | undefined;
  try {
    const descriptors = own.tty ? 3 : own.stdio.length;
    const compiled = compile(parsed, gathered.facts, {
      mode: 'attached',
      descriptors,
      ...(own.tty && { terminal: 'new' }),
    });
    const plan = encodePlan(compiled.plan, gathered.facts.architecture);
    prepared = own.tty ? prepareTerminal(own.tty) : prepareStdio(own.stdio, compiled.owner);
    const start = new Start({ own, gathered, compiled, prepared });
    return start.launch(plan, parsed.dieWithParent);
  } catch (error) {
    for (const descriptor of [...gathered.owned, ...(prepared?.owned ?? []), ...oursOf(prepared)]) {
      closeDescriptor(descriptor);
    }
    throw error;
  }
}

interface StartParts {
  readonly own: ParsedProcessSpec;
  readonly gathered: Gathered;
  readonly compiled: Compiled;
  readonly prepared: Prepared;
}

const oursOf = (prepared: Prepared | undefined): number[] => (prepared ? [...prepared.ours.values()] : []);

/** One start, from the launch to the end of the process: what the launch thread reports, in the caller's terms. */
class Start {
  readonly #parts: StartParts;
  #child: { pid: number; pidfd: number } | undefined;
  #failure: Error | undefined;
  #running = false;
  #stopped = false;
  #timedOut = false;
  #timer: NodeJS.Timeout | undefined;
  #finish: (status: ExitStatus) => void = () => {};
  readonly #abort = (): void => this.#stop();

  constructor(parts: StartParts) {
    this.#parts = parts;
  }

  launch(plan: Uint8Array, attached: boolean): Promise<Process> {
    const { own, gathered, compiled, prepared } = this.#parts;
    const { promise, resolve, reject } = withResolvers<Process>();
    launch(
      {
        plan,
        slots: [...prepared.sources, ...compiled.control],
        owned: [...prepared.owned, ...gathered.owned],
        attached,
      },
      {
        failed: (index, errno) => {
          this.#failure ??= stepError(compiled.plan, gathered.facts, { index, errno });
        },
        child: (pid, pidfd) => {
          this.#child = { pid, pidfd };
          if (this.#stopped) this.#stop();
        },
        started: () => {
          if (!this.#failure) resolve(this.#started());
        },
        exited: (code, signal) => {
          if (this.#running) this.#ended(code, signal);
          else reject(this.#failed(code, signal));
        },
      },
    );
    own.signal?.addEventListener('abort', this.#abort);
    return promise;
  }

  #started(): Process {
    const { own, prepared } = this.#parts;
    const child = this.#child as { pid: number; pidfd: number };
    this.#running = true;
    if (own.timeout !== undefined) {
      this.#timer = setTimeout(() => {
        this.#timedOut = true;
        this.#stop();
      }, own.timeout);
    }
    const exited = new Promise<ExitStatus>((resolve) => {
      this.#finish = resolve;
    });
    return new Process({ ...child, exited, terminal: prepared.master, stdio: streamsOf(prepared) });
  }

  #ended(code: number, signal: number): void {
    this.#clean();
    this.#finish({
      exitCode: signal === 0 ? code : null,
      signal: signal === 0 ? null : signalName(signal),
      timedOut: this.#timedOut,
    });
  }

  #failed(code: number, signal: number): unknown {
    this.#clean();
    if (this.#child) closeDescriptor(this.#child.pidfd);
    for (const descriptor of oursOf(this.#parts.prepared)) closeDescriptor(descriptor);
    if (this.#stopped) return this.#parts.own.signal?.reason;
    const how = signal === 0 ? `exited with ${code}` : `was killed by ${signalName(signal)}`;
    return (
      this.#failure ?? new Isol8Error('ERR_LAUNCHER', `the launcher ${how} before the program had started`)
    );
  }

  #stop(): void {
    this.#stopped = true;
    if (!this.#child) return;
    trySyscall('pidfd_send_signal', this.#child.pidfd, this.#parts.own.killSignal, null, 0);
  }

  #clean(): void {
    clearTimeout(this.#timer);
    this.#parts.own.signal?.removeEventListener('abort', this.#abort);
  }
}

function streamsOf({ sources, ours, master }: Prepared): (Readable | Writable | null)[] {
  if (master !== undefined) {
    const { input, output } = openTerminal(master);
    return [input, output, null];
  }
  return sources.map((_, index) => {
    const descriptor = ours.get(index);
    if (descriptor === undefined) return null;
    return index === 0 ? writePipe(descriptor) : readPipe(descriptor);
  });
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
