/** Namespaces without a process: a bind mount of the namespace on a file holds it, as ip-netns(8) does. */
import { Isol8Error } from '../foundation/errors.js';
import { closeDescriptor, cString, trySyscall } from '../syscalls/binding.js';
import { AT, LOCK, MNT, MS, O } from '../syscalls/constants.js';
import { errnoName, errnoNumber } from '../syscalls/errno.js';
import { KEPT, NETNS } from './kept-path.js';
import type { NamespaceKind } from './kinds.js';
import { openOfAnyKind } from './open.js';

/** Makes the file and binds the namespace on it. Nothing is left behind by a failure. */
export function keepNamespace(namespace: { fd: number; kind: NamespaceKind }, path: string): void {
  makeFolders(path);
  if (path.startsWith(`${NETNS}/`)) shareNetns();
  const flags = O.WRONLY | O.CREAT | O.EXCL | O.CLOEXEC;
  const make = (): number => trySyscall('openat', AT.FDCWD, cString(path), flags, 0);
  let made = make();
  if (made === -errnoNumber('ENOENT')) {
    makeFolders(path); // isol8 gc may have found the folder empty and removed it
    made = make();
  }
  if (made < 0) throw failure('make', path, errnoName(-made));
  closeDescriptor(made);
  try {
    bind(`/proc/self/fd/${namespace.fd}`, path, namespace.kind);
  } catch (error) {
    trySyscall('unlinkat', AT.FDCWD, cString(path), 0);
    throw error;
  }
}

/**
 * On a mount with shared propagation the kernel refuses a mnt namespace, which would appear in others and perhaps in
 * itself. There the file becomes a private mount of its own first.
 */
function bind(source: string, path: string, kind: NamespaceKind): void {
  const result = mount(source, path, MS.BIND);
  if (result === 0) return;
  if (errnoName(-result) !== 'EINVAL' || kind !== 'mnt') throw failure('bind', path, errnoName(-result));
  const island = mount(path, path, MS.BIND);
  const alone = island < 0 ? island : mount('none', path, MS.PRIVATE);
  const again = alone < 0 ? alone : mount(source, path, MS.BIND);
  if (again === 0) return;
  if (island === 0) trySyscall('umount2', cString(path), MNT.DETACH);
  throw failure('keep a namespace: bind', path, errnoName(-again), kind);
}

const mount = (source: string, target: string, flags: number): number =>
  trySyscall('mount', cString(source), cString(target), null, flags, null);

/** Takes the mount of a namespace away, and the file that it is on. Throws SpecError for a path to anything else. */
export function releaseNamespace(path: string): void {
  const file = cString(path);
  closeDescriptor(openOfAnyKind({ path }, 'release').fd);
  const result = trySyscall('umount2', file, MNT.DETACH | MNT.NOFOLLOW);
  if (result < 0) throw failure('release a namespace: unmount', path, errnoName(-result));
  trySyscall('umount2', file, MNT.DETACH | MNT.NOFOLLOW); // the file itself, when it is a mount of its own
  const removed = trySyscall('unlinkat', AT.FDCWD, file, 0);
  if (removed < 0) throw failure('release a namespace: remove', path, errnoName(-removed));
}

/** Only our own and ip-netns(8)'s: anything else is the caller's to make. */
function makeFolders(path: string): void {
  const folder = path.slice(0, path.lastIndexOf('/'));
  if (folder !== NETNS && !folder.startsWith(`${KEPT}/`)) return;
  const parts = folder.split('/').slice(2); // behind /run
  for (const [i] of parts.entries()) {
    const part = `/run/${parts.slice(0, i + 1).join('/')}`;
    const result = trySyscall('mkdirat', AT.FDCWD, cString(part), 0o755);
    if (result < 0 && errnoName(-result) !== 'EEXIST')
      throw failure('keep a namespace: make', part, errnoName(-result));
  }
}

/**
 * As ip-netns(8) does before it keeps its first one: /run/netns becomes a shared mount of its own. Were that left to a
 * later `ip netns add`, what is kept by then would be mounted twice, once covered, and its file could not be removed.
 */
function shareNetns(): void {
  const folder = trySyscall('openat', AT.FDCWD, cString(NETNS), O.RDONLY | O.CLOEXEC, 0);
  if (folder < 0) return;
  trySyscall('flock', folder, LOCK.EX); // ip-netns(8) locks it too, or both would bind it
  const share = (): number => mount('', NETNS, MS.SHARED | MS.REC);
  // A failure is no matter here: without the privilege the next mount says so.
  if (share() === -errnoNumber('EINVAL') && mount(NETNS, NETNS, MS.BIND | MS.REC) === 0) share();
  closeDescriptor(folder);
}

const WHY: Readonly<Record<string, string>> = {
  EPERM: 'Mounting takes CAP_SYS_ADMIN in the user namespace that owns the present mnt namespace: be root.',
  EACCES: 'This user may not write there: be root, or choose another path.',
  ENOENT: 'There is no such folder, or nothing of that name.',
  EEXIST:
    'A file is there already: choose another name, or remove it first (isol8 ns rm; isol8 gc what a crash has left).',
};

function failure(operation: string, path: string, errno: string, kind?: NamespaceKind): Isol8Error {
  const older =
    'A mnt namespace can be kept only in one that is older than itself; since Linux 6.18, which numbers them per ' +
    'processor, a newer one may count as older: then make it anew.';
  const why =
    errno !== 'EINVAL' ? WHY[errno] : kind === 'mnt' ? older : kind === undefined && 'Nothing is kept there.';
  return new Isol8Error(errno, `${operation} ${path}: ${errno}${why ? `. ${why}` : ''}`);
}
