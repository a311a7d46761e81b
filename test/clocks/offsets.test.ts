import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkOffsets, formatTimensOffsets, parseTimensOffsets } from '../../src/clocks/offsets.js';
import {
  durationFromNanoseconds,
  durationToNanoseconds,
  parseDuration,
} from '../../src/foundation/duration.js';
import { SpecError } from '../../src/foundation/errors.js';

const offset = fc.record(
  { seconds: fc.maxSafeInteger(), nanoseconds: fc.integer({ min: 0, max: 999_999_999 }) },
  { noNullPrototype: true },
);
const reading = fc
  .bigInt({ min: 0n, max: 10n ** 18n })
  .map((nanoseconds) => durationFromNanoseconds(nanoseconds));

describe('timens_offsets', () => {
  it('is written with a line for each clock given', () => {
    assert.equal(formatTimensOffsets({ monotonic: parseDuration('-7d') }), 'monotonic -604800 0\n');
    assert.equal(
      formatTimensOffsets({ boottime: parseDuration('1.5'), monotonic: parseDuration('-0.5') }),
      'monotonic -1 500000000\nboottime 1 500000000\n',
    );
    assert.equal(formatTimensOffsets({}), '');
  });

  it('is read as the kernel prints it, with names or with clock numbers', () => {
    const expected = {
      monotonic: { seconds: -604_800, nanoseconds: 0 },
      boottime: { seconds: 0, nanoseconds: 5 },
    };
    assert.deepEqual(
      parseTimensOffsets('monotonic     -604800         0\nboottime            0         5\n'),
      expected,
    );
    assert.deepEqual(parseTimensOffsets('1 -604800 0\n7 0 5\n'), expected);
  });

  it('is refused when a line is something else', () => {
    assert.throws(
      () => parseTimensOffsets('monotonic 1\n'),
      /timens_offsets: cannot read the line "monotonic 1"/,
    );
    assert.throws(() => parseTimensOffsets('realtime 1 0\n'), SpecError);
    assert.throws(() => parseTimensOffsets('toString 1 0\n'), SpecError);
  });

  it('is read back as the offsets that were written', () => {
    fc.assert(
      fc.property(
        fc.record({ monotonic: offset, boottime: offset }, { requiredKeys: [], noNullPrototype: true }),
        (offsets) => assert.deepEqual(parseTimensOffsets(formatTimensOffsets(offsets)), offsets),
      ),
    );
  });
});

describe('checkOffsets', () => {
  const now = { monotonic: parseDuration('1000.5'), boottime: parseDuration('1d') };

  it('lets a clock go back to zero and no further, naming the limit', () => {
    checkOffsets({ monotonic: parseDuration('-1000.5'), boottime: parseDuration('-1d') }, now);
    assert.throws(
      () => checkOffsets({ monotonic: parseDuration('-7d') }, now, 'clocks.'),
      (error) => {
        assert.ok(error instanceof SpecError);
        assert.equal(error.field, 'clocks.monotonic');
        assert.match(error.message, /offset of -7d would make the clock negative .*ERANGE/);
        assert.match(error.message, /stands at 16m40.5s now, so the smallest offset allowed is -16m40.5s$/);
        return true;
      },
    );
    assert.throws(
      () => checkOffsets({ boottime: parseDuration('-1d0.000000001s') }, now),
      /^SpecError: boottime: /,
    );
  });

  it('lets a clock go forward 146 years and no further', () => {
    checkOffsets({ monotonic: parseDuration('4611685018') }, now);
    assert.throws(
      () => checkOffsets({ monotonic: parseDuration('4611685018.5') }, now),
      /beyond 146 years .*largest/,
    );
  });

  it('agrees with the kernel’s arithmetic on every offset', () => {
    const second = 10n ** 9n;
    const floorSeconds = (total: bigint) => (total - (((total % second) + second) % second)) / second;
    const nearby = fc.bigInt({ min: -2n * 10n ** 18n, max: 6n * 10n ** 18n }).map(durationFromNanoseconds);
    fc.assert(
      fc.property(nearby, reading, (monotonic, clock) => {
        const moved = floorSeconds(durationToNanoseconds(clock) + durationToNanoseconds(monotonic));
        const kernelTakesIt = moved >= 0n && moved <= 9_223_372_036n / 2n;
        const check = () => checkOffsets({ monotonic }, { monotonic: clock, boottime: clock });
        if (kernelTakesIt) check();
        else assert.throws(check, SpecError);
      }),
    );
  });
});
