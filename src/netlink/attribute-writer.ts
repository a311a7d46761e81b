/** Writes fixed headers and nested attributes, struct nlattr of linux/netlink.h, into one growing buffer. */

const HEADER = 4;
export const NLA_F_NESTED = 0x8000;
const MAX_PAYLOAD = 0xffff - HEADER;

export const aligned = (size: number): number => (size + 3) & ~3;

function checked(value: number, most: number): number {
  if (value >= 0 && value <= most && Math.trunc(value) === value) return value;
  throw new RangeError(`${value} is no whole number from 0 to ${most}`);
}

const swapped16 = (value: number): number => ((value & 0xff) << 8) | (value >> 8);

function halves(value: bigint): [low: number, high: number] {
  if (BigInt.asUintN(64, value) !== value) throw new RangeError(`${value} is no number of 64 bits`);
  return [Number(value & 0xffffffffn), Number(value >> 32n)];
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/**
 * What every method writes begins on a boundary of four bytes and is padded to the next. Integers are in the machine's own
 * order, which on all that isol8 runs on is little endian; the `be` ones are in network order.
 *
 * @throws RangeError for a number that does not fit, or more than 65,531 bytes in one attribute.
 */
export class AttributeWriter {
  #bytes = new Uint8Array(512);
  #end = 0;

  /** What has been written, for as long as nothing more is. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  /** How many bytes have been written. */
  get length(): number {
    return this.#end;
  }

  /** Fixed bytes without an attribute header: the family's own struct at the beginning of a message. */
  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  flag(type: number): this {
    this.#attribute(type, 0);
    return this;
  }

  u8(type: number, value: number): this {
    const at = this.#attribute(type, 1);
    this.#bytes[at] = checked(value, 0xff);
    return this;
  }

  u16(type: number, value: number): this {
    const at = this.#attribute(type, 2);
    this.#put16(at, checked(value, 0xffff));
    return this;
  }

  u32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#put32(at, checked(value, 0xffffffff));
    return this;
  }

  s32(type: number, value: number): this {
    if ((value | 0) !== value) throw new RangeError(`${value} is no signed number of 32 bits`);
    const at = this.#attribute(type, 4);
    this.#put32(at, value);
    return this;
  }

  u64(type: number, value: bigint): this {
    const [low, high] = halves(value);
    const at = this.#attribute(type, 8);
    this.#put32(at, low);
    this.#put32(at + 4, high);
    return this;
  }

  be16(type: number, value: number): this {
    const at = this.#attribute(type, 2);
    this.#put16(at, swapped16(checked(value, 0xffff)));
    return this;
  }

  be32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#put32be(at, checked(value, 0xffffffff));
    return this;
  }

  be64(type: number, value: bigint): this {
    const [low, high] = halves(value);
    const at = this.#attribute(type, 8);
    this.#put32be(at, high);
    this.#put32be(at + 4, low);
    return this;
  }

  /** NUL-terminated, as the kernel's names are. */
  text(type: number, value: string): this {
    if (!isAscii(value)) return this.bytesOf(type, Buffer.from(`${value}\0`));
    const at = this.#attribute(type, value.length + 1);
    for (let i = 0; i < value.length; i++) this.#bytes[at + i] = value.charCodeAt(i);
    return this;
  }

  bytesOf(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** An attribute made of others. rtnetlink mostly leaves {@link NLA_F_NESTED} away: give it in the type where it belongs. */
  nest(type: number, write: (writer: this) => void): this {
    const header = this.open(type);
    write(this);
    return this.close(header);
  }

  /** Begins an attribute made of those that follow. Gives what {@link close} is to be told. */
  open(type: number): number {
    const header = this.#reserve(HEADER);
    this.#put16(header + 2, type);
    return header;
  }

  /** Ends the attribute that was begun last and has not ended. */
  close(header: number): this {
    const size = this.#end - header;
    if (size > MAX_PAYLOAD + HEADER)
      throw new RangeError(`an attribute made of others would have ${size} bytes`);
    this.#put16(header, size);
    return this;
  }

  /** Where the payload begins. It may move the bytes, so that it comes before they are looked at. */
  #attribute(type: number, size: number): number {
    if (size > MAX_PAYLOAD) throw new RangeError(`attribute ${type} would have ${size} bytes`);
    const at = this.#reserve(HEADER + size);
    this.#put16(at, HEADER + size);
    this.#put16(at + 2, type);
    return at + HEADER;
  }

  // Byte by byte: a batch has thousands of these, and DataView and the methods of Buffer cost several times as much.

  #put16(at: number, value: number): void {
    this.#bytes[at] = value;
    this.#bytes[at + 1] = value >> 8;
  }

  #put32(at: number, value: number): void {
    this.#put16(at, value);
    this.#put16(at + 2, value >> 16);
  }

  #put32be(at: number, value: number): void {
    this.#put16(at, swapped16(value >>> 16));
    this.#put16(at + 2, swapped16(value & 0xffff));
  }

  #reserve(size: number): number {
    const at = this.#end;
    this.#end += aligned(size);
    if (this.#end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}
