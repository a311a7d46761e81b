/** Streams over descriptors, for Node and for Bun, which differ in what works. Every stream owns its descriptor. */
import { Socket } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { closeDescriptor, letGo, SystemCallError, trySyscall } from '../syscalls/binding.js';
import { FCNTL, O } from '../syscalls/constants.js';
import { errnoName, errnoNumber } from '../syscalls/errno.js';

/** The part of Bun's API that is used here: https://bun.sh/docs/api/file-io */
interface BunRuntime {
  file(descriptor: number): {
    stream(): import('node:stream/web').ReadableStream;
  };
}

const bun = (globalThis as { Bun?: BunRuntime }).Bun;

/** Node's streams close what they are made over when their thread ends. */
function over<Stream>(descriptor: number, make: (descriptor: number) => Stream): Stream {
  const stream = make(descriptor);
  letGo(descriptor);
  return stream;
}

/** Reads a pipe. Under Node a socket, which costs no thread of the pool; under Bun such a socket hangs. */
export function readPipe(descriptor: number): Readable {
  if (!bun) return over(descriptor, (fd) => new Socket({ fd, readable: true, writable: false }));
  const stream = Readable.fromWeb(bun.file(descriptor).stream());
  stream.once('close', () => closeDescriptor(descriptor));
  return stream;
}

/** Writes a pipe. EPIPE when the program has closed its end is an 'error' event, as in child_process. */
export function writePipe(descriptor: number): Writable {
  if (!bun) return over(descriptor, (fd) => new Socket({ fd, readable: false, writable: true }));
  // Bun's own writer works on a copy of the descriptor, and two would have to be closed for the program to see the end.
  trySyscall('fcntl', descriptor, FCNTL.F_SETFL, O.WRONLY | O.NONBLOCK);
  let open = true;
  const target = { object: 'the pipe', descriptor: () => (open ? descriptor : undefined) };
  return new Writable({
    write: (chunk: Uint8Array, _, done) => writeAll(target, chunk, done),
    destroy(error, done) {
      open = false;
      closeDescriptor(descriptor);
      done(error);
    },
  });
}

export interface TerminalStreams {
  readonly output: Readable;
  readonly input: Writable;
  /** The master, until it is closed. */
  readonly descriptor: () => number | undefined;
}

/**
 * The master of a pseudo terminal, which must be non-blocking. EIO is how Linux says that no process has the other end
 * open any more.
 */
export function openTerminal(master: number): TerminalStreams {
  const stream: Readable = bun ? pollTerminal(master) : over(master, (fd) => new ReadStream(fd));
  const output = new PassThrough();
  const descriptor = (): number | undefined => (stream.destroyed ? undefined : master);
  const input = new Writable({
    write: (chunk: Uint8Array, _, done) => writeAll({ object: 'the terminal', descriptor }, chunk, done),
  });
  stream.on('data', (chunk: Uint8Array) => {
    if (!output.write(chunk)) stream.pause();
  });
  output.on('drain', () => stream.resume());
  output.on('close', () => stream.destroy());
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO') output.end();
    else output.destroy(error);
  });
  // libuv takes a hang-up for the end as soon as one read was short, though the terminal still has bytes to give.
  stream.on('end', () => {
    for (const chunk of remaining(descriptor())) output.write(chunk);
    output.end();
  });
  stream.on('close', () => {
    output.end();
    input.destroy();
  });
  return { output, input, descriptor };
}

function* remaining(master: number | undefined): Generator<Uint8Array> {
  while (master !== undefined) {
    const chunk = Buffer.alloc(4096);
    const count = trySyscall('read', master, chunk, chunk.length);
    if (count <= 0) return;
    yield chunk.subarray(0, count);
  }
}

const RETRY_MILLISECONDS = 1;
const POLL_MILLISECONDS = 5;
const EIO = errnoNumber('EIO');
const EAGAIN = errnoNumber('EAGAIN');

/** For Bun, whose streams throw away what they have read when EIO comes, and whose reads by fs take a thread each. */
function pollTerminal(master: number): Readable {
  let timer: NodeJS.Timeout | undefined;
  const read = (): void => {
    const chunk = Buffer.alloc(16_384);
    const count = trySyscall('read', master, chunk, chunk.length);
    if (count === -EAGAIN) timer = setTimeout(read, POLL_MILLISECONDS);
    else stream.push(count > 0 ? chunk.subarray(0, count) : null);
  };
  const stream = new Readable({
    read,
    destroy(error, done) {
      clearTimeout(timer);
      closeDescriptor(master);
      done(error);
    },
  });
  return stream;
}

interface WriteTarget {
  /** For errors. */
  readonly object: string;
  readonly descriptor: () => number | undefined;
}

/**
 * Writes to a non-blocking descriptor, again and again until all is written. A terminal is not written by its stream:
 * libuv would stop the whole event loop until the program reads. EIO is a terminal that nobody has open any more.
 */
function writeAll(target: WriteTarget, chunk: Uint8Array, done: (error?: Error) => void): void {
  const descriptor = target.descriptor();
  const written = descriptor === undefined ? -EIO : trySyscall('write', descriptor, chunk, chunk.length);
  if (written === chunk.length || written === -EIO) done();
  else if (written < 0 && written !== -EAGAIN) {
    done(new SystemCallError('write', errnoName(-written), target.object));
  } else {
    const rest = chunk.subarray(Math.max(written, 0));
    // Whoever has just read will read on; a timer would wait for a whole millisecond.
    if (written > 0) setImmediate(() => writeAll(target, rest, done));
    else setTimeout(() => writeAll(target, rest, done), RETRY_MILLISECONDS);
  }
}
