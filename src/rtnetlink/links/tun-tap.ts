/** Links whose other end is a program: made by ioctls of /dev/net/tun, see the kernel's networking/tuntap.rst. */
import { Isol8Error, SpecError } from '../../foundation/errors.js';
import type { ThreadTarget } from '../../namespaces/enter.js';
import { withNamespace } from '../../namespaces/thread.js';
import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AT, O } from '../../syscalls/constants.js';
import { errnoName } from '../../syscalls/errno.js';
import { checkBoolean, checkInteger, checkNames } from '../fields.js';
import { checkName } from './name.js';

/** See ip-tuntap(8). */
export interface TunTapSpec {
  readonly name: string;
  /** `tun` has IP packets, `tap` Ethernet frames. */
  readonly mode: 'tun' | 'tap';
  /** The user, by number, who may open it without CAP_NET_ADMIN. */
  readonly owner?: number | undefined;
  readonly group?: number | undefined;
  /** Whether several descriptors may be open at once, one for each queue. */
  readonly multiQueue?: boolean | undefined;
  /** Whether every packet begins with its protocol. */
  readonly pi?: boolean | undefined;
  readonly vnetHeader?: boolean | undefined;
}

const DEVICE = '/dev/net/tun';
const NAMES = ['name', 'mode', 'owner', 'group', 'multiQueue', 'pi', 'vnetHeader'];
const IFF = {
  TUN: 1,
  TAP: 2,
  MULTI_QUEUE: 0x100,
  NO_PI: 0x1000,
  VNET_HDR: 0x4000,
  TUN_EXCL: 0x8000,
} as const;
const TUN = {
  SETIFF: 0x400454ca,
  SETPERSIST: 0x400454cb,
  SETOWNER: 0x400454cc,
  SETGROUP: 0x400454ce,
} as const;
/** struct ifreq. */
const IFREQ = 40;
const LARGEST_ID = 0xfffffffe;

const NO_DEVICE = `A kernel with CONFIG_TUN has it: modprobe tun`;
const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: `There is no ${DEVICE}. ${NO_DEVICE}`,
  ENXIO: NO_DEVICE,
  ENODEV: NO_DEVICE,
  EACCES: `The device is closed to this user: chmod 0666 ${DEVICE}, as udev does`,
  EPERM: 'It takes CAP_NET_ADMIN in the user namespace that owns the network namespace',
  EBUSY: 'There is a link with this name already',
  EINVAL: 'There is a link with this name already that is none of these, or the kernel lacks an option',
};

/**
 * Makes a link that stays until it is removed: `ip tuntap add`.
 *
 * @param namespace Default the network namespace of the calling thread, which goes there and comes back otherwise.
 * @throws SpecError, and Isol8Error with the errno of what failed; then nothing is left.
 */
export function addTunTap(spec: TunTapSpec, namespace?: ThreadTarget): void {
  const request = ifreq(spec);
  const owner = spec.owner === undefined ? undefined : checkInteger(spec.owner, LARGEST_ID, 'owner');
  const group = spec.group === undefined ? undefined : checkInteger(spec.group, LARGEST_ID, 'group');
  const make = (): void => {
    const what = `add ${spec.mode} ${spec.name}`;
    const fd = checked(trySyscall('openat', AT.FDCWD, cString(DEVICE), O.RDWR | O.CLOEXEC, 0), what);
    try {
      checked(trySyscall('ioctl', fd, TUN.SETIFF, request), what);
      if (owner !== undefined) checked(trySyscall('ioctl', fd, TUN.SETOWNER, owner), what);
      if (group !== undefined) checked(trySyscall('ioctl', fd, TUN.SETGROUP, group), what);
      checked(trySyscall('ioctl', fd, TUN.SETPERSIST, 1), what);
    } finally {
      closeDescriptor(fd); // which removes the link unless it has been made to persist
    }
  };
  if (namespace === undefined) make();
  else withNamespace(namespace, make);
}

function ifreq(spec: TunTapSpec): Buffer {
  checkNames(spec, NAMES, '');
  const { mode, multiQueue = false, pi = false, vnetHeader = false } = spec;
  if (mode !== 'tun' && mode !== 'tap')
    throw new SpecError('mode', `${JSON.stringify(mode)} is neither tun nor tap`);
  const bytes = Buffer.alloc(IFREQ);
  bytes.write(checkName(spec.name, 'name'));
  const flags =
    (mode === 'tun' ? IFF.TUN : IFF.TAP) |
    (checkBoolean(multiQueue, 'multiQueue') ? IFF.MULTI_QUEUE : 0) |
    (checkBoolean(pi, 'pi') ? 0 : IFF.NO_PI) |
    (checkBoolean(vnetHeader, 'vnetHeader') ? IFF.VNET_HDR : 0) |
    IFF.TUN_EXCL;
  bytes.writeUInt16LE(flags, 16);
  return bytes;
}

function checked(result: number, what: string): number {
  if (result >= 0) return result;
  const errno = errnoName(-result);
  const remedy = REMEDIES[errno];
  throw new Isol8Error(errno, `${what}: ${errno}${remedy === undefined ? '' : `. ${remedy}.`}`);
}
