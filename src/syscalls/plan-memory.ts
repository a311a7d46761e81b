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

  /** Goes on behind bytes that were written before, with room for about `more`. */
  static after(bytes: Uint8Array, more: number): PlanMemory {
    const memory = new PlanMemory(bytes.length, bytes.length + more);
    memory.#bytes.set(bytes);
    return memory;
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
    this.#end = at + written + 1;
    return at;
  }

  /** Many texts in one write. */
  texts(texts: readonly string[]): Place[] {
    if (texts.length === 0) return [];
    const all = texts.join('\0');
    let next = this.text(all);
    const ascii = this.#end - next === all.length + 1;
    return texts.map((text) => {
      const place: Place = [next, ascii ? text.length : Buffer.byteLength(text, 'utf8')];
      next += place[1] + 1;
      return place;
    });
  }

  block(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return at;
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
