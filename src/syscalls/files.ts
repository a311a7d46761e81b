/** Small files by raw system calls: node:fs costs the command line more time than the rest of its work. */
import { closeDescriptor, cString, syscall, syscallHeld, trySyscall, trySyscallHeld } from './binding.js';
import { AT, O, RESOLVE } from './constants.js';

/** Opens a path; O_CLOEXEC is always added. Throws SystemCallError. */
export function openFile(path: string, flags: number = O.RDONLY): number {
  return syscallHeld('openat', [AT.FDCWD, cString(path), flags | O.CLOEXEC, 0], path);
}

/** The whole text of a file. Throws SystemCallError. */
export function readTextFile(path: string): string {
  const descriptor = openFile(path);
  try {
    return readDescriptor(descriptor, path);
  } finally {
    closeDescriptor(descriptor);
  }
}

/** The whole of a file, whose text need not be UTF-8. Throws SystemCallError. */
export function readFileBytes(path: string): Buffer {
  const descriptor = openFile(path);
  try {
    return readBytes(descriptor, path);
  } finally {
    closeDescriptor(descriptor);
  }
}

/** The whole text of a file, or undefined when it cannot be opened or read. */
export function readTextFileIfAny(path: string): string | undefined {
  const descriptor = trySyscallHeld('openat', AT.FDCWD, cString(path), O.RDONLY | O.CLOEXEC, 0);
  if (descriptor < 0) return undefined;
  try {
    return readDescriptor(descriptor, path);
  } catch {
    return undefined;
  } finally {
    closeDescriptor(descriptor);
  }
}

/** Puts a text in the place of a file's content; the file is made with this mode where it is not there. Throws SystemCallError. */
export function writeTextFile(path: string, text: string, mode: number): void {
  const flags = O.WRONLY | O.CREAT | O.TRUNC | O.CLOEXEC;
  const descriptor = syscallHeld('openat', [AT.FDCWD, cString(path), flags, mode], path);
  try {
    writeDescriptor(descriptor, Buffer.from(text, 'utf8'), path);
  } finally {
    closeDescriptor(descriptor);
  }
}

/** Writes all of it, however often that takes; `path` is for the error. Throws SystemCallError. */
export function writeDescriptor(descriptor: number, bytes: Uint8Array, path: string): void {
  for (let done = 0; done < bytes.length; ) {
    const rest = bytes.subarray(done);
    done += syscall('write', [descriptor, rest, rest.length], path);
  }
}

/** The rest of the text of an open file; `path` is for the error. Throws SystemCallError. */
export const readDescriptor = (descriptor: number, path: string): string =>
  readBytes(descriptor, path).toString('utf8');

function readBytes(descriptor: number, path: string): Buffer {
  let bytes = Buffer.alloc(4096);
  let end = 0;
  for (;;) {
    const count = syscall('read', [descriptor, bytes.subarray(end), bytes.length - end], path);
    if (count === 0) return bytes.subarray(0, end);
    end += count;
    if (end === bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(bytes.length)]);
  }
}

/** A part of stat(2). */
export interface FileStatus {
  readonly mode: number;
  readonly inode: bigint;
  readonly device: bigint;
  /** When its content changed last, in seconds since 1970. */
  readonly modified: bigint;
}

/** What a path leads to, or undefined when it leads nowhere. */
export function statFile(path: string): FileStatus | undefined {
  const stat = Buffer.alloc(144);
  if (trySyscall('newfstatat', AT.FDCWD, cString(path), stat, 0) < 0) return undefined;
  return statOf(stat);
}

export function statDescriptor(descriptor: number): FileStatus {
  const stat = Buffer.alloc(144);
  syscall('newfstatat', [descriptor, cString(''), stat, AT.EMPTY_PATH], `descriptor ${descriptor}`);
  return statOf(stat);
}

const EXECUTABLE = 0o111;

/** The first file of this name in one of the folders that somebody may execute. */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  return folders
    .map((folder) => `${folder}/${name}`)
    .find((path) => {
      const mode = statFile(path)?.mode ?? 0;
      return (mode & S_IFMT) === S_IFREG && (mode & EXECUTABLE) !== 0;
    });
}

/** The absolute ones of PATH, and where system programs are. */
export const programFolders = (): string[] => [
  ...(process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/')),
  ...['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin', '/usr/local/sbin'],
];

/** Whether a path leads to the file that a descriptor is of. */
export function isFileAt(descriptor: number, path: string): boolean {
  const [held, found] = [Buffer.alloc(144), Buffer.alloc(144)];
  syscall('newfstatat', [descriptor, cString(''), held, AT.EMPTY_PATH], `descriptor ${descriptor}`);
  if (trySyscall('newfstatat', AT.FDCWD, cString(path), found, 0) < 0) return false;
  return held.compare(found, 0, DEVICE_AND_INODE, 0, DEVICE_AND_INODE) === 0;
}

const DEVICE_AND_INODE = 16;
const MODE_AT = { x64: 24, arm64: 16 } as Record<string, number>;

/** struct stat of asm/stat.h: st_dev, st_ino, then st_nlink and st_mode in an order that differs. */
function statOf(stat: Buffer): FileStatus {
  return {
    device: stat.readBigUInt64LE(0),
    inode: stat.readBigUInt64LE(8),
    mode: stat.readUInt32LE(MODE_AT[process.arch] ?? 24),
    modified: stat.readBigInt64LE(88),
  };
}

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;

/**
 * The text of a file below a directory, with links in it resolved as if that directory were `/`; undefined when there
 * is none. A FIFO put there does not keep us waiting.
 */
export function readFileInside(root: string, path: string): string | undefined {
  const directory = trySyscallHeld('openat', AT.FDCWD, cString(root), O.PATH | O.CLOEXEC, 0);
  if (directory < 0) return undefined;
  const how = new BigUint64Array([
    BigInt(O.RDONLY | O.CLOEXEC | O.NONBLOCK),
    0n,
    BigInt(RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS),
  ]);
  const bytes = new Uint8Array(how.buffer);
  const descriptor = trySyscallHeld('openat2', directory, cString(path), bytes, bytes.length);
  closeDescriptor(directory);
  if (descriptor < 0) return undefined;
  try {
    const regular = (statDescriptor(descriptor).mode & S_IFMT) === S_IFREG;
    return regular ? readDescriptor(descriptor, path) : undefined;
  } finally {
    closeDescriptor(descriptor);
  }
}
