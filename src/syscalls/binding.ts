import { carriesBytes, encodeText } from '../foundation/byte-text.js';
import { Isol8Error } from '../foundation/errors.js';
import { loadAddon, type RawArgument } from './addon.js';
import { currentArchitecture } from './architecture.js';
import { errnoName, TOO_MANY_DESCRIPTORS } from './errno.js';
import { type SyscallName, syscallNumber } from './table.js';

/** A system call made by this process itself (not by a plan) that failed. */
export class SystemCallError extends Isol8Error {
  override readonly name = 'SystemCallError';
  readonly syscall: string;

  /** @internal */
  constructor(syscall: string, errno: string, object: string) {
    const remedy = errno === 'EMFILE' || errno === 'ENFILE' ? `. ${TOO_MANY_DESCRIPTORS}` : '';
    super(errno, `${syscall}${object && ` ${object}`}: ${errno}${remedy}`);
    this.syscall = syscall;
  }
}

/** Makes a system call on the calling thread; returns its result or a negated errno. */
export function trySyscall(name: SyscallName, ...args: RawArgument[]): number {
  return loadAddon().syscall(syscallNumber(name, currentArchitecture()), ...args);
}

/**
 * {@link trySyscall} on a thread of the runtime's pool, for what waits for the kernel. The call sees the namespaces of that
 * thread; the arrays it is given belong to it until the promise is settled.
 */
export function trySyscallLater(name: SyscallName, ...args: RawArgument[]): Promise<number> {
  return loadAddon().syscallLater(syscallNumber(name, currentArchitecture()), ...args);
}

/** {@link trySyscall} for a call that is made thousands of times: it looks the call up once. */
export function bindSyscall(name: SyscallName): (...args: RawArgument[]) => number {
  return loadAddon().syscall.bind(undefined, syscallNumber(name, currentArchitecture()));
}

/** Makes a system call on the calling thread. Throws SystemCallError; `object` is what it was about. */
export function syscall(name: SyscallName, args: readonly RawArgument[], object = ''): number {
  const result = trySyscall(name, ...args);
  if (result < 0) throw new SystemCallError(name, errnoName(-result), object);
  return result;
}

/**
 * {@link syscall} for one that opens descriptors. They are closed when this JavaScript thread ends, as a Worker does that is
 * terminated, unless they were closed, launched or {@link letGo} before.
 */
export function syscallHeld(name: SyscallName, args: readonly RawArgument[], object = ''): number {
  const result = trySyscallHeld(name, ...args);
  if (result < 0) throw new SystemCallError(name, errnoName(-result), object);
  return result;
}

/** {@link syscallHeld} that returns its result or a negated errno. */
export function trySyscallHeld(name: SyscallName, ...args: RawArgument[]): number {
  return loadAddon().syscallHeld(syscallNumber(name, currentArchitecture()), ...args);
}

/** Something else closes the descriptor from now on. */
export function letGo(descriptor: number): void {
  loadAddon().letGo(descriptor);
}

/** NUL-terminated text for a system call. Throws when the text has a NUL of its own, which would cut it short. */
export function cString(text: string): Uint8Array {
  if (text.includes('\0')) throw new Isol8Error('EINVAL', `${JSON.stringify(text)} has a NUL byte in it`);
  const bytes = Buffer.from(`${text}\0`, 'utf8');
  return bytes.length > text.length + 1 && carriesBytes(text) ? encodeText(`${text}\0`) : bytes;
}

export function closeDescriptor(descriptor: number): void {
  trySyscall('close', descriptor);
}
