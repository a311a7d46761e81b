import type { Readable } from 'node:stream';

/** What a stream brought, up to a limit. */
export interface Captured {
  readonly bytes: Buffer;
  /** It brought more than the limit; only what came before is kept. */
  readonly truncated: boolean;
  /** Somebody has destroyed it before its end. */
  readonly cut: boolean;
}

const NOTHING: Captured = { bytes: Buffer.alloc(0), truncated: false, cut: false };

/**
 * Takes all that a stream brings until it ends, is destroyed, or brings more than `limit` bytes. Then it is paused
 * and the receiver's to destroy. Rejects with the stream's error.
 */
export function capture(stream: Readable | null, limit: number): Promise<Captured> {
  if (!stream) return Promise.resolve(NOTHING);
  const bytes = new GrowingBuffer(limit);
  return new Promise((resolve, reject) => {
    const settle = (how: { truncated?: true; cut?: true }): void =>
      resolve({ ...NOTHING, bytes: bytes.taken, ...how });
    stream.on('data', (chunk: Uint8Array) => {
      if (bytes.append(chunk)) return;
      stream.pause();
      settle({ truncated: true });
    });
    stream.once('end', () => settle({}));
    stream.once('close', () => settle({ cut: true }));
    stream.on('error', reject);
  });
}

/** One buffer and not the chunks: of a program that writes single bytes each chunk takes hundreds. */
class GrowingBuffer {
  readonly #limit: number;
  #room: Uint8Array = NOTHING.bytes;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): Buffer {
    return Buffer.from(this.#room.buffer, this.#room.byteOffset, this.#size);
  }

  /** Returns false when it was more than there may be; what fits is kept. */
  append(chunk: Uint8Array): boolean {
    const fits = chunk.subarray(0, this.#limit - this.#size);
    if (this.#size === 0)
      this.#room = fits; // most programs write no more than that
    else {
      this.#reserve(this.#size + fits.length);
      this.#room.set(fits, this.#size);
    }
    this.#size += fits.length;
    return fits.length === chunk.length;
  }

  #reserve(size: number): void {
    if (size <= this.#room.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(size, 2 * this.#room.length, 4096)));
    larger.set(this.#room.subarray(0, this.#size));
    this.#room = larger;
  }
}
