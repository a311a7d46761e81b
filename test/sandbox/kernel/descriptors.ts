/** Opening, closing, reading and writing: what is behind each descriptor. */
import { AT, CLOSE_RANGE, IOCTL, O } from '../../../src/syscalls/constants.js';
import { RECORD_KIND } from '../../../src/syscalls/wire.js';
import { checkCreates } from './mounts.js';
import { openProcFile, writeProcFile } from './namespaces.js';
import { descriptor, KernelError, need, type Open, openDescriptor, type Process } from './process.js';
import { numberOf, textOf, u32sOf, type Value } from './values.js';

export function openat(process: Process, [directory, path, flags]: readonly Value[]): number {
  if ((numberOf(flags) & O.CLOEXEC) === 0) throw new KernelError('EINVAL', 'opened without O_CLOEXEC');
  return openDescriptor(process, opened(process, directory as Value, textOf(path), numberOf(flags)), true);
}

function opened(process: Process, directory: Value, path: string, flags: number): Open {
  const file = openProcFile(process, directory, path);
  if (file) return file;
  if (flags & O.CREAT) {
    descriptor(process, directory, ['place', 'mount']);
    checkCreates(process);
    return { kind: 'directory' };
  }
  if (directory !== AT.FDCWD) throw new KernelError('EINVAL', `what is opened by ${path}?`);
  if (path === '/proc') {
    if (process.namespaces.mnt.origin === 'joined')
      throw new KernelError('ENOENT', '/proc is another one by now');
    return { kind: 'proc', of: process.machine.pids.get(0)?.namespaces.pid ?? process.namespaces.pid };
  }
  if (path === '/') return { kind: 'place', path: '/', root: true };
  throw new KernelError('EINVAL', `nobody asked for ${path}`);
}

export function close(process: Process, [fd]: readonly Value[]): number {
  descriptor(process, fd);
  process.descriptors.delete(fd as number);
  return 0;
}

export function closeRange(process: Process, [first, last, flags]: readonly Value[]): number {
  if (numberOf(first) > numberOf(last)) throw new KernelError('EINVAL', 'close_range of less than nothing');
  for (const [number, open] of process.descriptors) {
    if (number < numberOf(first) || number > numberOf(last)) continue;
    if (flags === CLOSE_RANGE.CLOEXEC) open.cloexec = true;
    else process.descriptors.delete(number);
  }
  return 0;
}

export function dup3(process: Process, [from, to, flags]: readonly Value[]): number {
  const open = descriptor(process, from);
  if (from === to) throw new KernelError('EINVAL', 'it has that number already');
  process.descriptors.set(numberOf(to), { open, cloexec: flags === O.CLOEXEC });
  return numberOf(to);
}

export function pipe2(process: Process, [memory, flags]: readonly Value[]): number {
  if (numberOf(flags) !== O.CLOEXEC) throw new KernelError('EINVAL', 'a pipe without O_CLOEXEC');
  const pipe = { maker: process };
  const ends = (['read', 'write'] as const).map((end) =>
    openDescriptor(process, { kind: 'pipe', pipe, end }, true),
  );
  process.cells.set((memory as { memory: string }).memory, ends);
  return 0;
}

const holdsWriter = (process: Process, pipe: unknown): boolean =>
  [...process.descriptors.values()].some(
    ({ open }) => open.kind === 'pipe' && open.pipe === pipe && open.end === 'write',
  );

/** Only gates are read: the byte comes from the parent, and without it the end of the file must come. */
export function read(process: Process, [fd]: readonly Value[]): number {
  const open = descriptor(process, fd, ['pipe']) as Extract<Open, { kind: 'pipe' }>;
  if (open.end !== 'read' || open.pipe.maker !== process.parent)
    throw new KernelError('EBADF', 'not the gate');
  if (holdsWriter(process, open.pipe)) throw new KernelError('EDEADLK', 'it would wait for itself');
  if (!open.pipe.opened) throw new KernelError('EDEADLK', 'nobody opens the gate');
  process.mapped = true;
  return 1;
}

