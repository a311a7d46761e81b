import { SpecError } from '../foundation/errors.js';
import {
  closeDescriptor,
  cString,
  type SystemCallError,
  syscall,
  syscallHeld,
  trySyscall,
} from '../syscalls/binding.js';
import { AT, FCNTL, IOCTL, O } from '../syscalls/constants.js';
import { SLOT } from '../syscalls/launch.js';

/** What a descriptor of the program is: as child_process has it, or a descriptor of this process. */
export type Stdio = 'pipe' | 'inherit' | 'ignore' | number | { readonly fd: number };

/** How large a terminal is, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The program's descriptors before anything is started. */
export interface PreparedStdio {
  /** Descriptors of this process, or {@link SLOT} stand-ins, by the number they will have in the program. */
  readonly sources: readonly number[];
  /** Those of them that are only for the program: closed once it has them. */
  readonly owned: readonly number[];
  /** Our ends, by the program's number. */
  readonly ours: ReadonlyMap<number, number>;
  /** The pseudo terminal's master, when there is one; then also in `ours`. */
  readonly master?: number;
}

/** Many programs would be surprised by more, and every launch duplicates each. */
const MAX_DESCRIPTORS = 256;

/** Makes the pipes. Descriptor 0 is written by us, every other one read. Throws SpecError or SystemCallError. */
export function prepareStdio(
  stdio: readonly Stdio[],
  owner: { uid: number; gid: number } | undefined,
): PreparedStdio {
  if (stdio.length > MAX_DESCRIPTORS)
    throw new SpecError('stdio', `must have at most ${MAX_DESCRIPTORS} entries`);
  const sources: number[] = [];
  const owned: number[] = [];
  const ours = new Map<number, number>();
  try {
    for (const [index, entry] of stdio.entries()) {
      if (entry === 'pipe') {
        const { theirs, mine } = openPipe(index === 0, owner);
        owned.push(theirs);
        ours.set(index, mine);
        sources.push(theirs);
      } else if (entry === 'ignore') {
        sources.push(SLOT.null);
      } else {
        const given = entry === 'inherit' ? index : typeof entry === 'number' ? entry : entry.fd;
        const copy = duplicate(given, index);
        owned.push(copy);
        sources.push(copy);
      }
    }
  } catch (error) {
    for (const descriptor of [...owned, ...ours.values()]) closeDescriptor(descriptor);
    throw error;
  }
  return { sources, owned, ours };
}

/** A copy, so that the caller may close its own as soon as spawn has returned, as with child_process. */
function duplicate(descriptor: number, index: number): number {
  try {
    return syscallHeld('fcntl', [descriptor, FCNTL.F_DUPFD_CLOEXEC, 3], `descriptor ${descriptor}`);
  } catch (error) {
    if ((error as SystemCallError).code !== 'EBADF') throw error;
    throw new SpecError(`stdio[${index}]`, `descriptor ${descriptor} is not open`);
  }
}

/** A pipe and not a socket pair: `echo > /dev/stdout` reopens it, which a socket refuses with ENXIO. */
function openPipe(
  toProgram: boolean,
  owner: { uid: number; gid: number } | undefined,
): { theirs: number; mine: number } {
  const pair = new Int32Array(2);
  syscallHeld('pipe2', [pair, O.CLOEXEC], 'a pipe');
  const [read, write] = pair as unknown as [number, number];
  const [theirs, mine] = toProgram ? [read, write] : [write, read];
  // Reopening takes permission, which the program's user has as the owner; whom it becomes later on, or who it is in a
  // joined user namespace, is not known here. Only who may look into its /proc/PID/fd can get at the pipe at all.
  if (owner) trySyscall('fchown', theirs, owner.uid, owner.gid);
  trySyscall('fchmod', mine, 0o666);
  return { theirs, mine };
}

/** A new pseudo terminal: all three of the program's descriptors are its end, ours is the master. */
export function prepareTerminal(size: TerminalSize): PreparedStdio {
  const flags = O.RDWR | O.NOCTTY | O.CLOEXEC;
  const master = syscallHeld('openat', [AT.FDCWD, cString('/dev/ptmx'), flags | O.NONBLOCK, 0], '/dev/ptmx');
  try {
    syscall('ioctl', [master, IOCTL.TIOCSPTLCK, new Int32Array(1)], 'the pseudo terminal');
    const slave = syscallHeld('ioctl', [master, IOCTL.TIOCGPTPEER, flags], 'the pseudo terminal');
    resizeTerminal(master, size);
    return { master, sources: [slave, slave, slave], owned: [slave], ours: new Map([[0, master]]) };
  } catch (error) {
    closeDescriptor(master);
    throw error;
  }
}

/** TIOCSWINSZ of ioctl_tty(2); the program is told by SIGWINCH. */
export function resizeTerminal(descriptor: number, { columns, rows }: TerminalSize): void {
  const size = new Uint8Array(8);
  const view = new DataView(size.buffer);
  view.setUint16(0, rows, true);
  view.setUint16(2, columns, true);
  syscall('ioctl', [descriptor, IOCTL.TIOCSWINSZ, size], 'the pseudo terminal');
}
