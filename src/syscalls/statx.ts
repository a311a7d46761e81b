/** statx(2) into one buffer: what is asked for thousands of files at a time. */
import { bindSyscall } from './binding.js';
import { AT, STATX } from './constants.js';

/** struct statx of linux/stat.h is the same on every processor; these are places of its 32-bit words. */
const WORDS = 64;
const NLINK = 4;
const UID = 5;
const MODE = 7;
const INODE = 8;
const MAJOR = 34;
const MINOR = 35;
const MASK = STATX.NLINK | STATX.UID | STATX.INO;

/**
 * The status of one file at a time. It follows links, also those of /proc that lead to no path, and never waits for a
 * file system that has a server.
 */
export class StatusReader {
  readonly #statx = bindSyscall('statx');
  readonly #words = new Uint32Array(WORDS);

  /** Reads the status of a path (NUL-terminated) below a directory: 0 or a negated errno. */
  read(directory: number, path: Uint8Array, flags = 0): number {
    return this.#statx(directory, path, flags | AT.STATX_DONT_SYNC, MASK, this.#words);
  }

  get inode(): number {
    return (this.#words[INODE] as number) + 2 ** 32 * (this.#words[INODE + 1] as number);
  }

  get links(): number {
    return this.#words[NLINK] as number;
  }

  get uid(): number {
    return this.#words[UID] as number;
  }

  get mode(): number {
    return (this.#words[MODE] as number) & 0xffff;
  }

  /** As stat(2) has it (makedev(3)). */
  get device(): number {
    const major = this.#words[MAJOR] as number;
    const minor = this.#words[MINOR] as number;
    return (minor & 0xff) + major * 256 + (minor & ~0xff) * 4096;
  }
}
