import { LinkReader } from '../../namespaces/list/namespace-link.js';
import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AT, FCNTL } from '../../syscalls/constants.js';
import { numbersIn, tryOpenDirectory } from '../../syscalls/directory.js';

const STANDARD = 3;
/** Nobody chooses one beyond it by hand, and the launcher's table of descriptors stays small. */
const LIMIT = 1024;
/** What Node and Bun open for their event loops, and to have a descriptor to give up when there are no more. */
const RUNTIMES = /^(anon_inode:\[(eventpoll|eventfd|io_uring)\]|\/dev\/null)$/;

/**
 * Descriptors from 3 up that the caller has passed on, which unshare(1) and nsenter(1) pass on in turn. The runtime has
 * marked most of them to be closed on exec, as its own are, so these are told by what they are. To be called before
 * anything else is opened.
 */
export function callersDescriptors(): number[] {
  const directory = tryOpenDirectory(AT.FDCWD, '/proc/self/fd');
  if (directory < 0) return [];
  const links = new LinkReader();
  const open = numbersIn(directory)
    .filter((fd) => fd >= STANDARD && fd < LIMIT && fd !== directory)
    .map((fd) => ({ fd, link: links.read(directory, cString(String(fd))) ? links.text : '' }));
  closeDescriptor(directory);
  const both = (link: string): boolean =>
    link.startsWith('pipe:') && open.filter((other) => other.link === link).length > 1;
  return open
    .filter(({ fd, link }) => !closesOnExec(fd) || !(RUNTIMES.test(link) || both(link)))
    .map(({ fd }) => fd)
    .sort((a, b) => a - b);
}

const closesOnExec = (fd: number): boolean => trySyscall('fcntl', fd, FCNTL.F_GETFD, 0) !== 0;
