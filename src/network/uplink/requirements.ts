import { UnsupportedError } from '../../foundation/errors.js';
import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AT, O } from '../../syscalls/constants.js';
import { errnoName } from '../../syscalls/errno.js';
import { findProgram, programFolders } from '../../syscalls/files.js';
import type { UplinkKind } from './options.js';

/** Debian's packages. */
const PACKAGES: Readonly<Record<UplinkKind, string>> = { slirp4netns: 'slirp4netns', pasta: 'passt' };

export interface UplinkProgram {
  readonly kind: UplinkKind;
  readonly path: string;
}

/** The first of the programs that can do it and is there. Throws UnsupportedError, which names the package. */
export function chooseProgram({ kind, ipv6 }: { kind?: UplinkKind; ipv6: boolean }): UplinkProgram {
  if (kind === 'slirp4netns' && ipv6)
    throw new UnsupportedError(`slirp4netns has no way out for IPv6. ${remedy(['pasta'])}`);
  const able: UplinkKind[] = kind ? [kind] : ipv6 ? ['pasta'] : ['slirp4netns', 'pasta'];
  for (const each of able) {
    const path = findProgram(each, programFolders());
    if (path !== undefined) return { kind: each, path };
  }
  const what = ipv6 ? ' for IPv6' : '';
  throw new UnsupportedError(
    `a network of a user namespace has no way out${what} by itself: it takes ${able.join(' or ')}. ${remedy(able)}`,
  );
}

const remedy = (kinds: readonly UplinkKind[]): string =>
  `Install it: apt-get install ${kinds.map((kind) => PACKAGES[kind]).join(', or ')}`;

export const TUN = '/dev/net/tun';

/** Both programs open it as the caller. Throws UnsupportedError. */
export function checkTun(): void {
  const errno = tunErrno();
  if (errno !== undefined) throw tunError(errno);
}

/** Why this process cannot open it; undefined when it can. */
export function tunErrno(): string | undefined {
  const result = trySyscall('openat', AT.FDCWD, cString(TUN), O.RDWR | O.CLOEXEC, 0);
  if (result < 0) return errnoName(-result);
  closeDescriptor(result);
  return undefined;
}

export function tunError(errno: string, cause?: unknown): UnsupportedError {
  const { what, mend } = tunObstacle(errno);
  return new UnsupportedError(`${TUN}: ${errno}. A way out of the network needs it. ${what}: ${mend}`, {
    cause,
  });
}

/** What is wrong with the device, and the command that mends it. */
export function tunObstacle(errno: string): { what: string; mend: string } {
  if (errno === 'ENOENT')
    return { what: 'There is no such device', mend: `mkdir -p /dev/net && mknod -m 0666 ${TUN} c 10 200` };
  if (errno === 'ENODEV' || errno === 'ENXIO') return { what: 'The kernel has no tun', mend: 'modprobe tun' };
  return { what: 'Let users open it, as distributions do', mend: `chmod 0666 ${TUN}` };
}
