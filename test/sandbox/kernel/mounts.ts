/** What a mount namespace looks like to a process: mount_namespaces(7), pivot_root(2). */
import { AT, MNT, MOUNT_ATTR, MS, RESOLVE } from '../../../src/syscalls/constants.js';
import { checkMapped, innerId } from './identity.js';
import {
  descriptor,
  KernelError,
  type Namespace,
  need,
  type Open,
  openDescriptor,
  type Process,
} from './process.js';
import { numberOf, textOf, type Value } from './values.js';

type Mount = Extract<Open, { kind: 'mount' }>;

/** may_mount, and nothing made before the propagation is set would stay inside. */
function checkMounting(process: Process, { changes }: { changes: boolean }): Namespace {
  const { mnt } = process.namespaces;
  checkMapped(process);
  if (mnt.origin !== 'new') throw new KernelError('EPERM', 'mounting outside of a new mnt namespace');
  need(process, { owner: mnt.owner, capability: 'SYS_ADMIN', onlyHere: true });
  if (changes && mnt.propagation === 'unchanged' && process.machine.spec.propagation !== 'unchanged') {
    throw new KernelError('EINVAL', 'a mount before the propagation is set appears outside');
  }
  if (mnt.pivoted) throw new KernelError('EINVAL', 'a mount after the root changed');
  return mnt;
}

/** The owner of a new file is who makes it, and that must be somebody. */
export function checkCreates(process: Process): void {
  checkMapped(process);
  const { users, groups } = process.userNamespace.maps;
  for (const [kind, map] of [['users', users] as const, ['groups', groups] as const]) {
    if (map && map.length > 0 && innerId(process, kind) === undefined) {
      throw new KernelError('EOVERFLOW', 'a file whose owner the map does not know');
    }
  }
}

export function mount(process: Process, [source, target, type, flags]: readonly Value[]): number {
  const propagations = { [MS.PRIVATE]: 'private', [MS.SLAVE]: 'slave', [MS.SHARED]: 'shared' } as const;
  const { mnt } = process.namespaces;
  if (type === null) {
    if (!mnt.pivoted) checkMounting(process, { changes: false });
    const wanted = propagations[numberOf(flags) & ~MS.REC];
    if (target === '/proc' && wanted === 'private') {
      mnt.procInside = true;
      return 0;
    }
    if (!wanted || target !== '/' || !(numberOf(flags) & MS.REC))
      throw new KernelError('EINVAL', 'propagation');
    if (mnt.attached.length > 0 && !mnt.pivoted) throw new KernelError('EINVAL', 'propagation after a mount');
    mnt.propagation = wanted;
    return 0;
  }
  checkMounting(process, { changes: true });
  if (source !== 'proc') throw new KernelError('ENODEV', `a ${String(source)} by mount(2)`);
  checkFilesystem(process, 'proc');
  if (mnt.propagation !== 'private' && mnt.propagation !== 'slave' && !mnt.procInside) {
    throw new KernelError('EINVAL', 'the new proc would cover the one of everybody outside');
  }
  mnt.attached.push({ what: 'proc', at: textOf(target), readOnly: false });
  return 0;
}

const SHOWN: ReadonlyMap<string, 'pid' | 'ipc' | 'net'> = new Map([
  ['proc', 'pid'],
  ['mqueue', 'ipc'],
  ['sysfs', 'net'],
] as const);

/** proc shows a pid namespace, mqueue an ipc namespace, sysfs a net namespace: that of who makes it, whose owner must agree. */
function checkFilesystem(process: Process, type: string): Namespace | undefined {
  checkCreates(process);
  const kind = SHOWN.get(type);
  if (kind === undefined) return undefined;
  const of = process.namespaces[kind];
  // the spec asks for a view of what belongs to somebody else; causes.ts says so when the kernel does
  const inherent = of.origin !== 'new' && process.machine.user !== 'caller';
  try {
    need(process, { owner: of.owner, capability: 'SYS_ADMIN', onlyHere: true });
  } catch (error) {
    throw new KernelError('EPERM', (error as Error).message, inherent);
  }
  return of;
}

export function fsopen(process: Process, [type]: readonly Value[]): number {
  checkMapped(process);
  need(process, { owner: process.namespaces.mnt.owner, capability: 'SYS_ADMIN', onlyHere: true });
  return openDescriptor(process, { kind: 'filesystem', type: textOf(type), created: false }, true);
}

export function fsconfig(process: Process, [fd, command]: readonly Value[]): number {
  const open = descriptor(process, fd, ['filesystem']) as Extract<Open, { kind: 'filesystem' }>;
  if (open.created) throw new KernelError('EBUSY', 'it is created already');
  if (command === 6) open.created = true;
  return 0;
}

