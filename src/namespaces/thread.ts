/** The calls that move the calling JavaScript thread itself: unshare(2), setns(2), sethostname(2). */
import { Isol8Error, SpecError } from '../foundation/errors.js';
import { loadAddon } from '../syscalls/addon.js';
import { cString, trySyscall } from '../syscalls/binding.js';
import { errnoName } from '../syscalls/errno.js';
import { readTextFileIfAny, statFile } from '../syscalls/files.js';
import { launchThread } from '../syscalls/launch.js';
import { cannotJoin, enter, refused, type ThreadTarget } from './enter.js';
import { ALL_KINDS, checkKinds, isNamespaceKind, KINDS, type NamespaceKind } from './kinds.js';
import { zeroLimit } from './limits.js';
import { checkWayBack, childrenOnly, comeBack, leave, openPresent } from './way-back.js';

/**
 * Moves the calling thread into new namespaces, as unshare(2). Only this thread: what Node does on others (asynchronous
 * calls of node:fs and node:dns, Workers that exist already) stays where it was, and so do the processes of child_process
 * that were started before. A new pid or time namespace takes in the children of this thread only, not the thread. A new
 * mnt namespace also gives the thread a working directory of its own, apart from the other threads'.
 *
 * @throws SpecError for what is no list of kinds, ThreadError for `user`, which no thread of many may make.
 * @throws Isol8Error EPERM without CAP_SYS_ADMIN, ENOSPC where a limit of /proc/sys/user is reached.
 */
export function unshare(kinds: readonly NamespaceKind[]): void {
  loadAddon();
  checkKinds(kinds);
  beforeMoving();
  if (kinds.includes('user')) throw refused('EINVAL', 'unshare', ['user'], `namespaces: { user: 'new' }`);
  const flags = kinds.reduce((sum, kind) => sum | KINDS[kind].flag, 0);
  const result = trySyscall('unshare', flags);
  movedBy(result === 0 ? 1 : 0);
  if (result === 0) return;
  const errno = errnoName(-result);
  throw new Isol8Error(errno, `unshare ${kinds.join(', ')}: ${errno}${whyNot(kinds, errno)}`);
}

/** A limit that is 0 is named: others of its kind may not be. */
function whyNot(kinds: readonly NamespaceKind[], errno: string): string {
  if (errno !== 'ENOSPC') return UNSHARE[errno] ?? '';
  const none = kinds.filter(
    (kind) => readTextFileIfAny(`/proc/sys/user/max_${kind}_namespaces`)?.trim() === '0',
  );
  if (none.length === 0) return '. A limit of /proc/sys/user/max_*_namespaces is reached.';
  return none
    .map(zeroLimit)
    .map(({ what, mend }) => `. ${what} Allow some: ${mend}`)
    .join('');
}

const UNSHARE: Readonly<Record<string, string>> = {
  EPERM:
    '. It takes CAP_SYS_ADMIN: be root, or start a process with spawn(), which may have a user namespace of its own.',
  EINVAL: '. This kernel lacks one of these kinds (time needs Linux 5.6, cgroup 4.6).',
};

/**
 * Moves the calling thread into an existing namespace, as setns(2); for pid its children only. What {@link unshare} says of
 * other threads holds here too.
 *
 * @throws SpecError for what is neither a {@link Namespace} nor a descriptor and its kind.
 * @throws ThreadError for user and time, and for mnt as long as this thread shares its working directory with others.
 * @throws Isol8Error EPERM without CAP_SYS_ADMIN in the user namespace that owns it.
 */
export function setns(target: ThreadTarget): void {
  loadAddon();
  checkTarget(target);
  beforeMoving();
  const errno = enter(target);
  if (errno !== undefined) throw cannotJoin(target.kind, errno);
  movedBy(1);
}

function checkTarget(target: unknown, field = 'target'): void {
  const { kind, fd } = (target ?? {}) as Partial<ThreadTarget>;
  if (typeof kind === 'string' && isNamespaceKind(kind) && Number.isInteger(fd)) return;
  throw new SpecError(field, 'must be a Namespace, or have the fd of one and its kind');
}

/**
 * Names the host of the calling thread's uts namespace, as sethostname(2): at most 64 bytes.
 *
 * @throws SpecError for what is no text, longer, or has a NUL in it.
 * @throws Isol8Error EPERM without CAP_SYS_ADMIN in the user namespace that owns it.
 */
