/** Starting encoded plans: the addon's launch thread, and this thread's share of what it reports. */
import { Isol8Error } from '../foundation/errors.js';
import { type Addon, loadAddon } from './addon.js';
import { SystemCallError } from './binding.js';
import { errnoName } from './errno.js';
import { launcherDescriptor, tooLarge } from './launcher.js';

/** Stand-ins in a list of slots; enum slot of native/addon/addon.h. */
export const SLOT = { empty: -1, status: -2, lifeline: -3, plan: -4, null: -5 } as const;

/** Steps outside of the plan; native/addon/addon.h. */
export const OUTSIDE_STEP: Readonly<Record<number, string>> = {
  [-1]: 'set up the status channel and the plan',
  [-2]: 'clone the launcher',
  [-3]: 'execute the launcher',
  [-4]: 'open a descriptor for the process',
  [-5]: 'open /dev/null',
};

export interface LaunchEvents {
  /** A step failed: its number in the plan, or one of {@link OUTSIDE_STEP}; comes before anything else counts. */
  failed(step: number, errno: string): void;
  /** The program runs. The pid is its main process's; the pidfd is lent until `exited` returns, and closed then. */
  started(pid: number, pidfd: number): void;
  /** The last event: everything that was started is reaped. */
  exited(code: number, signal: number): void;
}

export interface Launch {
  readonly plan: Uint8Array;
  /** What becomes descriptor 0, 1, … of the launcher: descriptors of this process, or {@link SLOT} stand-ins. */
  readonly slots: readonly number[];
  /**
   * Descriptors that are the launch thread's once {@link launch} returns: it closes them when the launcher has its copies or
   * could not be started. When it throws they are still the caller's to close.
   */
  readonly owned: readonly number[];
  /** SIGKILL the launcher and what it starts when this process ends. */
  readonly attached: boolean;
}

/** LAUNCH_* of native/addon/addon.h. */
const REQUEST = { attached: 1, poll: 4 } as const;

const EVENT = { failed: 1, started: 2, exited: 3 } as const;

const sessions = new Map<number, LaunchEvents>();
let nextSession = 1;
let listening = false;

/**
 * Starts a plan and returns what {@link cancelLaunch} takes. Throws SystemCallError when the launch thread cannot be
 * made; all else arrives as events.
 */
export function launch(request: Launch, events: LaunchEvents): number {
  const launcher = launcherDescriptor();
  const { addon, session } = newSession(events);
  const result = addon.launch(
    request.plan,
    new Int32Array(request.slots),
    new Int32Array(request.owned),
    launcher,
    session,
    request.attached ? REQUEST.attached : 0,
  );
  return submitted(session, result);
}

function newSession(events: LaunchEvents): { addon: Addon; session: number } {
  const addon = loadAddon();
  if (!listening) addon.listen(dispatch);
  listening = true;
  const session = nextSession++;
  sessions.set(session, events);
  return { addon, session };
}

function submitted(session: number, result: number): number {
  if (result < 0) {
    sessions.delete(session);
    throw new SystemCallError('start the launch thread', errnoName(-result), '');
  }
  return session;
}

/**
 * Tells once that a descriptor can be read from, or that {@link cancelLaunch} was called with the number this returns. Keeps
 * the event loop alive until then. `failed` says that there are too many descriptors to wait for another.
 */
export function whenReadable(
  descriptor: number,
  events: { failed(errno: string): void; readable(): void },
): number {
  const { addon, session } = newSession({
    failed: (_, errno) => events.failed(errno),
    started: () => {},
    exited: () => events.readable(),
  });
  const none = new Int32Array(0);
  return submitted(session, addon.launch(new Uint8Array(0), none, none, descriptor, session, REQUEST.poll));
}

/** The thread that launches start from, whose namespaces a process has where its spec shares them. Throws SystemCallError. */
export function launchThread(): number {
  const thread = loadAddon().launchThread();
  if (thread < 0) throw new SystemCallError('start the launch thread', errnoName(-thread), '');
  return thread;
}

/** Kills whatever a launch has started, for when there is no pidfd yet. `exited` follows as ever. */
export function cancelLaunch(session: number): void {
  loadAddon().cancel(session);
}

/** Replaces this process by the launcher. Returns only by throwing: SystemCallError, or Isol8Error when RLIMIT_FSIZE is too low. */
export function becomeLauncher(plan: Uint8Array, slots: readonly number[]): never {
  const result = loadAddon().become(plan, Int32Array.from(slots), launcherDescriptor());
  if (errnoName(-result) === 'EFBIG') throw tooLarge('the plan', plan);
  throw new SystemCallError('execveat', errnoName(-result), 'the launcher');
}

function dispatch(session: number, kind: number, first: number, second: number): void {
  const events = sessions.get(session);
  if (!events) throw new Isol8Error('ERR_INTERNAL', `an event for session ${session}, which is over`);
  if (kind === EVENT.failed) events.failed(first, errnoName(second));
  else if (kind === EVENT.started) events.started(first, second);
  else {
    sessions.delete(session);
    events.exited(first, second);
  }
}
