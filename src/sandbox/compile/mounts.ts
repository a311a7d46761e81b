import {
  attach,
  copyTree,
  type Detached,
  makeDirectories,
  makeFile,
  makeReadOnly,
  openInside,
} from '../../mounts/attach.js';
import { setPropagation } from '../../mounts/propagation.js';
import { AT, MNT, MOUNT_ATTR, MOVE_MOUNT, MS, O } from '../../syscalls/constants.js';
import type { Argument, Step } from '../../syscalls/plan.js';
import { call, result } from '../../syscalls/steps.js';
import type { MountSpec, Propagation } from '../spec.js';
import { type Context, isNew } from './context.js';
import { detachedOf, needsEarlyProc, procFilesystem, showsProc } from './filesystems.js';

/** Everything that happens in a new mount namespace, in its order. */
export function mountSteps(context: Context): Step[] {
  if (!isNew(context, 'mnt')) return [];
  const { spec } = context;
  return [
    ...propagate(context),
    ...copySources(spec.mounts),
    ...(spec.root === undefined ? hostRoot(context) : otherRoot(context, spec.root)),
    ...withoutUmask(context, [
      ...(spec.proc && !showsProc(context) ? mountProc(context) : []),
      ...spec.mounts.flatMap((mount, index) => mountOne(context, mount, index)),
    ]),
    ...(spec.root === undefined ? [] : switchRoot(spec.propagation)),
  ];
}

/** A strict umask of the caller would close directories that are made here to the user inside. */
function withoutUmask(context: Context, steps: readonly Step[]): readonly Step[] {
  const { spec, facts } = context;
  const after = spec.umask ?? facts.umask;
  const makes = steps.some((step) => step.kind === 'call' && step.call === 'mkdirat');
  if (!makes || after === undefined) return steps;
  return [
    call('umask', [0], 'make what is missing with the mode that is meant'),
    ...steps,
    call('umask', [after], 'have the umask as it was'),
  ];
}

/** While the tree is as outside: no earlier mount hides a source, and a read-only `/` leaves a bind writable. */
function copySources(mounts: readonly MountSpec[]): Step[] {
  return mounts.flatMap((mount, index) =>
    mount.type === 'bind'
      ? [...copyTree({ id: `bind-${index}`, source: mount.source, field: `mounts[${index}]` }).steps]
      : [],
  );
}

/** Before any mount is made, or it would appear outside. A root is switched to under private or slave only. */
function propagate({ spec }: Context): Step[] {
  if (spec.propagation === 'unchanged') return [];
  const wanted = spec.root !== undefined && spec.propagation === 'shared' ? 'private' : spec.propagation;
  return [setRootPropagation(wanted)];
}

const setRootPropagation = (propagation: Exclude<Propagation, 'unchanged'>): Step =>
  setPropagation('/', propagation, {
    why:
      propagation === 'shared'
        ? 'exchange mounts with the outside'
        : 'keep mounts made here from appearing outside',
    object: '/',
    field: 'propagation',
  });

const ROOT = 'root';

function hostRoot(context: Context): Step[] {
  const { spec } = context;
  const open =
    spec.mounts.length > 0 || needsEarlyProc(context)
      ? [call('openat', [AT.FDCWD, '/', O.PATH | O.CLOEXEC, 0], 'look paths up from here', { id: ROOT })]
      : [];
  if (!spec.readOnlyRoot) return open;
  const attributes = { words: [MOUNT_ATTR.RDONLY, 0, 0, 0] };
  return [
    call('mount_setattr', [AT.FDCWD, '/', AT.RECURSIVE, attributes, 32], 'make everything read-only', {
      object: '/',
      field: 'readOnlyRoot',
    }),
    ...open,
  ];
}

/** pivot_root(2) wants a mount point, so the directory is bound onto itself. */
function otherRoot(context: Context, path: string): Step[] {
  const tree = copyTree({ id: ROOT, source: path, field: 'root' });
  return [
    ...tree.steps,
    ...(closesRoot(context) ? closeRoot(context, tree) : []),
    call('move_mount', [result(ROOT), '', AT.FDCWD, path, MOVE_MOUNT.F_EMPTY_PATH], 'make it a mount point', {
      object: path,
      field: 'root',
    }),
  ];
}

const closesRoot = ({ spec }: Context): boolean => spec.root !== undefined && spec.readOnlyRoot;

