/** Writing without process.stdout, whose set-up costs more than a whole run of a program in new namespaces. */
import { encodeText } from '../foundation/byte-text.js';
import { SystemCallError, trySyscall } from '../syscalls/binding.js';
import { IOCTL, POLL } from '../syscalls/constants.js';
import { errnoName, errnoNumber } from '../syscalls/errno.js';

export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/**
 * Writes a text to the end. A reader that has gone away ends the writing, as SIGPIPE would; what is lost of standard error nobody
 * can be told.
 *
 * @throws SystemCallError where standard output takes nothing more: ENOSPC, EIO, EBADF.
 */
export function write(descriptor: number, text: string): void {
  tryWrite(descriptor, text);
}

/** {@link write}, and whether there still is a reader. */
export function tryWrite(descriptor: number, text: string): boolean {
  let bytes: Uint8Array = encodeText(text);
  while (bytes.length > 0) {
    const written = trySyscall('write', descriptor, bytes, bytes.length);
    if (written >= 0) bytes = bytes.subarray(written);
    else if (written === -errnoNumber('EAGAIN')) waitUntilWritable(descriptor);
    else if (written !== -errnoNumber('EINTR')) return withoutReader(descriptor, errnoName(-written));
  }
  return true;
}

/** struct pollfd: the descriptor, and the events that are waited for. */
function waitUntilWritable(descriptor: number): void {
  const poll = Buffer.alloc(8);
  poll.writeInt32LE(descriptor);
  poll.writeInt16LE(POLL.OUT, 4);
  trySyscall('ppoll', poll, 1, null, null, 0);
}

function withoutReader(descriptor: number, errno: string): false {
  if (errno === 'EPIPE' || descriptor === STDERR) return false;
  throw new SystemCallError('write', errno, 'to standard output');
}

/** The size of the terminal behind a descriptor, undefined when it is none. */
export function terminalSize(descriptor: number): { columns: number; rows: number } | undefined {
  const size = Buffer.alloc(8);
  if (trySyscall('ioctl', descriptor, IOCTL.TIOCGWINSZ, size) < 0) return undefined;
  return { rows: size.readUInt16LE(0), columns: size.readUInt16LE(2) };
}

/** How help is to look: colour on a terminal only, and never with NO_COLOR (https://no-color.org). */
export function helpStyle(): { columns: number; color: boolean } {
  const size = terminalSize(STDOUT);
  const color = size !== undefined && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return { columns: Math.min(size?.columns || 80, 120), color };
}
