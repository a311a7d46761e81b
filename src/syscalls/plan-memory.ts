import { byteLength, carriesBytes, encodeText } from '../foundation/byte-text.js';

/** Where a text begins, and its bytes without the NUL behind it. */
export type Place = readonly [at: number, size: number];

/** The bytes of a plan while it is being written: always zeroed, so that nothing of this process leaks into it. */
export class PlanMemory {
  #bytes: Buffer;
  #view: DataView;
  #end: number;

  constructor(start: number, capacity: number) {
    this.#bytes = Buffer.alloc(Math.max(capacity, start));
    this.#view = viewOf(this.#bytes);
    this.#end = start;
  }

  /** Begins again behind bytes that were written before, in the same memory. */
  restart(bytes: Uint8Array): void {
    this.#bytes.fill(0, bytes.length, this.#end);
    this.#end = 0;
    this.reserve(bytes.length);
    this.#bytes.set(bytes);
  }

  get end(): number {
    return this.#end;
  }

  /** Takes room at the end. */
  reserve(size: number, alignment = 8): number {
    const at = Math.ceil(this.#end / alignment) * alignment;
    this.#end = at + size;
    if (this.#end > this.#bytes.length) this.#grow();
    return at;
  }

  text(text: string): number {
    const size = text.length * 3 + 1; // no UTF-16 unit takes more than three bytes of UTF-8
    const at = this.reserve(size, 1);
    const written = this.#bytes.write(text, at, 'utf8');
    const ascii = written === text.length;
    this.#end = at + (ascii || !carriesBytes(text) ? written : this.#carried(text, at, written)) + 1;
    return at;
  }

  /** In the place of what is known of the text alone, which takes more room. */
  #carried(text: string, at: number, written: number): number {
    const bytes = encodeText(text);
    this.#bytes.set(bytes, at);
    this.#bytes.fill(0, at + bytes.length, at + written);
    return bytes.length;
  }

  /** Many texts in one write, each with a NUL behind it. */
  texts(texts: readonly string[]): number {
    return texts.length === 0 ? this.#end : this.text(texts.join('\0'));
  }

  /** The same, and where each of them is. */
  places(texts: readonly string[]): Place[] {
    let next = this.texts(texts);
    const characters = texts.reduce((sum, text) => sum + text.length + 1, 0);
    const ascii = this.#end - next === characters;
    return texts.map((text) => {
      const place: Place = [next, ascii ? text.length : byteLength(text)];
      next += place[1] + 1;
      return place;
    });
  }

  /** Room for the addresses of so many texts and a null pointer, see RELOCATE.texts. */
  vector(count: number): number {
    const at = this.reserve((count + 1) * 8);
    this.word(at, count);
    return at;
  }

  block(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return at;
  }

  /** Right behind what was written last, whatever the alignment. */
  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.reserve(bytes.length, 1));
  }

  u16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  u32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** 64 bits, two's complement. */
  word(at: number, value: number | bigint): void {
    if (typeof value === 'bigint') {
      this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
    } else {
      this.#view.setInt32(at, value | 0, true);
      this.#view.setInt32(at + 4, Math.floor(value / 2 ** 32) | 0, true);
    }
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  #grow(): void {
    const grown = Buffer.alloc(this.#end * 2);
    this.#bytes.copy(grown);
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
