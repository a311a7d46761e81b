/** Writes fixed headers and nested attributes, struct nlattr of linux/netlink.h, into one growing buffer. */

const HEADER = 4;
export const NLA_F_NESTED = 0x8000;
const MAX_PAYLOAD = 0xffff - HEADER;

export const aligned = (size: number): number => (size + 3) & ~3;

/**
 * What every method writes begins on a boundary of four bytes and is padded to the next. Integers are in the machine's own
 * order, which on all that isol8 runs on is little endian; the `be` ones are in network order.
 *
 * @throws RangeError for a number that does not fit, or more than 65,531 bytes in one attribute.
 */
export class AttributeWriter {
  #bytes: Buffer = Buffer.alloc(256);
  #end = 0;

  /** What has been written, for as long as nothing more is. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
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
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  u16(type: number, value: number): this {
    const at = this.#attribute(type, 2);
    this.#bytes.writeUInt16LE(value, at);
    return this;
  }

  u32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#bytes.writeUInt32LE(value, at);
    return this;
  }

  s32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#bytes.writeInt32LE(value, at);
    return this;
  }

  u64(type: number, value: bigint): this {
    const at = this.#attribute(type, 8);
    this.#bytes.writeBigUInt64LE(value, at);
    return this;
  }

  be16(type: number, value: number): this {
    const at = this.#attribute(type, 2);
    this.#bytes.writeUInt16BE(value, at);
    return this;
  }

  be32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#bytes.writeUInt32BE(value, at);
    return this;
  }

  be64(type: number, value: bigint): this {
    const at = this.#attribute(type, 8);
    this.#bytes.writeBigUInt64BE(value, at);
    return this;
  }

  /** NUL-terminated, as the kernel's names are. */
  text(type: number, value: string): this {
    const size = Buffer.byteLength(value);
    const at = this.#attribute(type, size + 1);
    this.#bytes.write(value, at);
    return this;
  }

  bytesOf(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** An attribute made of others. rtnetlink mostly leaves {@link NLA_F_NESTED} away: give it in the type where it belongs. */
  nest(type: number, write: (writer: this) => void): this {
    const header = this.#end;
    this.#reserve(HEADER);
    write(this);
    const size = this.#end - header;
    if (size > MAX_PAYLOAD + HEADER)
      throw new RangeError(`attribute ${type & ~NLA_F_NESTED} would have ${size} bytes`);
    this.#bytes.writeUInt16LE(size, header);
    this.#bytes.writeUInt16LE(type, header + 2);
    return this;
  }

  /** Where the payload begins. It may move the bytes, so that it comes before they are looked at. */
  #attribute(type: number, size: number): number {
    if (size > MAX_PAYLOAD) throw new RangeError(`attribute ${type} would have ${size} bytes`);
    const at = this.#reserve(HEADER + size);
    this.#bytes.writeUInt16LE(HEADER + size, at);
    this.#bytes.writeUInt16LE(type, at + 2);
    return at + HEADER;
  }

  #reserve(size: number): number {
    const at = this.#end;
    this.#end += aligned(size);
    if (this.#end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#end, 2 * this.#bytes.length));
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return at;
  }
}
