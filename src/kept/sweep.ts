/** What crashed owners have left under /run/isol8 and /run/netns. */
import { lstatSync, readdirSync, readlinkSync, rmdirSync, unlinkSync } from 'node:fs';
import { Isol8Error } from '../foundation/errors.js';
import { type MountEntry, parseMountinfo } from '../mounts/mountinfo.js';
import { KEPT, keptFolder } from '../namespaces/kept-path.js';
import { ALL_KINDS } from '../namespaces/kinds.js';
import { Namespace } from '../namespaces/namespace.js';
import { readTextFile, readTextFileIfAny } from '../syscalls/files.js';
import { abandonedFolders, removeOwnedFolder } from './owned-folders.js';
import {
  filesIn,
  identityOf,
  isTemporary,
  RECORDS,
  RUN,
  readRecords,
  type UnfinishedRecord,
} from './record.js';

export interface Leftover {
  readonly path: string;
  readonly what: 'namespace' | 'file' | 'record' | 'folder' | 'names';
  /** Why nobody needs it: half a sentence. */
  readonly why: string;
  /** What kept it from being removed, so that it is still there. */
  readonly error?: string;
}

/** Between the making of a file and the mount on it others could take it for a leftover. */
const GRACE_MILLISECONDS = 10_000;

/**
 * Removes what a crash has left: namespaces of a process that was killed before it had kept all of them, files on which
 * no namespace is mounted in any mnt namespace of the machine's processes, records and files of names of dead processes, empty
 * folders.
 * What is younger than ten seconds is left alone, unless its owner is known to be dead.
 *
 * @returns what was removed, or with `dryRun` would be, in this order; what cannot be does not keep others from it.
 */
export function sweep(options: { dryRun: boolean }): Leftover[] {
  const found = findLeftovers();
  return options.dryRun ? found : found.map(removed);
}

function findLeftovers(): Leftover[] {
  const records = readRecords();
  const dead = records.filter(({ ownerLives }) => !ownerLives);
  const halfDone = halfDoneNamespaces(dead);
  const files = emptyFiles(records);
  const recordFiles = dead.map(
    ({ file }): Leftover => ({ path: file, what: 'record', why: 'its process is dead' }),
  );
  const temporary = filesIn(RECORDS)
    .map((name) => `${RECORDS}/${name}`)
    .filter((path) => isTemporary(path.slice(RECORDS.length + 1)) && isOld(path))
    .map((path): Leftover => ({ path, what: 'record', why: 'half written by a process that is dead' }));
  const names = abandonedFolders().map(
    (path): Leftover => ({ path, what: 'names', why: 'their process is dead' }),
  );
  const gone = [...halfDone, ...files, ...recordFiles, ...temporary, ...names];
  return [...gone, ...emptyFolders(new Set(gone.map(({ path }) => path)))];
}

/** Only the very namespace that was to be kept: another one may have the name by now. */
function halfDoneNamespaces(dead: readonly UnfinishedRecord[]): Leftover[] {
  return dead
    .flatMap(({ intentions }) => intentions)
    .filter(({ path, identity }) => {
      const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      return stat !== undefined && identityOf(stat) === identity;
    })
    .map(({ path }) => ({
      path,
      what: 'namespace',
      why: 'kept by a process that was killed before it was done',
    }));
}

function emptyFiles(records: readonly UnfinishedRecord[]): Leftover[] {
  const pathsOf = (lives: boolean): Set<string> =>
    new Set(
      records
        .filter(({ ownerLives }) => ownerLives === lives)
        .flatMap(({ intentions }) => intentions.map(({ path }) => path)),
    );
  const [busy, abandoned] = [pathsOf(true), pathsOf(false)];
  const places = mountedPlaces();
  const own = parseMountinfo(readTextFile('/proc/self/mountinfo'));
  return ALL_KINDS.map(keptFolder).flatMap((folder) =>
    filesIn(folder)
      .map((name) => `${folder}/${name}`)
      .filter((path) => !busy.has(path) && isPlain(path, folder) && (abandoned.has(path) || isOld(path)))
      .filter((path) => !places.has(placeOf(path, own)))
      .map((path): Leftover => ({ path, what: 'file', why: 'no namespace is mounted on it' })),
  );
}

/** A file of its folder's own file system: a mount on it would show another one. */
function isPlain(path: string, folder: string): boolean {
  const file = lstatSync(path, { throwIfNoEntry: false });
  return file?.isFile() === true && file.size === 0 && file.dev === lstatSync(folder).dev;
}

function isOld(path: string): boolean {
  const file = lstatSync(path, { throwIfNoEntry: false });
  return file !== undefined && Date.now() - file.mtimeMs > GRACE_MILLISECONDS;
}

/**
 * Where in their file systems namespaces are mounted, in any mnt namespace that has a process: removing a file takes
 * away what is mounted on it elsewhere, where it may have another path.
 */
function mountedPlaces(): Set<string> {
  const tables = new Map<string, MountEntry[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const namespace = linkOf(`/proc/${pid}/ns/mnt`);
    if (namespace === undefined || tables.has(namespace)) continue;
    tables.set(namespace, parseMountinfo(readTextFileIfAny(`/proc/${pid}/mountinfo`) ?? ''));
  }
  return new Set(
    [...tables.values()].flatMap((mounts) =>
      mounts
        .filter(({ type }) => type === 'nsfs')
        .map(({ path, parent }) =>
          placeIn(
            path,
            mounts.find(({ id }) => id === parent),
          ),
        ),
    ),
  );
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // gone meanwhile, or not ours to look at
  }
}

/** `device path` of a file in the file system that it is in. */
function placeOf(path: string, mounts: readonly MountEntry[]): string {
  const above = mounts.filter((mount) => mount.path === '/' || path.startsWith(`${mount.path}/`));
  const deepest = above.reduce<MountEntry | undefined>(
    (best, mount) => (best === undefined || mount.path.length >= best.path.length ? mount : best),
    undefined,
  );
  return placeIn(path, deepest);
}

function placeIn(path: string, mount: MountEntry | undefined): string {
  if (mount === undefined) return path;
  const below = path.slice(mount.path === '/' ? 0 : mount.path.length);
  return `${mount.device} ${mount.root === '/' ? '' : mount.root}${below}`;
}

/** From the inside out, so that one that held nothing but another is empty too. */
function emptyFolders(gone: Set<string>): Leftover[] {
  const folders = [...ALL_KINDS.filter((kind) => kind !== 'net').map(keptFolder), KEPT, RECORDS, RUN];
  return folders.flatMap((path): Leftover[] => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
    if (filesIn(path).some((name) => !gone.has(`${path}/${name}`))) return [];
    gone.add(path);
    return [{ path, what: 'folder', why: 'nothing is in it' }];
  });
}

function removed(leftover: Leftover): Leftover {
  try {
    remove(leftover);
    return leftover;
  } catch (error) {
    if (!(error instanceof Isol8Error)) throw error;
    return { ...leftover, error: error.message };
  }
}

function remove({ path, what }: Leftover): void {
  try {
    if (what === 'namespace') Namespace.release(path);
    else if (what === 'folder') rmdirSync(path);
    else if (what === 'names') removeOwnedFolder(path);
    else unlinkSync(path);
  } catch (cause) {
    if (cause instanceof Isol8Error) throw cause;
    const { code = 'EIO' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTEMPTY') return; // somebody else was there meanwhile
    const remedy = code === 'EACCES' || code === 'EPERM' ? ' It belongs to root: be root.' : '';
    throw new Isol8Error(code, `remove ${path}: ${code}.${remedy}`, { cause });
  }
}
