import { Isol8Error, SpecError } from '../foundation/errors.js';
import { loadAddon } from '../syscalls/addon.js';
import { closeDescriptor, cString, SystemCallError, syscall, trySyscall } from '../syscalls/binding.js';
import { AT, FCNTL, IOCTL, O } from '../syscalls/constants.js';
import { errnoName } from '../syscalls/errno.js';
import { statDescriptor } from '../syscalls/files.js';
import { launchThread } from '../syscalls/launch.js';
import { ALL_KINDS, KINDS, type NamespaceKind } from './kinds.js';

/** How an existing namespace is named. */
export type NamespaceTarget = { readonly path: string } | { readonly pid: number } | { readonly fd: number };

/** An opened namespace; whoever opened it closes the descriptor. */
export interface OpenNamespace {
  readonly kind: NamespaceKind;
  readonly fd: number;
  readonly inode: bigint;
  /** Of nsfs: the same for all namespaces of a machine. */
  readonly device: bigint;
}

/**
 * Opens a namespace of the given kind. A pid is looked up in /proc and a path is followed, ioctl_nsfs(2) says whether
 * it is a namespace and of which kind.
 *
 * @throws SpecError when it is another kind or none at all.
 * @throws Isol8Error with the errno when it cannot be opened.
 */
export function openNamespace(target: NamespaceTarget, kind: NamespaceKind, field: string): OpenNamespace {
  const path = 'fd' in target ? `descriptor ${target.fd}` : pathOf(target, kind);
  return describe('fd' in target ? duplicate(target.fd, field) : openTarget(path, field), {
    path,
    kind,
    field,
  });
}

/** The same for a target that says by itself which kind it is. */
export function openOfAnyKind(
  target: Exclude<NamespaceTarget, { pid: number }>,
  field: string,
): OpenNamespace {
  if ('path' in target) return describe(openTarget(target.path, field), { path: target.path, field });
  return describe(duplicate(target.fd, field), { path: `descriptor ${target.fd}`, field });
}

/** What a descriptor is, which is closed when it is not a namespace, or not of the wanted kind. */
export function describe(
  fd: number,
  wanted: { path: string; kind?: NamespaceKind; field: string },
): OpenNamespace {
  try {
    const type = trySyscall('ioctl', fd, IOCTL.NS_GET_NSTYPE, 0);
    const kind = ALL_KINDS.find((name) => KINDS[name].flag === type);
    if (kind === undefined || (wanted.kind !== undefined && kind !== wanted.kind)) {
      const found = kind ? `a ${kind} namespace, not ${wanted.kind}` : 'not a namespace';
      throw new SpecError(wanted.field, `${wanted.path} is ${found}`);
    }
    const { inode, device } = statDescriptor(fd);
    return { kind, fd, inode, device };
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** The inode of the namespace of the thread that processes start from, which names it as long as it lives. */
export function ownInode(kind: NamespaceKind): bigint | undefined {
  const thread = loadAddon().threadsMoved(0) > 0 ? `self/task/${launchThread()}` : 'thread-self';
  const fd = trySyscall('openat', AT.FDCWD, cString(`/proc/${thread}/ns/${kind}`), O.RDONLY | O.CLOEXEC, 0);
  if (fd < 0) return undefined;
  try {
    return statDescriptor(fd).inode;
  } finally {
    closeDescriptor(fd);
  }
}

/** Whether a user namespace owns another namespace, or one that does: only inside of it may that be joined. */
export const isOwnedBy = ({ kind, fd }: OpenNamespace, user: OpenNamespace | undefined): boolean =>
  user !== undefined && kind !== 'user' && ownerInodes(fd).includes(user.inode);

/**
 * The inodes of the user namespace that owns a namespace, of that one's parent and so on, as far as they may be seen
 * from here. Whoever has a capability in one of them has it over the namespace.
 */
export function ownerInodes(fd: number): bigint[] {
  const owner = trySyscall('ioctl', fd, IOCTL.NS_GET_USERNS, 0);
  if (owner < 0) return [];
  try {
    return [statDescriptor(owner).inode, ...ownerInodes(owner)];
  } finally {
    closeDescriptor(owner);
  }
}

function pathOf(target: { readonly path: string } | { readonly pid: number }, kind: NamespaceKind): string {
  return 'path' in target ? target.path : `/proc/${target.pid}/ns/${kind}`;
}

/** Opening it anew would fail for a socket, and block for a pipe. */
function duplicate(descriptor: number, field: string): number {
  const copy = trySyscall('fcntl', descriptor, FCNTL.F_DUPFD_CLOEXEC, 3);
  if (copy >= 0) return copy;
  const errno = errnoName(-copy);
  if (errno === 'EBADF') throw new SpecError(field, `descriptor ${descriptor} is not open`);
  throw new Isol8Error(errno, `${field}: copy descriptor ${descriptor}: ${errno}`);
}

const REMEDY: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such process or file.',
  ESRCH: 'There is no such process.',
  EACCES:
    "Looking at the namespaces of another user's process takes CAP_SYS_PTRACE in its user namespace: be root.",
  EPERM:
    "Looking at the namespaces of another user's process takes CAP_SYS_PTRACE in its user namespace: be root.",
};

function openTarget(path: string, field: string): number {
  try {
    // A path may lead to a FIFO, on which opening waits, or to a terminal.
    const flags = O.RDONLY | O.CLOEXEC | O.NONBLOCK | O.NOCTTY;
    return syscall('openat', [AT.FDCWD, cString(path), flags, 0], path);
  } catch (cause) {
    if (!(cause instanceof SystemCallError)) throw cause;
    const remedy = REMEDY[cause.code];
    throw new Isol8Error(cause.code, `${field}: open ${path}: ${cause.code}${remedy ? `. ${remedy}` : ''}`, {
      cause,
    });
  }
}
