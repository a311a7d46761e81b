import { Isol8Error, UnsupportedError } from '../foundation/errors.js';
import { type Addon, launcherPath, loadAddon } from './addon.js';
import { closeDescriptor, cString, SystemCallError, syscall, trySyscall } from './binding.js';
import { AT, FCNTL, MFD, MOUNT_ATTR, O, OPEN_TREE } from './constants.js';
import { errnoName, errnoNumber } from './errno.js';
import { writeDescriptor } from './files.js';

/** linux/fcntl.h */
const SEAL = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8, EXEC: 0x20 };

/** The launcher's descriptor: opened once in a process, as a memfd that nothing in a sandbox can write to. */
export function launcherDescriptor(): number {
  const addon = loadAddon();
  const known = addon.keepLauncher(-1);
  if (known >= 0) return known;
  const mine = openLauncher(addon);
  const kept = addon.keepLauncher(mine);
  if (kept !== mine) closeDescriptor(mine); // another thread was faster
  return kept;
}

function openLauncher(addon: Addon): number {
  const memfd = createMemfd();
  if (memfd < 0) return openLauncherFile(errnoName(-memfd));
  return unlessItThrows(memfd, () => {
    writeImage(memfd, addon.launcherImage);
    seal(memfd);
  });
}

/** A descriptor that nobody gets is closed. */
function unlessItThrows(descriptor: number, work: () => void): number {
  try {
    work();
    return descriptor;
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}

function writeImage(memfd: number, image: Uint8Array): void {
  try {
    writeDescriptor(memfd, image, 'the launcher');
  } catch (error) {
    throw error instanceof SystemCallError && error.code === 'EFBIG'
      ? tooLarge('the launcher', image)
      : error;
  }
}

/** A memfd is a file to RLIMIT_FSIZE, too. */
export const tooLarge = (object: string, { length }: Uint8Array): Isol8Error =>
  new Isol8Error(
    'EFBIG',
    `write ${object}: EFBIG. Its ${length} bytes are more than a file may have: raise RLIMIT_FSIZE (ulimit -f).`,
  );

function seal(memfd: number): void {
  const seals = SEAL.SEAL | SEAL.SHRINK | SEAL.GROW | SEAL.WRITE;
  // Linux 6.3 can seal the execute bits too; before, EINVAL.
  if (trySyscall('fcntl', memfd, FCNTL.F_ADD_SEALS, seals | SEAL.EXEC) < 0) {
    syscall('fcntl', [memfd, FCNTL.F_ADD_SEALS, seals], 'the launcher');
  }
}

/** Linux 6.3 wants to be told that a memfd is for executing (vm.memfd_noexec); older ones do not know the flag. */
function createMemfd(): number {
  const name = cString('isol8');
  const flags = MFD.CLOEXEC | MFD.ALLOW_SEALING;
  const result = trySyscall('memfd_create', name, flags | MFD.EXEC);
  return result === -errnoNumber('EINVAL') ? trySyscall('memfd_create', name, flags) : result;
}

/**
 * Where vm.memfd_noexec forbids the memfd: the file beside the addon, and for root through a detached read-only clone
 * of its mount, so that /proc/1/exe cannot be opened for writing from inside.
 */
function openLauncherFile(reason: string): number {
  const path = launcherPath();
  const descriptor = path === undefined ? -1 : openReadOnly(path);
  if (descriptor >= 0) return descriptor;
  const file = `the launcher's file ${path ?? 'is not part of this executable'} cannot be opened`;
  if (reason in SCARCE)
    throw new Isol8Error(
      reason,
      `open the launcher: memfd_create: ${reason}, and ${file}. ${SCARCE[reason]}`,
    );
  const remedy = reason === 'EACCES' ? '. Allow it: sysctl vm.memfd_noexec=0' : '';
  throw new UnsupportedError(
    `this machine refuses an executable memfd (memfd_create: ${reason}) and ${file}${remedy}`,
  );
}

/** What there is too little of, and how there is more. */
const SCARCE: Readonly<Record<string, string>> = {
  EMFILE: 'This process has too many files open: close some, or allow more by ulimit -n.',
  ENFILE: 'This machine has too many files open: allow more by sysctl fs.file-max.',
  ENOMEM: 'There is too little memory.',
};

function openReadOnly(path: string): number {
  const name = cString(path);
  const clone = trySyscall('open_tree', AT.FDCWD, name, OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC);
  if (clone < 0) return trySyscall('openat', AT.FDCWD, name, O.PATH | O.CLOEXEC, 0);
  const attributes = new Uint8Array(32);
  attributes[0] = MOUNT_ATTR.RDONLY;
  return unlessItThrows(clone, () => {
    syscall('mount_setattr', [clone, cString(''), AT.EMPTY_PATH, attributes, attributes.length], path);
  });
}