export function sethostname(name: string): void {
  loadAddon(); // which says where none of this is to be had
  if (typeof name !== 'string') throw new SpecError('hostname', 'must be a text');
  if (Buffer.byteLength(name) > 64 || name.includes('\0'))
    throw new SpecError('hostname', 'must have at most 64 bytes, and no NUL among them');
  const bytes = cString(name);
  const result = trySyscall('sethostname', bytes, bytes.length - 1);
  if (result === 0) return;
  const errno = errnoName(-result);
  const why = 'Naming takes CAP_SYS_ADMIN in the user namespace that owns the uts namespace.';
  throw new Isol8Error(errno, `sethostname ${name}: ${errno}${errno === 'EPERM' ? `. ${why}` : ''}`);
}

/**
 * Enters a namespace, or several in their order, calls a synchronous function there, and comes back. The function's result
 * and its error are passed on. When the way back fails, the process is aborted: it would go on in the wrong place. An empty
 * list is no move: the function runs where the thread is.
 *
 * @throws TypeError when the function returns a promise, which would be settled after the way back.
 * @throws SpecError for `target`, or one of them (`target[1]`), before any is entered.
 * @throws what {@link setns} throws, also when there would be no way back; then the function was not called.
 */
export function withNamespace<Result>(
  target: ThreadTarget | readonly ThreadTarget[],
  work: () => Result,
): Result {
  loadAddon();
  const list = Array.isArray(target);
  const targets = (list ? target : [target]) as readonly ThreadTarget[];
  for (const [i, each] of targets.entries()) checkTarget(each, list ? `target[${i}]` : 'target');
  return within(targets, work);
}

function within<Result>([first, ...rest]: readonly ThreadTarget[], work: () => Result): Result {
  if (first === undefined) return synchronous(work());
  const { kind } = first;
  beforeMoving();
  const home = openPresent(kind);
  try {
    checkWayBack(home);
    const errno = enter(first);
    if (errno !== undefined) throw cannotJoin(kind, errno);
    movedBy(1);
    try {
      return within(rest, work);
    } finally {
      if (comeBack(home) !== undefined) process.abort();
      movedBy(-1);
    }
  } finally {
    leave(home);
  }
}

/**
 * The same in a new namespace, which is gone afterwards unless the function has opened it.
 *
 * @throws Isol8Error EPERM without CAP_SYS_ADMIN, ENOSPC where a limit of /proc/sys/user is reached.
 */
export function withNewNamespace<Result>(kind: NamespaceKind, work: () => Result): Result {
  beforeMoving();
  const home = openPresent(kind);
  try {
    checkWayBack(home);
    unshare([kind]);
    try {
      return synchronous(work());
    } finally {
      if (comeBack(home) !== undefined) process.abort();
      movedBy(-1);
    }
  } finally {
    leave(home);
  }
}

function synchronous<Result>(result: Result): Result {
  if (typeof (result as { then?: unknown } | null)?.then === 'function')
    throw new TypeError('withNamespace: the function returned a promise, but it must do its work at once');
  return result;
}

let launchThreadRuns = false;

/** Processes start from another thread, which must have been there before this one moved. */
function beforeMoving(): void {
  if (!launchThreadRuns) launchThread();
  launchThreadRuns = true;
}

function movedBy(change: number): void {
  loadAddon().threadsMoved(change);
}

/**
 * Paths of the namespaces that the calling thread has moved to, by kind: those that differ from what a process gets when
 * its spec shares the kind. Undefined as long as nobody has called {@link unshare} or {@link setns}.
 */
export function movedTo(): Partial<Record<NamespaceKind, string>> | undefined {
  if (loadAddon().threadsMoved(0) === 0) return undefined;
  const original = launchThread();
  const moved = ALL_KINDS.map((kind) => childrenOnly(kind)).map((name, i) => {
    const path = `/proc/thread-self/ns/${name}`;
    const differs = statFile(path)?.inode !== statFile(`/proc/self/task/${original}/ns/${name}`)?.inode;
    return differs ? [[ALL_KINDS[i], path]] : [];
  });
  return Object.fromEntries(moved.flat()) as Partial<Record<NamespaceKind, string>>;
}
