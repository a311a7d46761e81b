import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AttributeWriter } from '../../src/netlink/attribute-writer.js';
import { Attributes } from '../../src/netlink/attributes.js';
import { NetlinkDecodeError } from '../../src/netlink/errors.js';

const type = fc.integer({ min: 1, max: 0x3fff });

const read = (writer: AttributeWriter): Attributes => new Attributes(Buffer.from(writer.bytes));

describe('netlink attributes', () => {
  it('are padded to four bytes, with their length without the padding', () => {
    const bytes = new AttributeWriter().text(3, 'veth0').u8(9, 1).flag(5).bytes;
    assert.equal(
      Buffer.from(bytes).toString('hex'),
      ['0a000300', '7665746830000000', '05000900', '01000000', '04000500'].join(''),
    );
  });

  it('give back every number, text and block of bytes', () => {
    fc.assert(
      fc.property(
        type,
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.string().filter((text) => !text.includes('\0')),
        fc.uint8Array({ maxLength: 2000 }),
        (id, number, large, text, bytes) => {
          assert.equal(read(new AttributeWriter().u32(id, number)).u32(id), number);
          assert.equal(read(new AttributeWriter().be32(id, number)).be32(id), number);
          assert.equal(read(new AttributeWriter().s32(id, number | 0)).s32(id), number | 0);
          assert.equal(read(new AttributeWriter().u16(id, number & 0xffff)).u16(id), number & 0xffff);
          assert.equal(read(new AttributeWriter().be16(id, number & 0xffff)).be16(id), number & 0xffff);
          assert.equal(read(new AttributeWriter().u8(id, number & 0xff)).u8(id), number & 0xff);
          assert.equal(read(new AttributeWriter().u64(id, large)).u64(id), large);
          assert.equal(read(new AttributeWriter().be64(id, large)).be64(id), large);
          const encoded = new TextDecoder().decode(new TextEncoder().encode(text)); // lone surrogates are replaced
          assert.equal(read(new AttributeWriter().text(id, text)).text(id), encoded);
          assert.deepEqual(
            new Uint8Array(read(new AttributeWriter().bytesOf(id, bytes)).bytes(id) ?? []),
            bytes,
          );
        },
      ),
    );
  });

  it('nest, and of several of one type the last counts, while all are listed', () => {
    const writer = new AttributeWriter().nest(18, (w) =>
      w.text(1, 'veth').nest(2, (inner) => inner.u32(1, 7)),
    );
    writer.u32(1, 1).u32(1, 2);
    const attributes = read(writer);
    assert.equal(attributes.nest(18)?.text(1), 'veth');
    assert.equal(attributes.nest(18)?.nest(2)?.u32(1), 7);
    assert.equal(attributes.u32(1), 2);
    assert.deepEqual(
      attributes.entries().map((entry) => entry.type),
      [18, 1, 1],
    );
    assert.deepEqual([attributes.has(18), attributes.has(2), attributes.u32(2)], [true, false, undefined]);
  });

  it('are whole wherever the buffer grows', () => {
    const attribute = fc.tuple(type, fc.uint8Array({ maxLength: 90 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(attribute, { minLength: 5, maxLength: 60 }), (list) => {
        const writer = new AttributeWriter();
        const wanted = list.map(([id, bytes, asNumber], i) => {
          if (asNumber) writer.u32(id, i);
          else writer.bytesOf(id, bytes);
          return {
            type: id,
            bytes: Buffer.from(asNumber ? new Uint8Array(Uint32Array.of(i).buffer) : bytes),
          };
        });
        assert.deepEqual(read(writer).entries(), wanted);
      }),
    );
  });

  it('refuse a value that does not fit', () => {
    assert.throws(() => new AttributeWriter().u8(1, 256), RangeError);
    assert.throws(() => new AttributeWriter().u32(1, -1), RangeError);
    assert.throws(() => new AttributeWriter().bytesOf(1, new Uint8Array(0x10000)), RangeError);
    const large = (writer: AttributeWriter): AttributeWriter => writer.bytesOf(1, new Uint8Array(0xfff0));
    assert.throws(() => new AttributeWriter().nest(1, (writer) => large(large(writer))), RangeError);
  });

  it('refuse another size than asked for, and what reaches out of the message', () => {
    const attributes = read(new AttributeWriter().u16(1, 1));
    assert.throws(() => attributes.u32(1), NetlinkDecodeError);
    assert.throws(() => attributes.bytes(1, 6), NetlinkDecodeError);
    for (const hex of ['08', '080001', '0800010001', '03000100', '00000000', 'ffff0100'])
      assert.throws(() => new Attributes(Buffer.from(hex, 'hex')), NetlinkDecodeError, hex);
  });
});
