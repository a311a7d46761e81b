/** Sockets of a network namespace that this process is not in: a socket belongs to the namespace it was opened in. */
import { Isol8Error, SpecError } from '../foundation/errors.js';
import { closeDescriptor, SystemCallError, trySyscall } from '../syscalls/binding.js';
import { SOCK } from '../syscalls/constants.js';
import { errnoName } from '../syscalls/errno.js';
import type { NamespaceKind } from './kinds.js';
import { passSockets } from './pass-sockets.js';
import { withNamespace } from './thread.js';

/** What socket(2) takes: AF_*, SOCK_* (close-on-exec is always added) and the protocol, 0 for the usual one. */
export interface SocketKind {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

/** A network namespace that sockets are opened in: a `Namespace`, or an open descriptor of one. */
export interface SocketPlace {
  readonly kind: NamespaceKind;
  readonly fd: number;
}

/**
 * Opens a socket inside of a network namespace; whoever asked closes the descriptor. With CAP_SYS_ADMIN in the user
 * namespaces that own it and the present one the calling thread goes there and comes back. Else, as for an ordinary user
 * and a namespace that belongs to his own user namespace, a process goes there, opens it and passes it on.
 *
 * @throws SpecError for a namespace of another kind.
 * @throws Isol8Error EPERM when neither way is allowed; what socket(2) says, as EAFNOSUPPORT for a family that this kernel
 * lacks, or EMFILE.
 */
export async function openSocket(namespace: SocketPlace, kind: SocketKind): Promise<number> {
  const [socket] = await openSockets(namespace, [kind]);
  return socket as number;
}

/** Several at once, for the price of one: all of them, or none when one fails. At most 253. See {@link openSocket}. */
export async function openSockets(namespace: SocketPlace, kinds: readonly SocketKind[]): Promise<number[]> {
  if (namespace.kind !== 'net')
    throw new SpecError('namespace', `sockets belong to net namespaces, and this is a ${namespace.kind} one`);
  if (kinds.length === 0) return [];
  return openByThread(namespace, kinds) ?? (await passSockets(namespace.fd, kinds));
}

/** Undefined when this thread may not go there, or not come back. */
function openByThread(namespace: SocketPlace, kinds: readonly SocketKind[]): number[] | undefined {
  let entered = false;
  try {
    return withNamespace(namespace, () => {
      entered = true;
      return openAll(kinds);
    });
  } catch (error) {
    if (!entered && error instanceof Isol8Error && error.code === 'EPERM') return undefined;
    throw error;
  }
}

function openAll(kinds: readonly SocketKind[]): number[] {
  const opened: number[] = [];
  for (const { family, type, protocol } of kinds) {
    const result = trySyscall('socket', family, type | SOCK.CLOEXEC, protocol);
    if (result < 0) {
      for (const socket of opened) closeDescriptor(socket);
      throw new SystemCallError('socket', errnoName(-result), '');
    }
    opened.push(result);
  }
  return opened;
}
