/** The process that isol8 enter takes things from, held by a pidfd so that its number cannot become another's. */
import { decodeText } from '../../foundation/byte-text.js';
import { Isol8Error, SpecError } from '../../foundation/errors.js';
import { syscall, trySyscall } from '../../syscalls/binding.js';
import { IOCTL } from '../../syscalls/constants.js';
import { errnoName, errnoNumber } from '../../syscalls/errno.js';
import {
  readFileBytes,
  readTextFile,
  readTextFileIfAny,
  statDescriptor,
  statFile,
} from '../../syscalls/files.js';

export interface Target {
  readonly pid: number;
  readonly pidfd: number;
}

/** `PID` or `PID:INODE`, as --target takes it. */
export function openTarget(text: string): Target {
  const [, digits, inode] = /^(\d{1,10})(?::(\d+))?$/.exec(text) ?? [];
  const pid = Number(digits);
  if (digits === undefined || pid === 0) throw new SpecError('--target', `failed to parse pid '${text}'`);
  const pidfd = trySyscall('pidfd_open', pid, 0);
  if (pidfd < 0) {
    const errno = errnoName(-pidfd);
    const why = errno === 'ESRCH' || errno === 'EINVAL' ? 'There is no such process.' : '';
    throw new Isol8Error(errno, `--target: open process ${pid}: ${errno}. ${why}`);
  }
  const own = statDescriptor(pidfd).inode;
  if (inode !== undefined && BigInt(inode) !== own)
    throw new SpecError(
      '--target',
      `pidfd inode of process ${pid} is ${own}, not ${inode}: it is another process by now`,
    );
  return { pid, pidfd };
}

/** Signal 0 reaches it: what was opened by its number in between was its own. Throws SpecError. */
export function mustLive({ pid, pidfd }: Target): void {
  if (trySyscall('pidfd_send_signal', pidfd, 0, null, 0) === -errnoNumber('ESRCH'))
    throw new SpecError('--target', `process ${pid} has ended`);
}

/** The net namespace of a socket that the target has as `text`. */
export function socketNamespace({ pid, pidfd }: Target, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new SpecError('--net-socket', `failed to parse fd '${text}'`);
  const socket = syscall('pidfd_getfd', [pidfd, Number(text), 0], `descriptor ${text} of process ${pid}`);
  const namespace = trySyscall('ioctl', socket, IOCTL.SIOCGSKNS, 0);
  if (namespace >= 0) return namespace;
  const errno = errnoName(-namespace);
  throw new SpecError('--net-socket', `descriptor ${text} of process ${pid} is not a socket (${errno})`);
}

/** The environment that it was started with. Throws SpecError when this user may not see it. */
export function environOf({ pid }: Target): string[] {
  try {
    return decodeText(readFileBytes(`/proc/${pid}/environ`))
      .split('\0')
      .filter((variable) => variable !== '');
  } catch (cause) {
    const { code } = cause as Isol8Error;
    const why = code === 'EACCES' ? ': it is another user, also to its own user namespace' : '';
    throw new SpecError('--env', `the environment of process ${pid} cannot be read (${code})${why}`, {
      cause,
    });
  }
}

/** The file through which a process joins its cgroup of the unified hierarchy. */
export function cgroupFile({ pid }: Target): string {
  const path = /^0::(.*)$/m.exec(readTextFile(`/proc/${pid}/cgroup`))?.[1];
  const mount = /^\d+ \d+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(readTextFile('/proc/self/mountinfo'))?.[1];
  if (path === undefined || mount === undefined)
    throw new SpecError('--join-cgroup', 'no cgroup of version 2 is mounted here');
  return `${mount}${path}/cgroup.procs`;
}

/** Its user and group as seen from here. */
export function idsOf({ pid }: Target): { uid: number; gid: number } {
  const status = readTextFile(`/proc/${pid}/status`);
  const effective = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+\\d+\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { uid: effective('Uid'), gid: effective('Gid') };
}

/** Whether its user namespace lets nobody change supplementary groups. */
export const deniesGroups = ({ pid }: Target): boolean =>
  readTextFileIfAny(`/proc/${pid}/setgroups`)?.trim() === 'deny';

export const hasContexts = (): boolean => statFile('/sys/fs/selinux/enforce') !== undefined;

export function contextOf({ pid }: Target): string {
  return readTextFile(`/proc/${pid}/attr/current`);
}