/** Nothing can be made in a root once it is read-only, so mount points are made before. */
function closeRoot(context: Context, tree: Detached): Step[] {
  const { mounts, proc } = context.spec;
  const root = result(ROOT);
  const points = [
    ...(proc ? makeDirectories({ id: 'proc', root, path: '/proc', field: 'proc' }) : []),
    ...mounts.flatMap(({ destination }, index) =>
      isOnMount(context, index) ? [] : createTarget(context, index, targetOf(destination, index)),
    ),
  ];
  return [...withoutUmask(context, points), makeReadOnly(tree, 'readOnlyRoot')];
}

/** Whether a mount is to be found only once an earlier one of the same spec is there. */
function isOnMount({ spec }: Context, index: number): boolean {
  const { destination } = spec.mounts[index] as MountSpec;
  const earlier = spec.mounts.slice(0, index).map((mount) => mount.destination);
  return [...(spec.proc ? ['/proc'] : []), ...earlier].some((path) => destination.startsWith(`${path}/`));
}

/** "." twice stacks the old root below the new one, where umount2 finds it: pivot_root(2), NOTES. */
function switchRoot(propagation: Propagation): Step[] {
  const details = { object: 'the root directory', field: 'root' };
  return [
    call('fchdir', [result(ROOT)], 'stand in the new root', details),
    call('pivot_root', ['.', '.'], 'make it /', { ...details }),
    call('umount2', ['.', MNT.DETACH], 'let go of the old one', { ...details }),
    call('chdir', ['/'], 'be inside', details),
    ...(propagation === 'shared' ? [setRootPropagation('shared')] : []),
  ];
}

function mountProc(context: Context): Step[] {
  const { spec } = context;
  const details = { object: '/proc', field: 'proc' };
  if (spec.root === undefined && !needsEarlyProc(context)) {
    const flags = MS.NOSUID | MS.NODEV | MS.NOEXEC;
    return [
      ...keepProcInside(spec.propagation),
      call('mount', ['proc', '/proc', 'proc', flags, null], 'see the processes of the new pid namespace', {
        ...details,
      }),
    ];
  }
  const root = result(ROOT);
  return [
    ...(spec.root === undefined || spec.readOnlyRoot
      ? []
      : makeDirectories({ id: 'proc', root, path: '/proc', field: 'proc' })),
    ...place(procFilesystem(context), { path: '/proc', field: 'proc', readOnly: false, root }),
  ];
}

/** Where mounts get out, the new one would cover the /proc of everybody outside. */
function keepProcInside(propagation: Propagation): Step[] {
  if (propagation === 'private' || propagation === 'slave') return [];
  return [
    setPropagation('/proc', 'private', {
      why: 'keep the new /proc from appearing outside',
      object: '/proc',
      field: 'propagation',
      shell: ['mount', '--make-rprivate', '/proc'],
    }),
  ];
}

function mountOne(context: Context, mount: MountSpec, index: number): Step[] {
  const field = `mounts[${index}]`;
  const detached = detachedOf(context, mount, index);
  const made = closesRoot(context) && !isOnMount(context, index);
  return [
    ...(mayCreate(context, index) && !made
      ? createTarget(context, index, targetOf(mount.destination, index))
      : []),
    ...place(detached, {
      path: mount.destination,
      field,
      readOnly: mount.readOnly ?? false,
      root: result(ROOT),
    }),
  ];
}

/**
 * Nothing is ever created in the host's own tree, which what is bound belongs to: only in a root of the program's own, or on a
 * tmpfs of this spec.
 */
function mayCreate({ spec }: Context, index: number): boolean {
  const { destination } = spec.mounts[index] as MountSpec;
  const below = spec.mounts
    .slice(0, index)
    .filter((earlier) => destination.startsWith(`${earlier.destination}/`));
  const deepest = below.reduce<MountSpec | undefined>(
    (best, mount) => (best && best.destination.length > mount.destination.length ? best : mount),
    undefined,
  );
  return deepest === undefined ? spec.root !== undefined : deepest.type === 'tmpfs';
}

type Target = { id: string; root: Argument; path: string; field: string };

const targetOf = (path: string, index: number): Target => ({
  id: `mount-${index}`,
  root: result(ROOT),
  path,
  field: `mounts[${index}]`,
});

function createTarget({ facts }: Context, index: number, target: Target): Step[] {
  return facts.sourceIsDirectory[index] === false ? makeFile(target) : makeDirectories(target);
}

interface Place {
  readonly path: string;
  readonly field: string;
  readonly readOnly: boolean;
  readonly root: Argument;
}

function place(mount: Detached, { path, field, readOnly, root }: Place): Step[] {
  const target = `${mount.id}-target`;
  return [
    ...mount.steps,
    ...(readOnly ? [makeReadOnly(mount, field)] : []),
    openInside({ id: target, root, path, field }),
    attach(mount, target, { object: path, field }),
  ];
}
