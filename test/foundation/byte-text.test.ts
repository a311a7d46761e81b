import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { byteLength, carriesBytes, decodeText, encodeText } from '../../src/foundation/byte-text.js';
import { escapeControls } from '../../src/foundation/control-characters.js';
import { cString } from '../../src/syscalls/binding.js';
import { PlanMemory } from '../../src/syscalls/plan-memory.js';

/** Whole characters beside bytes of any kind: what random bytes alone seldom are. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }).map((part) => Buffer.from(part)),
      fc.string({ unit: 'binary', maxLength: 3 }).map((part) => Buffer.from(part)),
      fc.constantFrom('\uFFFD', '\u{1F600}', '\xe9', '').map((part) => Buffer.from(part)),
      // cut short, too long, a surrogate, beyond Unicode
      fc
        .constantFrom('e282', 'f09f98', 'c080', 'e08080', 'eda080', 'edb3bf', 'f4908080')
        .map((hex) => Buffer.from(hex, 'hex')),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts));

describe('texts that carry bytes', () => {
  it('give back any bytes', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        const text = decodeText(given);
        assert.deepEqual(encodeText(text), given);
        assert.equal(byteLength(text), given.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('are the usual texts where the bytes are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        assert.equal(decodeText(Buffer.from(text)), text);
        assert.deepEqual(encodeText(text), Buffer.from(text));
        assert.equal(carriesBytes(text), false);
      }),
    );
  });

  it('carry only what is no UTF-8', () => {
    assert.equal(decodeText(Buffer.from('61fee9c3a9ff', 'hex')), 'a\udcfe\udce9\xe9\udcff');
  });

  it('are bytes again in plans and in the arguments of system calls', () => {
    fc.assert(
      fc.property(fc.array(bytes), (given) => {
        const whole = given.map((part) => Buffer.from(part.filter((byte) => byte !== 0)));
        const texts = whole.map(decodeText);
        for (const [i, text] of texts.entries())
          assert.deepEqual(Buffer.from(cString(text)), Buffer.concat([whole[i] as Buffer, Buffer.of(0)]));
        const memory = new PlanMemory(0, 16);
        const places = memory.places(texts);
        memory.text('behind');
        const plan = Buffer.from(memory.finish());
        assert.deepEqual(
          places.map(([at, size]) => plan.subarray(at, at + size)),
          whole,
        );
        const end = places.reduce((next, [, size]) => next + size + 1, 0);
        assert.equal(plan.toString('utf8', end), 'behind\0');
      }),
      { numRuns: 1000 },
    );
  });

  it('show those bytes as such', () => {
    assert.equal(escapeControls('d\udcfe\xe9\u{1F480}\x1b'), 'd\\xfe\xe9\u{1F480}\\x1b');
  });
});
