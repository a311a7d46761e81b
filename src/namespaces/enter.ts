/** setns(2) of the calling thread, and why it may fail. */
import { Isol8Error } from '../foundation/errors.js';
import { trySyscall } from '../syscalls/binding.js';
import { errnoName } from '../syscalls/errno.js';
import { KINDS, type NamespaceKind } from './kinds.js';

/**
 * A thread of a process with several threads, as every Node program is, may not make or join this kind of namespace.
 * `code` is the errno.
 */
export class ThreadError extends Isol8Error {
  override readonly name = 'ThreadError';
  readonly kinds: readonly NamespaceKind[];

  /** @internal */
  constructor(errno: string, message: string, kinds: readonly NamespaceKind[]) {
    super(errno, message);
    this.kinds = kinds;
  }
}

/** What a thread may enter: a {@link Namespace}, or an open descriptor of one and its kind. */
export interface ThreadTarget {
  readonly kind: NamespaceKind;
  readonly fd: number;
}

/** The errno's name if it did not work. */
export function enter({ fd, kind }: ThreadTarget): string | undefined {
  const result = trySyscall('setns', fd, KINDS[kind].flag);
  return result === 0 ? undefined : errnoName(-result);
}

export function cannotJoin(kind: NamespaceKind, errno: string): Isol8Error {
  const tooMany = errno === 'EUSERS' || (errno === 'EINVAL' && (kind === 'user' || kind === 'mnt'));
  if (tooMany) return refused(errno, 'setns', [kind], `namespaces: { ${kind}: handle }`);
  const why: Record<string, string> = {
    EPERM: `. It takes CAP_SYS_ADMIN in the user namespace that owns it. Be root, or join both with spawn().`,
    EINVAL: kind === 'pid' ? '. Only the present pid namespace and those below it can be joined.' : '',
    EBADF: '. The handle was disposed of.',
  };
  return new Isol8Error(errno, `setns to the ${kind} namespace: ${errno}${why[errno] ?? ''}`);
}

export function refused(errno: string, call: string, kinds: NamespaceKind[], instead: string): ThreadError {
  return new ThreadError(
    errno,
    `${call} ${kinds.join(', ')}: ${errno}. A process with several threads, as every Node program is, may not do this. ` +
      `Start a process for it: spawn(command, { ${instead} })`,
    kinds,
  );
}
