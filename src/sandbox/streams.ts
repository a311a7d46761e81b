/** Streams over descriptors, for Node and for Bun, which differ in what works. Every stream owns its descriptor. */
import { Socket } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { closeDescriptor } from '../syscalls/binding.js';

/** The part of Bun's API that is used here: https://bun.sh/docs/api/file-io */
interface BunRuntime {
  file(descriptor: number): {
    stream(): import('node:stream/web').ReadableStream;
    writer(): { write(chunk: Uint8Array): number | Promise<number>; flush(): unknown; end(): unknown };
  };
}

const bun = (globalThis as { Bun?: BunRuntime }).Bun;

/** Reads a pipe. Under Node a socket, which costs no thread of the pool; under Bun such a socket hangs. */
export function readPipe(descriptor: number): Readable {
  if (!bun) return new Socket({ fd: descriptor, readable: true, writable: false });
  const stream = Readable.fromWeb(bun.file(descriptor).stream());
  stream.once('close', () => closeDescriptor(descriptor));
  return stream;
}

/** Writes a pipe. EPIPE when the program has closed its end is an 'error' event, as in child_process. */
export function writePipe(descriptor: number): Writable {
  if (!bun) return new Socket({ fd: descriptor, readable: false, writable: true });
  const sink = bun.file(descriptor).writer();
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      Promise.resolve(sink.write(chunk))
        .then(() => sink.flush())
        .then(() => done(), done);
    },
    final(done) {
      Promise.resolve(sink.end()).then(() => done(), done);
    },
    destroy(error, done) {
      Promise.resolve(sink.end()).then(
        () => done(error),
        () => done(error),
      );
    },
  });
}

export interface TerminalStreams {
  readonly output: Readable;
  readonly input: Writable;
}

/** The master of a pseudo terminal. EIO is how Linux says that no process has the other end open any more. */
export function openTerminal(master: number): TerminalStreams {
  const stream = new ReadStream(master);
  const output = new PassThrough();
  stream.on('data', (chunk: Uint8Array) => {
    if (!output.write(chunk)) stream.pause();
  });
  output.on('drain', () => stream.resume());
  output.on('close', () => stream.destroy());
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO') output.end();
    else output.destroy(error);
  });
  stream.on('close', () => output.end());
  const input = new Writable({
    write: (chunk: Uint8Array, encoding, done) => void stream.write(chunk, encoding, done),
  });
  return { output, input };
}
