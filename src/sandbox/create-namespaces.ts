import { Isol8Error, SpecError } from '../foundation/errors.js';
import { createNetNamespace } from '../namespaces/create-net.js';
import { ALL_KINDS, checkKinds, type NamespaceKind } from '../namespaces/kinds.js';
import { Namespace } from '../namespaces/namespace.js';
import { loadAddon } from '../syscalls/addon.js';
import { closeDescriptor, trySyscall } from '../syscalls/binding.js';
import { SIGNALS } from '../syscalls/constants.js';
import { encodePlan } from '../syscalls/encode.js';
import { launch } from '../syscalls/launch.js';
import type { Step } from '../syscalls/plan.js';
import { call } from '../syscalls/steps.js';
import { compile } from './compile/compile.js';
import type { CompileOptions } from './compile/context.js';
import { stepError } from './failure.js';
import { threadPlace } from './from-thread.js';
import { gatherFacts } from './gather.js';
import { parseSandbox, requireObject } from './parse.js';
import type { ParsedSpec } from './parsed-spec.js';
import type { SandboxSpec } from './spec.js';

/** What namespaces can have before any program is in them: fields of {@link SandboxSpec}. */
export type CreateSpec = Pick<
  SandboxSpec,
  | 'hostname'
  | 'domainname'
  | 'mapUsers'
  | 'mapGroups'
  | 'setgroups'
  | 'root'
  | 'readOnlyRoot'
  | 'mounts'
  | 'propagation'
  | 'loopback'
  | 'timeOffsets'
>;

/** Handles of the new namespaces, by kind; disposing of it disposes of all of them. */
export type CreatedNamespaces = { readonly [kind in NamespaceKind]?: Namespace } & Disposable;

/**
 * Makes namespaces without running a program in them, those with a user namespace owned by that. They live as long as their
 * handles, or longer when they are kept ({@link Namespace.keep}).
 *
 * @throws SpecError for a spec that cannot be, and for what is no list of kinds; also for pid, since the kernel gives a pid namespace out only once it has
 * a PID 1, and it ends with that: see {@link spawn}.
 * @throws StepError when the kernel refuses a step; nothing is left then.
 */
export function createNamespaces(
  kinds: readonly NamespaceKind[],
  spec: CreateSpec = {},
): Promise<CreatedNamespaces> {
  return createOn(undefined, kinds, spec);
}

/**
 * The same on one processor, where there is such a one: Linux 6.18 numbers namespaces per processor, and one that was made
 * later may have a smaller number than another processor's.
 */
export async function createOn(
  processor: number | undefined,
  kinds: readonly NamespaceKind[],
  spec: CreateSpec,
): Promise<CreatedNamespaces> {
  loadAddon(); // or say that this is not Linux
  requireObject(spec);
  checkKinds(kinds);
  if (kinds.includes('pid')) {
    const why = 'a pid namespace lives as long as its first process, so it cannot be made without one';
    throw new SpecError('kinds', `${why}: start that with spawn()`);
  }
  // What programs make by the hundred takes no schema to be seen right.
  const plain = kinds.join() === 'net' && Object.keys(spec).length === 0 && createNetNamespace(true);
  if (plain) return created([plain]);
  const sandbox = parseSandbox({ ...spec, namespaces: kinds, proc: false, init: false });
  const wanted = ALL_KINDS.filter((kind) => sandbox.namespaces[kind] === 'new');
  const onThread = wanted.join() === 'net' ? createNetNamespace(sandbox.loopback) : undefined;
  if (onThread !== undefined) return created([onThread]);
  const holder: ParsedSpec = { ...sandbox, command: ['none'], env: {} };
  return hold(holder, wanted, processor === undefined ? [] : [runOn(processor)]);
}

const OPTIONS: CompileOptions = { mode: 'attached', descriptors: 0, hold: true };

function runOn(processor: number): Step {
  const mask = new Uint8Array(MASK_SIZE);
  mask[processor >> 3] = 1 << (processor & 7);
  return call('sched_setaffinity', [0, mask.length, mask], 'number them after those of this processor', {
    tolerate: ['EINVAL'], // it is not for us: then it stays where it is
  });
}

/** Bytes, for 8192 processors, which is the most that Linux has. */
const MASK_SIZE = 1024;

function hold(
  spec: ParsedSpec,
  wanted: readonly NamespaceKind[],
  before: readonly Step[],
): Promise<CreatedNamespaces> {
  const { facts, owned } = gatherFacts(spec, threadPlace());
  return new Promise((resolve, reject) => {
    let outcome: Error | Namespace[] = new Isol8Error(
      'ERR_LAUNCHER',
      'the launcher was killed before it was done',
    );
    try {
      const compiled = compile(spec, facts, OPTIONS);
      const { control } = compiled;
      const plan = { ...compiled.plan, steps: [...before, ...compiled.plan.steps] };
      launch(
        { plan: encodePlan(plan, facts.architecture), slots: control, owned, attached: true },
        {
          failed: (index, errno) => {
            outcome = stepError(plan, facts, { index, errno });
          },
          started: (pid, pidfd) => {
            outcome = openAll(pid, wanted);
            trySyscall('pidfd_send_signal', pidfd, SIGNALS.SIGKILL, null, 0);
          },
          exited: () => (Array.isArray(outcome) ? resolve(created(outcome)) : reject(outcome)),
        },
      );
    } catch (error) {
      for (const descriptor of owned) closeDescriptor(descriptor);
      reject(error);
    }
  });
}

function openAll(pid: number, kinds: readonly NamespaceKind[]): Namespace[] | Error {
  const opened: Namespace[] = [];
  try {
    for (const kind of kinds) {
      opened.push(Namespace.open(pid, kind));
    }
    return opened;
  } catch (error) {
    for (const namespace of opened) namespace[Symbol.dispose]();
    return error as Error;
  }
}

function created(namespaces: readonly Namespace[]): CreatedNamespaces {
  const byKind = Object.fromEntries(namespaces.map((namespace) => [namespace.kind, namespace]));
  const dispose = (): void => {
    for (const namespace of namespaces) namespace[Symbol.dispose]();
  };
  return { ...byKind, [Symbol.dispose]: dispose };
}
