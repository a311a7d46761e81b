import { SpecError } from '../../foundation/errors.js';
import { cString, trySyscall } from '../../syscalls/binding.js';
import { AT } from '../../syscalls/constants.js';
import { parseWhole } from './run-values.js';

const OPTION = '--preserve-fds';
const STANDARD = 3;
const MOST = 250;

/** How many descriptors the command gets, from 0 up. Throws SpecError for one that the caller has not opened. */
export function descriptorCount(preserve: string | undefined): number {
  const extra = preserve === undefined ? 0 : parseWhole(preserve, OPTION);
  if (extra < 0 || extra > MOST) throw new SpecError(OPTION, `must be between 0 and ${MOST}`);
  for (let descriptor = STANDARD; descriptor < STANDARD + extra; descriptor++) {
    if (!isCallers(descriptor)) throw new SpecError(OPTION, `descriptor ${descriptor} is not open`);
  }
  return STANDARD + extra;
}

/**
 * Node and Bun take the lowest numbers that the caller has left free, and an epoll instance first: nothing from that one
 * on may get into a namespace.
 */
function isCallers(descriptor: number): boolean {
  const target = Buffer.alloc(64);
  const length = trySyscall(
    'readlinkat',
    AT.FDCWD,
    cString(`/proc/self/fd/${descriptor}`),
    target,
    target.length,
  );
  return length >= 0 && target.toString('utf8', 0, length) !== 'anon_inode:[eventpoll]';
}
