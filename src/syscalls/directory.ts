/** Directories by getdents64(2). */

import { currentArchitecture } from './architecture.js';
import { closeDescriptor, cString, syscall, trySyscall } from './binding.js';
import { AT, O, OPEN_FLAGS } from './constants.js';

const SIZE = 32_768;
const NAME_AT = 19;
const RECORD_LENGTH_AT = 16;
let entries: Uint8Array | undefined;

/** Opens a directory below another; a negated errno when it cannot be opened. */
export function tryOpenDirectory(below: number, path: string, flags: number = O.RDONLY): number {
  const all = flags | O.CLOEXEC | OPEN_FLAGS[currentArchitecture()].DIRECTORY;
  return trySyscall('openat', below, cString(path), all, 0);
}

/**
 * The entries of an open directory of proc(5) whose names are numbers, in the kernel's order: processes of /proc, threads
 * of /proc/PID/task, descriptors of /proc/PID/fd.
 */
export function numbersIn(descriptor: number): number[] {
  const numbers: number[] = [];
  entries ??= new Uint8Array(SIZE);
  for (;;) {
    // Less than there is room for is not the end: the kernel returns early when a signal is pending.
    const count = trySyscall('getdents64', descriptor, entries, SIZE);
    if (count <= 0) return numbers;
    takeNumbers(entries, count, numbers);
  }
}

/** struct linux_dirent64: inode, offset, the record's length at 16, type, and the name at 19. */
function takeNumbers(bytes: Uint8Array, end: number, into: number[]): void {
  for (let start = 0; start < end; ) {
    let at = start + NAME_AT;
    let number = 0;
    let digit = (bytes[at] as number) - 48;
    while (digit >= 0 && digit <= 9) {
      number = number * 10 + digit;
      digit = (bytes[++at] as number) - 48;
    }
    if (bytes[at] === 0) into.push(number);
    start +=
      (bytes[start + RECORD_LENGTH_AT] as number) + 256 * (bytes[start + RECORD_LENGTH_AT + 1] as number);
  }
}

/** Like {@link numbersIn}, by a path. Throws SystemCallError when the directory cannot be opened. */
export function numbersOf(path: string): number[] {
  const flags = O.RDONLY | O.CLOEXEC | OPEN_FLAGS[currentArchitecture()].DIRECTORY;
  const descriptor = syscall('openat', [AT.FDCWD, cString(path), flags, 0], path);
  try {
    return numbersIn(descriptor);
  } finally {
    closeDescriptor(descriptor);
  }
}
