/** Where a thread came from, and the way back there. */
import { Isol8Error } from '../foundation/errors.js';
import { closeDescriptor, cString, syscall, trySyscall } from '../syscalls/binding.js';
import { AT, O } from '../syscalls/constants.js';
import { errnoName } from '../syscalls/errno.js';
import { cannotJoin, enter, type ThreadTarget } from './enter.js';
import type { NamespaceKind } from './kinds.js';

/** What a thread's children are in, which for these kinds is what unshare and setns change. */
export const childrenOnly = (kind: NamespaceKind): string =>
  kind === 'pid' || kind === 'time' ? `${kind}_for_children` : kind;

/** What a thread comes back to. */
export interface Home extends ThreadTarget {
  /** Entering a mnt namespace leads to its root. */
  readonly cwd: number | undefined;
}

const present = new Map<string, Uint8Array>();

export function openPresent(kind: NamespaceKind): Home {
  const fd = openOwn(`ns/${childrenOnly(kind)}`, O.RDONLY);
  try {
    return { kind, fd, cwd: kind === 'mnt' ? openOwn('cwd', O.PATH) : undefined };
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

function openOwn(name: string, flags: number): number {
  const path = present.get(name) ?? cString(`/proc/thread-self/${name}`);
  present.set(name, path);
  return syscall('openat', [AT.FDCWD, path, flags | O.CLOEXEC, 0], `/proc/thread-self/${name}`);
}

/** The errno's name if it did not work. */
export function comeBack(home: Home): string | undefined {
  const errno = enter(home);
  if (errno !== undefined || home.cwd === undefined) return errno;
  const result = trySyscall('fchdir', home.cwd);
  return result === 0 ? undefined : errnoName(-result);
}

export function leave({ fd, cwd }: Home): void {
  closeDescriptor(fd);
  if (cwd !== undefined) closeDescriptor(cwd);
}

/** Entering where one is already takes the same privilege as coming back there. */
export function checkWayBack(home: Home): void {
  const { kind } = home;
  const errno = comeBack(home);
  if (errno === undefined) return;
  if (errno !== 'EPERM') throw cannotJoin(kind, errno);
  throw new Isol8Error(
    errno,
    `setns to the present ${kind} namespace: EPERM. There would be no way back: it takes CAP_SYS_ADMIN in the user ` +
      'namespace that owns it. Be root, or start a process with spawn().',
  );
}
