import { aligned } from './attribute-writer.js';
import { NetlinkDecodeError } from './errors.js';

const HEADER = 4;
/** The upper bits of the type: NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const TYPE_MASK = 0x3fff;

/**
 * The attributes in a part of a message. Making one checks that each lies inside; a getter gives undefined for one that is
 * not there, and throws for one of another size than the asked for type has. Of several with one type the last counts, as in
 * the kernel's own nla_parse().
 *
 * @throws NetlinkDecodeError
 */
export class Attributes {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  /** Where the last of each type begins. */
  readonly #positions = new Map<number, number>();

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    for (let at = start; at < end; ) {
      const size = this.#sizeAt(at);
      this.#positions.set(this.#typeAt(at), at);
      at = aligned(at + size);
    }
  }

  has(type: number): boolean {
    return this.#find(type) >= 0;
  }

  u8(type: number): number | undefined {
    const at = this.#payload(type, 1);
    return at < 0 ? undefined : this.#bytes.readUInt8(at);
  }

  u16(type: number): number | undefined {
    const at = this.#payload(type, 2);
    return at < 0 ? undefined : this.#bytes.readUInt16LE(at);
  }

  u32(type: number): number | undefined {
    const at = this.#payload(type, 4);
    return at < 0 ? undefined : this.#bytes.readUInt32LE(at);
  }

  s32(type: number): number | undefined {
    const at = this.#payload(type, 4);
    return at < 0 ? undefined : this.#bytes.readInt32LE(at);
  }

  u64(type: number): bigint | undefined {
    const at = this.#payload(type, 8);
    return at < 0 ? undefined : this.#bytes.readBigUInt64LE(at);
  }

  be16(type: number): number | undefined {
    const at = this.#payload(type, 2);
    return at < 0 ? undefined : this.#bytes.readUInt16BE(at);
  }

  be32(type: number): number | undefined {
    const at = this.#payload(type, 4);
    return at < 0 ? undefined : this.#bytes.readUInt32BE(at);
  }

  be64(type: number): bigint | undefined {
    const at = this.#payload(type, 8);
    return at < 0 ? undefined : this.#bytes.readBigUInt64BE(at);
  }

  /** Up to the first NUL, or whole where there is none. */
  text(type: number): string | undefined {
    const at = this.#find(type);
    if (at < 0) return undefined;
    const end = at + this.#sizeAt(at);
    const nul = this.#bytes.indexOf(0, at + HEADER);
    return this.#bytes.toString('utf8', at + HEADER, nul < 0 || nul > end ? end : nul);
  }

  /** A view into the message; with `size`, of exactly that many bytes. */
  bytes(type: number, size?: number): Buffer | undefined {
    const at = size === undefined ? this.#find(type) : this.#payload(type, size) - HEADER;
    return at < 0 ? undefined : this.#bytes.subarray(at + HEADER, at + this.#sizeAt(at));
  }

  /** The attributes in an attribute. */
  nest(type: number): Attributes | undefined {
    const at = this.#find(type);
    return at < 0 ? undefined : new Attributes(this.#bytes, at + HEADER, at + this.#sizeAt(at));
  }

  /** All of them in their order, also several of one type: elements of a list. */
  entries(): { type: number; bytes: Buffer }[] {
    const found: { type: number; bytes: Buffer }[] = [];
    for (let at = this.#start; at < this.#end; at = aligned(at + this.#sizeAt(at))) {
      const bytes = this.#bytes.subarray(at + HEADER, at + this.#sizeAt(at));
      found.push({ type: this.#typeAt(at), bytes });
    }
    return found;
  }

  #typeAt(at: number): number {
    return this.#bytes.readUInt16LE(at + 2) & TYPE_MASK;
  }

  #sizeAt(at: number): number {
    if (at + HEADER > this.#end)
      throw new NetlinkDecodeError(`an attribute header at ${at} of ${this.#end} bytes`);
    const size = this.#bytes.readUInt16LE(at);
    if (size < HEADER || at + size > this.#end)
      throw new NetlinkDecodeError(`an attribute of ${size} bytes at ${at} of ${this.#end}`);
    return size;
  }

  /** Where the last of this type begins, or a number so negative that its payload would be too. */
  #find(type: number): number {
    return this.#positions.get(type) ?? -HEADER - 1;
  }

  #payload(type: number, size: number): number {
    const at = this.#find(type);
    if (at < 0) return at;
    const actual = this.#sizeAt(at) - HEADER;
    if (actual !== size) throw new NetlinkDecodeError(`attribute ${type} has ${actual} bytes, not ${size}`);
    return at + HEADER;
  }
}
