/**
 * What is known about networks beyond the life of a process: small files below /run/isol8, which is empty after a reboot, in
 * a folder per network namespace that the networks are in. They change under a lock, by rename.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Isol8Error } from '../foundation/errors.js';
import { cString, SystemCallError, syscall, trySyscall } from '../syscalls/binding.js';
import { AT, LOCK } from '../syscalls/constants.js';
import { errnoName, errnoNumber } from '../syscalls/errno.js';
import { isFileAt, writeTextFile } from '../syscalls/files.js';

/** Where run-time files go: root's place first. */
const roots = (): string[] => {
  const places = [process.geteuid?.() === 0 ? '/run' : undefined, process.env.XDG_RUNTIME_DIR];
  return places.filter((path): path is string => path?.startsWith('/') === true);
};

/** What a file is called by until it is complete. */
const UNWRITTEN = '.tmp';

export class NetworkStore implements Disposable {
  readonly folder: string;
  /** {@link folder} but for the cookie. */
  readonly #place: string;
  /** What was read, for as long as nobody else writes: the lock's file counts the changes. */
  readonly #cache = new Map<string, unknown>();
  #generation = 0n;
  /** Whether whoever has the lock has counted a change already: others look only once it is free. */
  #counted = false;
  #locked = false;
  /** The lock's file, which stays open from the first time on. */
  #lockFile: number | undefined;
  /** Whether there may be nothing left in it, once the lock is given back. */
  #mayBeEmpty = false;
  /** Who has the lock, or will have it. */
  #users = 0;
  #disposed = false;
  /** One process waits at most once for the lock, whatever it does at the same time. */
  static #turn: Promise<unknown> = Promise.resolve();

  private constructor(place: string, cookie: bigint | undefined) {
    this.folder = cookie === undefined ? place : `${place}-${cookie}`;
    this.#place = place;
  }

  /**
   * The store of the network namespace with this inode, in /run/isol8 or, for who may not write there, $XDG_RUNTIME_DIR/isol8.
   * A later namespace may get the same inode, but not the same `cookie`.
   *
   * @throws Isol8Error EACCES when there is no folder to write to.
   */
  static of(inode: bigint, cookie: bigint | undefined): NetworkStore {
    const tried = roots();
    const root = tried.find((path) => isWritable(`${path}/isol8`) ?? isWritable(path) ?? false);
    if (root !== undefined) return new NetworkStore(`${root}/isol8/networks/${inode}`, cookie);
    throw new Isol8Error(
      'EACCES',
      `keep the state of networks: there is no folder to write to (${tried.join(', ') || '/run takes root'}). ` +
        'Set XDG_RUNTIME_DIR to a folder of yours.',
    );
  }

  /** Whether there has ever been something in it. */
  get exists(): boolean {
    return existsSync(this.folder);
  }

