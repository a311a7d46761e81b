/** Every system call that a plan may make, and what the model of the kernel does for it. */
import type { SyscallName } from '../../../src/syscalls/table.js';
import { close, closeRange, dup3, ioctl, openat, pipe2, ppoll, read, write } from './descriptors.js';
import {
  capset,
  checkMapped,
  prctl,
  prlimit64,
  setgroups,
  setpriority,
  setresgid,
  setresuid,
} from './identity.js';
import * as mounts from './mounts.js';
import { setns, unshare } from './namespaces.js';
import { KernelError, need, openDescriptor, type Process } from './process.js';
import { numberOf, textOf, type Value } from './values.js';

type Handler = (process: Process, args: readonly Value[]) => number;

function setName(process: Process, [name, size]: readonly Value[]): number {
  checkMapped(process);
  if (Buffer.byteLength(textOf(name)) !== size) throw new KernelError('EINVAL', 'not the whole name');
  need(process, { owner: process.namespaces.uts.owner, capability: 'SYS_ADMIN', onlyHere: true });
  if (process.namespaces.uts.origin !== 'new')
    throw new KernelError('EPERM', "the name of somebody else's machine");
  return 0;
}

function seccomp(process: Process, [, , program]: readonly Value[]): number {
  if (!process.noNewPrivileges) throw new KernelError('EACCES', 'a filter without no_new_privs');
  const words = program !== null && typeof program === 'object' && 'words' in program ? program.words : [];
  const [length, bytes] = words;
  if (!(bytes instanceof Uint8Array) || bytes.length !== numberOf(length) * 8)
    throw new KernelError('EINVAL', 'filter');
  process.filter = bytes;
  return 0;
}

function socket(process: Process): number {
  return openDescriptor(process, { kind: 'socket' }, true);
}

function umask(process: Process, [mask]: readonly Value[]): number {
  process.umask = numberOf(mask);
  return 0;
}

function setsid(process: Process): number {
  process.session = true;
  return 0;
}

function sigprocmask(process: Process, [how, set, , size]: readonly Value[]): number {
  const none = set instanceof Uint8Array && set.length === 8 && set.every((byte) => byte === 0);
  if (how !== 2 || !none || size !== 8)
    throw new KernelError('EINVAL', 'only no signal at all is left blocked');
  process.signalsOpen = true;
  return 0;
}

/** Whatever is not here no plan makes; a compiler that starts to has to teach the model first. */
export const HANDLERS: { readonly [name in SyscallName]?: Handler } = {
  capset,
  chdir: mounts.chdir,
  close,
  close_range: closeRange,
  dup3,
  fchdir: mounts.fchdir,
  fsconfig: mounts.fsconfig,
  fsmount: mounts.fsmount,
  fsopen: mounts.fsopen,
  ioctl,
  mkdirat: mounts.mkdirat,
  mount: mounts.mount,
  mount_setattr: mounts.mountSetattr,
  move_mount: mounts.moveMount,
  open_tree: mounts.openTree,
  openat,
  openat2: mounts.openat2,
  pipe2,
  pivot_root: mounts.pivotRoot,
  ppoll,
  prctl,
  prlimit64,
  read,
  rt_sigprocmask: sigprocmask,
  seccomp,
  setdomainname: setName,
  setgroups,
  sethostname: setName,
  setns,
  setpriority,
  setresgid,
  setresuid,
  setsid,
  socket,
  umask,
  umount2: mounts.umount2,
  unshare,
  write,
};
