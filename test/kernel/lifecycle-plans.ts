/** Plans that stop before each of their steps, for tests that end a process exactly there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { compile } from '../../src/sandbox/compile/compile.js';
import { gatherFacts } from '../../src/sandbox/gather.js';
import { parseSpec } from '../../src/sandbox/parse.js';
import type { SandboxSpec } from '../../src/sandbox/spec.js';
import { currentArchitecture } from '../../src/syscalls/architecture.js';
import { encodePlan } from '../../src/syscalls/encode.js';
import { launch } from '../../src/syscalls/launch.js';
import { flattenSteps, type Plan, type Step } from '../../src/syscalls/plan.js';
import { call, u32 } from '../../src/syscalls/steps.js';
import { RECORD_KIND } from '../../src/syscalls/wire.js';

/** Without a pid namespace only the program itself can be made to die. */
const commandOf = ({ namespaces }: SandboxSpec): string[] =>
  namespaces === undefined
    ? ['sh', '-c', 'exec 2>/dev/null; sleep 60 & setsid sleep 60 & sleep 60']
    : ['sleep', '60'];

/** Between them they contain every kind of hop: one, two (clocks in a new user namespace), none; with and without PID 1. */
export const SPECS: Readonly<Record<string, SandboxSpec>> = {
  'all eight namespaces': {},
  'all eight, without PID 1': { init: false },
  'moved clocks and mounts': {
    timeOffsets: { boottime: 1000 },
    hostname: 'boundary',
    mounts: [
      { type: 'tmpfs', destination: '/media' },
      { type: 'bind', source: '/usr', destination: '/mnt', readOnly: true },
    ],
  },
  'another user inside': { uid: 0, gid: 0, keepCapabilities: true, noNewPrivileges: true },
  'no new process of its own': { namespaces: ['user', 'uts'], init: false },
};

/** The step number by which a stopped process says that it has arrived. */
const ARRIVED = 1_000_000;

export interface Stopped {
  /** Before which step of the original plan, and the step in words. */
  readonly boundary: number;
  readonly title: string;
  readonly arrived: Promise<void>;
  readonly ended: Promise<{ code: number; signal: number; started: boolean; failed: string[] }>;
}

export const boundaries = (spec: SandboxSpec): number => flattenSteps(compiled(spec).plan.steps).length;

/** In PID 1, which by then holds only the status channel and may do little, nothing can be waited for but a signal. */
type Block = (inInit: boolean) => Step[];

/** Launches `spec` with a stop before step `boundary`. */
export function launchStopped(
  spec: SandboxSpec,
  boundary: number,
  block: Block,
  gate: readonly number[],
): Stopped {
  const { plan, control, slots, owned, title } = compiled(spec, gate, boundary);
  const stopped = stopBefore(plan, boundary, block);
  const status: { started: boolean; failed: string[] } = { started: false, failed: [] };
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const ended = new Promise<{ code: number; signal: number; started: boolean; failed: string[] }>(
    (resolve) => {
      launch(
        {
          plan: encodePlan(stopped, currentArchitecture()),
          slots: [...slots, ...control],
          owned,
          attached: true,
        },
        {
          failed: (step, errno) =>
            step === ARRIVED ? arrive() : status.failed.push(`step ${step}: ${errno}`),
          started: () => {
            status.started = true;
          },
          exited: (code, signal) => {
            arrive();
            resolve({ code, signal, ...status });
          },
        },
      );
    },
  );
  return { boundary, title, arrived, ended };
}

function compiled(spec: SandboxSpec, gate: readonly number[] = [], boundary = 0) {
  const parsed = parseSpec(commandOf(spec), spec);
  const { facts, owned } = gatherFacts(parsed);
  const slots = [0, 1, 2, ...gate];
  const { plan, control } = compile(parsed, facts, { mode: 'attached', descriptors: slots.length });
  const step = flattenSteps(plan.steps)[boundary] as Step;
  return {
    plan,
    control,
    owned,
    slots,
    title: `${step.kind === 'call' ? step.call : step.kind}: ${step.why}`,
  };
}

/** The plan with what `block` gives before the step that flattenSteps numbers `boundary`. */
function stopBefore(plan: Plan, boundary: number, block: Block): Plan {
  const target = flattenSteps(plan.steps)[boundary];
  const arrival = call('write', [plan.status as number, u32(RECORD_KIND.failed, ARRIVED, 0), 12], 'say so', {
    tolerate: ['EBADF'],
  });
  const rebuild = (steps: readonly Step[]): Step[] => {
    const init = steps.findIndex((step) => step.kind === 'fork' && step.call === 'vfork');
    return steps.flatMap((step, index) => {
      const rebuilt = step.kind === 'fork' ? { ...step, child: rebuild(step.child) } : step;
      return step === target ? [arrival, ...block(init >= 0 && index > init), rebuilt] : [rebuilt];
    });
  };
  return { ...plan, steps: rebuild(plan.steps) };
}

/** The slot that `gate` is put into. */
export const GATE = 3;

const never = (): Step => call('rt_sigtimedwait', [new Uint8Array(8), null, null, 8], 'stop');

/** Until this process is gone: then whoever has no parent-death signal yet goes on, and has to notice by itself. */
export const untilParentGone: Block = (inInit) =>
  inInit
    ? [never()]
    : [call('ppoll', [{ words: [GATE] }, 1, null, null, 0], 'stop until the parent is gone')];

/** Until the gate is opened by closing its write end; in PID 1 for a fifth of a second. */
export const untilOpened: Block = (inInit) =>
  inInit
    ? [
        call('rt_sigtimedwait', [new Uint8Array(8), null, { words: [0, 200_000_000] }, 8], 'stop', {
          tolerate: ['EAGAIN'],
        }),
      ]
    : [call('read', [GATE, { memory: 'gate-of-test', size: 8 }, 1], 'stop', { tolerate: ['EBADF'] })];

/** A helper that has closed even the status channel says nothing: then it has had the time to arrive. */
export const settled = ({ arrived }: Stopped): Promise<void> =>
  Promise.race([arrived, sleep(300, undefined, { ref: false })]);