  /** Does something while nobody else, in this process or another, changes networks of this namespace. */
  locked<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#users++;
    const result = NetworkStore.#turn.then(async () => {
      try {
        const lock = await this.#lock();
        this.#locked = true;
        this.#counted = false;
        this.#forgetOld(lock);
        return await work();
      } finally {
        this.#unlock();
      }
    });
    NetworkStore.#turn = result.catch(() => {});
    return result;
  }

  #unlock(): void {
    if (this.#locked) {
      if (this.#mayBeEmpty) this.#removeIfEmpty();
      trySyscall('flock', this.#lockFile ?? -1, LOCK.UN);
    }
    this.#locked = false;
    this.#mayBeEmpty = false;
    this.#users--;
    if (this.#disposed && this.#users === 0) this.#closeLock();
  }

  /** As it was opened: Node closes by itself what a Worker that ends has open by its count, and with it gives the lock back. */
  #closeLock(): void {
    if (this.#lockFile !== undefined) closeSync(this.#lockFile);
    this.#lockFile = undefined;
  }

  /** Lets go of the lock's file, once nobody waits for it any more. What comes later opens it again. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    if (this.#users === 0) this.#closeLock();
  }

  /** Whoever found the store empty may have removed it: then it is made again. */
  async #lock(): Promise<number> {
    const path = `${this.folder}/lock`;
    for (;;) {
      this.#lockFile ??= openLock(path);
      if (this.#lockFile === undefined) continue;
      const result = await waitForLock(this.#lockFile);
      if (result < 0) throw new SystemCallError('flock', errnoName(-result), path);
      if (isFileAt(this.#lockFile, path)) return this.#lockFile;
      this.#closeLock();
    }
  }

  /** Who makes the file again begins anywhere, so that no count of an earlier one is taken for this one's. */
  #forgetOld(lock: number): void {
    const count = Buffer.alloc(8);
    const read = syscall('pread64', [lock, count, count.length, 0], 'the count of changes');
    if (read < count.length) this.#mayBeEmpty = true; // it is new: who only looks leaves no store behind
    const generation =
      read === count.length ? count.readBigUInt64LE() : randomBytes(8).readBigUInt64LE() >> 1n;
    if (generation !== this.#generation) this.#cache.clear();
    this.#generation = generation;
  }

  #changed(): void {
    if (!this.#locked || this.#lockFile === undefined)
      throw new Isol8Error('ERR_INTERNAL', 'the state of networks changed without its lock');
    if (this.#counted) return;
    this.#counted = true;
    this.#generation++;
    const count = Buffer.alloc(8);
    count.writeBigUInt64LE(this.#generation);
    syscall('pwrite64', [this.#lockFile, count, count.length, 0], 'the count of changes');
  }

  /** What `load` gives, or has given and nobody else has changed since; the caller keeps it up with his own changes. */
  cached<Content>(key: string, load: () => Content): Content {
    if (!this.#locked) return load();
    if (!this.#cache.has(key)) this.#cache.set(key, load());
    return this.#cache.get(key) as Content;
  }

  forget(key: string): void {
    this.#cache.delete(key);
  }

  /** Has the store removed at the end of this turn where nothing is left in it: the lock's file is the lock until then. */
  removeIfEmpty(): void {
    this.#mayBeEmpty = true;
  }

  #removeIfEmpty(): void {
    if (this.names('').some((name) => name !== 'lock')) return;
    rmSync(`${this.folder}/lock`, { force: true });
    const networks = dirname(this.folder);
    for (const folder of [this.folder, networks, dirname(networks)]) {
      try {
        rmdirSync(folder);
      } catch {
        return; // somebody waits for the lock, and has made it again, or there is something else
      }
    }
  }

  /** Removes what {@link write} has not come to the end of, and folders that have nothing else. Only under the lock. */
  dropUnwritten(folder = ''): void {
    const path = `${this.folder}/${folder}`;
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) this.dropUnwritten(name);
      else if (name.endsWith(UNWRITTEN)) this.remove(name);
    }
    if (folder !== '' && readdirSync(path).length === 0) this.remove(folder);
  }

  /** Removes what namespaces that had the same inode before have left. */
  removeFormer(): void {
    const networks = dirname(this.folder);
    const former = this.names('..').filter(
      (name) => name.startsWith(`${basename(this.#place)}-`) && name !== basename(this.folder),
    );
    for (const name of former) rmSync(`${networks}/${name}`, { recursive: true, force: true });
  }

  /** Names in a folder of the store; none when it is not there. */
  names(folder: string): string[] {
    try {
      return readdirSync(`${this.folder}/${folder}`);
    } catch {
      return [];
    }
  }

  /** undefined when it is not there, or not written to its end, which only a crash of the machine does. */
  read<Content>(file: string): Content | undefined {
    try {
      return JSON.parse(readFileSync(`${this.folder}/${file}`, 'utf8')) as Content;
    } catch {
      return undefined;
    }
  }

  /** Readers see the old content or the new, never a part. */
  write(file: string, content: unknown): void {
    this.writeFresh(`${file}${UNWRITTEN}`, content);
    this.rename(`${file}${UNWRITTEN}`, file);
  }

  /** A crash may leave a part of it. */
  writeFresh(file: string, content: unknown): void {
    this.#changed();
    const path = `${this.folder}/${file}`;
    const text = `${JSON.stringify(content)}\n`;
    try {
      writeTextFile(path, text, 0o644);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error;
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      writeTextFile(path, text, 0o644);
    }
  }

  rename(from: string, to: string): void {
    this.#changed();
    const [before, after] = [`${this.folder}/${from}`, `${this.folder}/${to}`];
    syscall('renameat2', [AT.FDCWD, cString(before), AT.FDCWD, cString(after), 0], after);
  }

  remove(file: string): void {
    this.#changed();
    rmSync(`${this.folder}/${file}`, { recursive: true, force: true });
  }
}

/** undefined where there is no such folder. */
function isWritable(folder: string): boolean | undefined {
  if (!existsSync(folder)) return undefined;
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** undefined when there was no folder for it, or none any more: there is one now. */
function openLock(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    return undefined;
  }
}

const LONGEST_PAUSE_MILLISECONDS = 8;

/**
 * Mostly nobody holds it. Threads of the pool are not to wait for it: all Workers have them in common, and who holds the lock may
 * need one.
 */
async function waitForLock(fd: number): Promise<number> {
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    const result = trySyscall('flock', fd, LOCK.EX | LOCK.NB);
    if (result !== -errnoNumber('EAGAIN')) return result;
    await sleep(pause);
  }
}
