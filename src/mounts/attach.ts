/** Making a mount and putting it somewhere, with descriptors only: a path inside may be a trap laid by its owner. */
import {
  AT,
  FSCONFIG,
  FSMOUNT,
  FSOPEN,
  MOUNT_ATTR,
  MOVE_MOUNT,
  O,
  OPEN_TREE,
  RESOLVE,
} from '../syscalls/constants.js';
import type { Argument, Step } from '../syscalls/plan.js';
import { call, result } from '../syscalls/steps.js';

/** A mount that is not yet attached anywhere; `id` names the step whose result is its descriptor. */
export interface Detached {
  readonly id: string;
  readonly steps: readonly Step[];
}

/** A new instance of a file system: fsopen, one fsconfig for each option, fsmount. */
export function newFilesystem(request: {
  id: string;
  type: string;
  options?: Readonly<Record<string, string>>;
  attributes: number;
  field: string;
}): Detached {
  const { id, type, options = {}, attributes, field } = request;
  const context = `${id}-context`;
  const details = { object: type, field };
  const steps: Step[] = [
    call('fsopen', [type, FSOPEN.CLOEXEC], `make a new ${type}`, { id: context, ...details }),
    ...Object.entries(options).map(([key, value]) =>
      call('fsconfig', [result(context), FSCONFIG.SET_STRING, key, value, 0], `set its ${key}`, {
        object: `${type} option ${key}=${value}`,
        field,
      }),
    ),
    call('fsconfig', [result(context), FSCONFIG.CMD_CREATE, null, null, 0], `create the ${type}`, details),
    call('fsmount', [result(context), FSMOUNT.CLOEXEC, attributes], `get a mount of it`, { id, ...details }),
    call('close', [result(context)], 'be done with its set-up'),
  ];
  return { id, steps };
}

/** A copy of a part of the tree with all that is mounted below it, as mount --rbind makes it. */
export function copyTree(request: { id: string; source: string; field: string }): Detached {
  const flags = OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.RECURSIVE;
  const { id, source, field } = request;
  return {
    id,
    steps: [call('open_tree', [AT.FDCWD, source, flags], `bind ${source}`, { id, object: source, field })],
  };
}

/** Read-only for the mount and everything below it: mount_setattr(2), without which there is no safe way. */
export function makeReadOnly(mount: Detached, field: string): Step {
  const attributes = { words: [MOUNT_ATTR.RDONLY, 0, 0, 0] };
  const flags = AT.EMPTY_PATH | AT.RECURSIVE;
  return call(
    'mount_setattr',
    [result(mount.id), '', flags, attributes, 32],
    'make it read-only all the way down',
    {
      object: 'the mount',
      field,
    },
  );
}

/** Opens a place inside of `root` (a directory's descriptor) so that no link leads out of it. */
export function openInside(request: { id: string; root: Argument; path: string; field: string }): Step {
  const { id, root, path, field } = request;
  const how = { words: [O.PATH | O.CLOEXEC, 0, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS] };
  return call('openat2', [root, path, how, 24], `find ${path}`, { id, object: path, field });
}

/** mkdir -p inside of `root`, one component at a time, each parent looked up without leaving `root`. */
export function makeDirectories(request: {
  id: string;
  root: Argument;
  path: string;
  field: string;
}): Step[] {
  const { id, root, path, field } = request;
  const names = path.split('/').filter((name) => name !== '');
  let parent = root;
  return names.flatMap((name, depth) => {
    const details = { tolerate: ['EEXIST', 'EROFS'], object: path, field };
    const make = call('mkdirat', [parent, name, 0o755], `make the directory ${name}`, details);
    if (depth === names.length - 1) return [make];
    const step = `${id}-${depth}`;
    const prefix = `/${names.slice(0, depth + 1).join('/')}`;
    parent = result(step);
    return [make, openInside({ id: step, root, path: prefix, field })];
  });
}

/** An empty file to bind a file onto. Not opened for writing, or its mount could not be made read-only afterwards. */
export function makeFile(request: { id: string; root: Argument; path: string; field: string }): Step[] {
  const { id, root, path, field } = request;
  const slash = path.lastIndexOf('/');
  const directory = path.slice(0, slash);
  const inDirectory = `${id}-directory`;
  const flags = O.CREAT | O.EXCL | O.CLOEXEC;
  return [
    ...makeDirectories({ id, root, path: directory, field }),
    openInside({ id: inDirectory, root, path: directory || '/', field }),
    call('openat', [result(inDirectory), path.slice(slash + 1), flags, 0o644], `make the file ${path}`, {
      tolerate: ['EEXIST', 'EROFS'],
      object: path,
      field,
    }),
  ];
}

/** Puts a detached mount on an opened place. */
export function attach(mount: Detached, place: string, details: { object: string; field: string }): Step {
  const flags = MOVE_MOUNT.F_EMPTY_PATH | MOVE_MOUNT.T_EMPTY_PATH;
  return call(
    'move_mount',
    [result(mount.id), '', result(place), '', flags],
    `mount it on ${details.object}`,
    details,
  );
}
