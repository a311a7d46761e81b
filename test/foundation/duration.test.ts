import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Duration,
  durationFromNanoseconds,
  durationToMilliseconds,
  durationToNanoseconds,
  formatDuration,
  KTIME_SEC_MAX,
  parseDuration,
  toDuration,
} from '../../src/foundation/duration.js';
import { SpecError } from '../../src/foundation/errors.js';

const durations = fc.record(
  {
    seconds: fc.oneof(
      fc.integer({ min: -KTIME_SEC_MAX, max: KTIME_SEC_MAX }),
      fc.integer({ min: -100_000, max: 100_000 }),
    ),
    nanoseconds: fc.oneof(
      fc.integer({ min: 0, max: 999_999_999 }),
      fc.constantFrom(0, 1, 500_000_000, 999_999_999),
    ),
  },
  { noNullPrototype: true },
);

function refused(problem: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof SpecError);
    assert.equal(error.field, 'clocks.monotonic');
    assert.match(error.message, problem);
    return true;
  };
}

describe('parseDuration', () => {
  const readings: readonly (readonly [text: string, seconds: number, nanoseconds?: number])[] = [
    ['0', 0],
    ['-0', 0],
    ['-604800', -604_800],
    ['+5', 5],
    ['1.5', 1, 500_000_000],
    ['-0.5', -1, 500_000_000],
    ['-1.000000001', -2, 999_999_999],
    ['-7d', -604_800],
    ['-1w', -604_800],
    ['2w1d', 1_296_000],
    ['1h30m', 5_400],
    ['1.5h', 5_400],
    ['-1h30m0.5s', -5_401, 500_000_000],
    ['250ms', 0, 250_000_000],
    ['1s1ms1us1ns', 1, 1_001_001],
    ['90m', 5_400],
    [`${KTIME_SEC_MAX}`, KTIME_SEC_MAX],
    [`-${KTIME_SEC_MAX}`, -KTIME_SEC_MAX],
  ];
  for (const [text, seconds, nanoseconds = 0] of readings) {
    it(`reads ${text}`, () => assert.deepEqual(parseDuration(text), { seconds, nanoseconds }));
  }

  const refusals: readonly (readonly [text: string, problem: RegExp])[] = [
    ['', /is empty; write seconds/],
    [' 5', /not a duration/],
    ['-', /not a duration/],
    ['--5', /not a duration/],
    ['.5', /not a duration/],
    ['5.', /not a duration/],
    ['1.2.3', /not a duration/],
    ['1e3', /unknown unit 'e'|not a duration/],
    ['h', /not a duration/],
    ['1h30', /not a duration/],
    ['3y', /unknown unit 'y' \(known: w d h m s ms us ns\)/],
    ['1H', /unknown unit 'H'/],
    ['1m1h', /units out of order/],
    ['1h1h', /names the unit 'h' twice/],
    ['1.5h30m', /fraction before its last unit/],
    ['1.0000000001', /finer than a nanosecond/],
    ['1.5ns', /finer than a nanosecond/],
    ['9223372037', /beyond the kernel's limit of 9223372036 seconds/],
    ['-9223372036.5', /beyond the kernel's limit/],
    ['9'.repeat(65), /not a duration/],
  ];
  for (const [text, problem] of refusals) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(() => parseDuration(text, 'clocks.monotonic'), refused(problem));
    });
  }

  it('gives a normalised duration or a SpecError for any text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-+]?([0-9]{1,11}(\.[0-9]{1,10})?[wdhmsun]{0,2}){1,4}$/),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const { seconds, nanoseconds } = parseDuration(text);
          assert.ok(Number.isInteger(seconds) && Math.abs(seconds) <= KTIME_SEC_MAX);
          assert.ok(Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9);
        } catch (error) {
          assert.ok(error instanceof SpecError);
        }
      }),
    );
  });
});

describe('formatDuration', () => {
  it('writes days, hours, minutes and seconds, leaving out what is zero', () => {
    const written = ['0', '-604800', '5400', '-5400.5', '0.25', '61', '-0.000000001', '86400'].map((text) =>
      formatDuration(parseDuration(text)),
    );
    assert.deepEqual(written, ['0s', '-7d', '1h30m', '-1h30m0.5s', '0.25s', '1m1s', '-0.000000001s', '1d']);
  });

  it('is read back by parseDuration as the same duration', () => {
    fc.assert(
      fc.property(durations, (duration) =>
        assert.deepEqual(parseDuration(formatDuration(duration)), duration),
      ),
    );
  });
});

describe('toDuration', () => {
  it('takes a number as seconds, rounded to the nearest nanosecond', () => {
    assert.deepEqual(toDuration(0.1, 'f'), { seconds: 0, nanoseconds: 100_000_000 });
    assert.deepEqual(toDuration(-0.1, 'f'), { seconds: -1, nanoseconds: 900_000_000 });
    assert.deepEqual(toDuration(-1e-20, 'f'), { seconds: 0, nanoseconds: 0 });
    assert.deepEqual(toDuration(-0, 'f'), { seconds: 0, nanoseconds: 0 });
    assert.deepEqual(toDuration(0.9999999999, 'f'), { seconds: 1, nanoseconds: 0 });
  });

  it('takes whole numbers of seconds exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: -KTIME_SEC_MAX, max: KTIME_SEC_MAX }), (seconds) =>
        assert.deepEqual(toDuration(seconds, 'f'), { seconds, nanoseconds: 0 }),
      ),
    );
  });

  it('takes every normalised duration as it is', () => {
    fc.assert(fc.property(durations, (duration) => assert.deepEqual(toDuration(duration, 'f'), duration)));
  });

  const refusals: readonly (readonly [value: unknown, problem: RegExp])[] = [
    [Number.NaN, /NaN is not a number of seconds/],
    [Number.POSITIVE_INFINITY, /Infinity is not a number of seconds/],
    [1e30, /beyond the kernel's limit/],
    [9_223_372_037, /beyond the kernel's limit/],
    [{ seconds: 1.5, nanoseconds: 0 }, /seconds must be an integer, not 1.5/],
    [{ seconds: 0, nanoseconds: -1 }, /from 0 to 999999999, not -1; nanoseconds count forward/],
    [{ seconds: 0, nanoseconds: 1e9 }, /from 0 to 999999999, not 1000000000/],
    [{ seconds: 0, nanoseconds: 0.5 }, /nanoseconds must be an integer/],
    [{ seconds: -9_223_372_037, nanoseconds: 0 }, /beyond the kernel's limit/],
    [null, /not null/],
    [true, /not true/],
  ];
  for (const [value, problem] of refusals) {
    it(`refuses ${value === null ? null : JSON.stringify(value)} for its ${problem.source.slice(0, 30)}`, () => {
      assert.throws(() => toDuration(value as Duration, 'clocks.monotonic'), refused(problem));
    });
  }
});

describe('conversions', () => {
  it('milliseconds are rounded up, so that a timeout never fires early', () => {
    const milliseconds = ['1.5', '0.0001', '0', '-0.0005', '2h'].map((text) =>
      durationToMilliseconds(parseDuration(text)),
    );
    assert.deepEqual(milliseconds, [1500, 1, 0, 0, 7_200_000]);
  });

  it('a count of nanoseconds and a duration are the same thing', () => {
    fc.assert(
      fc.property(durations, (duration) =>
        assert.deepEqual(durationFromNanoseconds(durationToNanoseconds(duration)), duration),
      ),
    );
  });
});