export function fsmount(process: Process, [fd]: readonly Value[]): number {
  const open = descriptor(process, fd, ['filesystem']) as Extract<Open, { kind: 'filesystem' }>;
  if (!open.created) throw new KernelError('EINVAL', 'it is not created');
  const of = checkFilesystem(process, open.type);
  return openDescriptor(
    process,
    { kind: 'mount', what: open.type, ...(of && { of }), readOnly: false },
    true,
  );
}

export function openTree(process: Process, [directory, path]: readonly Value[]): number {
  const mnt = checkMounting(process, { changes: false });
  if (directory !== AT.FDCWD) throw new KernelError('EINVAL', 'a source is a path of the caller');
  if (mnt.attached.length > 0) throw new KernelError('EINVAL', 'an earlier mount may hide the source');
  return openDescriptor(process, { kind: 'mount', what: textOf(path), readOnly: false }, true);
}

export function openat2(process: Process, [root, path, how]: readonly Value[]): number {
  if (root !== AT.FDCWD) descriptor(process, root, ['place', 'mount']);
  const words = how !== null && typeof how === 'object' && 'words' in how ? how.words : [];
  if (numberOf(words[2]) !== (RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS))
    throw new KernelError('EINVAL', 'not inside');
  return openDescriptor(process, { kind: 'place', path: textOf(path), root: false }, true);
}

export function mkdirat(process: Process, [directory]: readonly Value[]): number {
  descriptor(process, directory, ['place', 'mount']);
  checkCreates(process);
  const { spec, facts } = process.machine;
  if ((spec.umask ?? facts.umask) !== undefined && process.umask !== 0)
    throw new KernelError('EINVAL', "under the caller's umask");
  return 0;
}

export function moveMount(process: Process, [fd, , directory, path]: readonly Value[]): number {
  const mnt = checkMounting(process, { changes: true });
  const open = descriptor(process, fd, ['mount']) as Mount;
  if (open.place !== undefined) throw new KernelError('EINVAL', 'it is attached already');
  const place =
    directory === AT.FDCWD
      ? textOf(path)
      : (descriptor(process, directory, ['place']) as { path: string }).path;
  open.place = place;
  mnt.attached.push({ what: open.what, at: place, readOnly: open.readOnly });
  return 0;
}

export function mountSetattr(process: Process, [fd, , flags, attributes]: readonly Value[]): number {
  const mnt = checkMounting(process, { changes: true });
  const words =
    attributes !== null && typeof attributes === 'object' && 'words' in attributes ? attributes.words : [];
  if (words[0] !== MOUNT_ATTR.RDONLY || !(numberOf(flags) & AT.RECURSIVE))
    throw new KernelError('EINVAL', 'attributes');
  if (fd === AT.FDCWD) {
    if (mnt.attached.length > 0)
      throw new KernelError('EINVAL', 'a read-only / comes before the mounts on it');
    mnt.readOnly = true;
    return 0;
  }
  const open = descriptor(process, fd, ['mount']) as Mount;
  if (open.place !== undefined) throw new KernelError('EINVAL', 'for a moment it could be written to');
  open.readOnly = true;
  return 0;
}

export function fchdir(process: Process, [fd]: readonly Value[]): number {
  const open = descriptor(process, fd, ['mount']) as Mount;
  if (open.place === undefined) throw new KernelError('EINVAL', 'the root is not attached');
  process.cwd = open.place;
  return 0;
}

export function pivotRoot(process: Process, args: readonly Value[]): number {
  const mnt = checkMounting(process, { changes: true });
  const { root } = process.machine.spec;
  if (args.some((path) => path !== '.') || process.cwd !== root)
    throw new KernelError('EINVAL', 'not in the new root');
  if (mnt.propagation !== 'private' && mnt.propagation !== 'slave')
    throw new KernelError('EINVAL', 'shared mounts');
  mnt.pivoted = true;
  return 0;
}

export function umount2(process: Process, [path, flags]: readonly Value[]): number {
  const { mnt } = process.namespaces;
  if (!mnt.pivoted || path !== '.' || flags !== MNT.DETACH)
    throw new KernelError('EINVAL', 'only the old root');
  mnt.oldRootGone = true;
  return 0;
}

const HARMLESS = ['program', 'status', 'lifeline', 'pipe'];

export function chdir(process: Process, [argument]: readonly Value[]): number {
  const path = textOf(argument);
  const { mnt } = process.namespaces;
  if (mnt.pivoted && process.cwd !== '/') {
    if (path !== '/' || !mnt.oldRootGone) throw new KernelError('EINVAL', 'the old root is still in reach');
  } else {
    // the user chose it: CVE-2024-21626
    const way = [...process.descriptors.values()].find(({ open }) => !HARMLESS.includes(open.kind));
    if (way)
      throw new KernelError('EINVAL', `a ${way.open.kind} is open while the working directory is looked up`);
  }
  process.cwd = path;
  return 0;
}
