import { Isol8Error, SpecError } from '../../foundation/errors.js';
import { Namespace } from '../../namespaces/namespace.js';

/** A network that has no way out: that of a process, behind a path, or a handle. */
export type UplinkTarget = { readonly pid: number } | { readonly path: string } | Namespace;

/** The network and the user namespace that owns it, by which alone an ordinary user reaches it. */
export interface OpenTarget extends Disposable {
  readonly net: Namespace;
  readonly user: Namespace;
  /** Whoever made the user namespace, as seen from here. */
  readonly owner: number;
}

/**
 * Handles of our own, since the caller may dispose of its.
 *
 * @throws SpecError for what is no network, or one that belongs to the present user namespace.
 * @throws Isol8Error EPERM for one that belongs to somebody outside.
 */
export function openTarget(target: UplinkTarget): OpenTarget {
  const net = 'pid' in target ? Namespace.open(target.pid, 'net') : Namespace.open(placeOf(target), 'net');
  try {
    const user = ownerOf(net);
    return {
      net,
      user,
      owner: user.ownerUid() as number,
      [Symbol.dispose]: () => {
        net[Symbol.dispose]();
        user[Symbol.dispose]();
      },
    };
  } catch (error) {
    net[Symbol.dispose]();
    throw error;
  }
}

const placeOf = (target: Namespace | { readonly path: string }): { path: string } | { fd: number } =>
  'path' in target ? { path: target.path } : { fd: target.fd };

function ownerOf(net: Namespace): Namespace {
  const user = net.owner();
  if (user === undefined)
    throw new Isol8Error(
      'EPERM',
      `uplink of ${net}: it belongs to a user namespace outside of the present one`,
    );
  using present = Namespace.open('/proc/self/ns/user');
  if (!user.sameAs(present)) return user;
  user[Symbol.dispose]();
  throw new SpecError(
    'target',
    `${net} belongs to the present user namespace, where links can be made: attach it to a network instead`,
  );
}