export function write(process: Process, [fd, data, size]: readonly Value[]): number {
  const open = descriptor(process, fd, ['status', 'pipe', 'proc-file']);
  if (open.kind === 'status') return writeRecord(process, data as Value, size as Value);
  if (open.kind === 'pipe') {
    if (open.end !== 'write') throw new KernelError('EBADF', 'the read end');
    open.pipe.opened = true;
  } else if (open.kind === 'proc-file') {
    checkGateClosed(process, open);
    const text = textOf(data);
    if (Buffer.byteLength(text) !== size) throw new KernelError('EINVAL', 'not the whole text in one write');
    writeProcFile(process, open, text);
  }
  return numberOf(size);
}

/** A child that goes on before its maps are whole works with half a map. */
function checkGateClosed(process: Process, { target }: Extract<Open, { kind: 'proc-file' }>): void {
  if (target === process) return;
  const gates = [...process.descriptors.values()].flatMap(({ open }) =>
    open.kind === 'pipe' && open.pipe.opened !== undefined ? [open.pipe] : [],
  );
  if (gates.some(({ opened }) => opened)) throw new KernelError('EPERM', 'the child was let go before');
}

function writeRecord(process: Process, data: Value, size: Value): number {
  const [kind] = u32sOf(data);
  if (size !== 12 || !(Object.values(RECORD_KIND) as number[]).includes(kind ?? -1)) {
    throw new KernelError('EINVAL', `a record of kind ${kind} and ${String(size)} bytes`);
  }
  if (kind === RECORD_KIND.started && !process.machine.program)
    throw new KernelError('EINVAL', 'it does not run yet');
  process.machine.records.push({ kind: kind as number, process });
  return 12;
}

const POLLIN = 1;

function pollfd(word: Value | undefined): { fd: Value | undefined; events: number } {
  if (typeof word !== 'number') return { fd: word, events: 0 };
  return { fd: word % 2 ** 32, events: Math.floor(word / 2 ** 32) };
}

/** The lifeline says that the parent is there; afterwards only its death signal can tell. */
export function ppoll(process: Process, [list, count, timeout]: readonly Value[]): number {
  const words = list !== null && typeof list === 'object' && 'words' in list ? list.words : [];
  if (count !== 1 || words.length !== 1) throw new KernelError('EINVAL', 'one descriptor is polled');
  if (u32sOf(timeout).some((part) => part !== 0)) throw new KernelError('EINVAL', 'it would wait');
  const { fd, events } = pollfd(words[0]);
  const open = descriptor(process, fd, ['lifeline', 'pipe']);
  // a pidfd is readable when its process has ended, a pipe hung up, which is told unasked
  if (open.kind === 'lifeline' && events !== POLLIN) throw new KernelError('EINVAL', 'not asked for its end');
  if (open.kind === 'pipe') {
    if (open.end !== 'read' || open.pipe.maker !== process.parent)
      throw new KernelError('EBADF', "not the parent's");
    if (holdsWriter(process, open.pipe))
      throw new KernelError('EINVAL', 'its own write end keeps the lifeline whole');
  }
  if (!process.parentDeathSignal) throw new KernelError('EINVAL', 'the parent-death signal comes first');
  process.guarded = true;
  return 0;
}

export function ioctl(process: Process, [fd, request]: readonly Value[]): number {
  const open = descriptor(process, fd, ['program', 'socket']);
  if (request === IOCTL.SIOCSIFFLAGS) {
    if (open.kind !== 'socket') throw new KernelError('ENOTTY', 'not a socket');
    need(process, { owner: process.namespaces.net.owner, capability: 'NET_ADMIN', onlyHere: true });
  } else if (request === IOCTL.TIOCSCTTY && !process.session) {
    throw new KernelError('EPERM', 'only who leads a session may take a terminal');
  }
  return 0;
}
