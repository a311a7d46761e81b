import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { acknowledgementOf } from '../../src/netlink/acknowledgement.js';
import { Attributes } from '../../src/netlink/attributes.js';
import { NetlinkDecodeError } from '../../src/netlink/errors.js';
import { decodeMessages, encodeMessages, type NetlinkMessage } from '../../src/netlink/message.js';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const message = fc.record({ type: u16, flags: u16, sequence: u32, body: fc.uint8Array({ maxLength: 300 }) });

/** All that is read from a message without knowing its family. */
function readWhole(found: NetlinkMessage): void {
  acknowledgementOf(found);
  const walk = (attributes: Attributes, depth: number): void => {
    for (const { type, bytes } of attributes.entries()) {
      attributes.text(type);
      attributes.bytes(type);
      if (depth < 8) tolerant(() => walk(new Attributes(bytes), depth + 1));
    }
  };
  walk(new Attributes(found.body), 0);
}

/** Runs something that may only fail as a decoder should. */
function tolerant(work: () => void): void {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof NetlinkDecodeError, String(error));
  }
}

describe('netlink messages', () => {
  it('come back as they were, one behind the other', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), u32, (messages, port) => {
        const decoded = decodeMessages(encodeMessages(messages, port));
        assert.deepEqual(
          decoded.map(({ body, ...rest }) => ({ ...rest, body: new Uint8Array(body) })),
          messages.map((one) => ({ ...one, port })),
        );
      }),
    );
  });

  it('of any bytes are refused in one way, and never read outside', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.array(message, { minLength: 1, maxLength: 3 }), u32, fc.nat(), u32)
        .map(([all, port, at, to]) => {
          const encoded = encodeMessages(all, port);
          encoded.writeUInt8(to & 0xff, at % encoded.length);
          return new Uint8Array(encoded.subarray(0, encoded.length - (to % 3)));
        }),
    );
    const refused = fc.property(bytes, (datagram) =>
      tolerant(() => {
        for (const found of decodeMessages(Buffer.from(datagram))) tolerant(() => readWhole(found));
      }),
    );
    fc.assert(refused, { numRuns: 100_000 });
  });

  it('say what failed in the words of the extended acknowledgement', () => {
    const words = Buffer.from('1c000100556e6b6e6f776e2064657669636520747970650000000000', 'hex');
    const request = Buffer.from('20000000100005060100000000000000', 'hex');
    const status = Buffer.alloc(4);
    status.writeInt32LE(-95);
    words.writeUInt16LE(24, 0);
    const body = Buffer.concat([status, request, words.subarray(0, 24)]);
    const error = { type: 2, flags: 0x300, sequence: 1, port: 1, body };
    assert.deepEqual(acknowledgementOf(error), { errno: 'EOPNOTSUPP', kernelMessage: 'Unknown device type' });
    assert.deepEqual(acknowledgementOf({ ...error, flags: 0x100 }), { errno: 'EOPNOTSUPP' });
    assert.throws(() => acknowledgementOf({ ...error, body: body.subarray(0, 3) }), NetlinkDecodeError);
    assert.throws(() => acknowledgementOf({ ...error, flags: 0x200 }), NetlinkDecodeError);
    const endless = Buffer.from(body);
    endless.writeUInt32LE(0x80000000, 4);
    assert.throws(() => acknowledgementOf({ ...error, flags: 0x200, body: endless }), NetlinkDecodeError);
  });
});
