import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SpecError } from '../../src/foundation/errors.js';
import { checkIdMap } from '../../src/ids/check.js';
import { formatIdMap, type IdRange } from '../../src/ids/ranges.js';

const check = (ranges: readonly IdRange[]) => checkIdMap(ranges, { field: 'mapUsers' });
const line = (inner: number, outer: number, count: number): IdRange => ({ inner, outer, count });

function accepts(ranges: readonly IdRange[]): boolean {
  try {
    check(ranges);
    return true;
  } catch (error) {
    assert.ok(error instanceof SpecError);
    return false;
  }
}

describe('checkIdMap', () => {
  it('lets pass what the kernel takes, the initial namespace’s own map and no map at all', () => {
    check([]);
    check([line(0, 0, 4_294_967_295)]);
    check([line(0, 1000, 1), line(1, 100_000, 65_536)]);
    check([line(4_294_967_294, 4_294_967_294, 1)]);
    check(Array.from({ length: 340 }, (_, index) => line(index, index, 1)));
  });

  const refusals: readonly (readonly [ranges: readonly IdRange[], field: string, problem: RegExp])[] = [
    [
      [line(0, 0, 1), line(1.5, 5, 1)],
      'mapUsers[1]',
      /inner must be a whole number from 0 to 4294967294, not 1.5/,
    ],
    [[line(0, -1, 1)], 'mapUsers[0]', /outer must be .*, not -1/],
    [[line(0, Number.NaN, 1)], 'mapUsers[0]', /outer must be .*, not NaN/],
    [[line(4_294_967_295, 0, 1)], 'mapUsers[0]', /inner must be .*, not 4294967295/],
    [[line(0, 4_294_967_296, 1)], 'mapUsers[0]', /outer must be .*, not 4294967296/],
    [[line(0, 0, 0)], 'mapUsers[0]', /count must be a whole number of at least 1, not 0/],
    [
      [line(0, 0, 2 ** 32)],
      'mapUsers[0]',
      /count 4294967296 goes beyond .*from inner id 0 on there are 4294967295/,
    ],
    [
      [line(0, 4_294_967_290, 6)],
      'mapUsers[0]',
      /count 6 goes beyond .*from outer id 4294967290 on there are 5/,
    ],
    [
      [line(0, 0, 10), line(50, 50, 5), line(9, 100, 2)],
      'mapUsers[2]',
      /inner ids 9-10 overlap mapUsers\[0\] \(0-9\)/,
    ],
    [
      [line(5, 100, 10), line(20, 109, 1)],
      'mapUsers[1]',
      /outer ids 109 overlap mapUsers\[0\] \(100-109\).*parent/,
    ],
    [
      Array.from({ length: 341 }, (_, index) => line(index, index, 1)),
      'mapUsers',
      /has 341 lines.*at most 340/,
    ],
    [
      Array.from({ length: 300 }, (_, index) => line(index, 10_000_000 + index, 1)),
      'mapUsers',
      /takes 4390 bytes when written; the kernel takes at most 4095/,
    ],
  ];
  for (const [ranges, field, problem] of refusals) {
    it(`refuses at ${field}: ${problem.source.slice(0, 60)}`, () => {
      assert.throws(
        () => check(ranges),
        (error) => {
          assert.ok(error instanceof SpecError);
          assert.equal(error.field, field);
          assert.match(error.message, problem);
          return true;
        },
      );
    });
  }

  it('finds overlaps as a model that marks every id does', () => {
    const small = fc.record({
      inner: fc.integer({ min: 0, max: 40 }),
      outer: fc.integer({ min: 0, max: 40 }),
      count: fc.integer({ min: 0, max: 8 }),
    });
    const isValid = (ranges: readonly IdRange[]) =>
      ranges.every(({ count }) => count > 0) &&
      (['inner', 'outer'] as const).every((side) => {
        const ids = ranges.flatMap((range) =>
          Array.from({ length: range.count }, (_, index) => range[side] + index),
        );
        return new Set(ids).size === ids.length;
      });
    fc.assert(
      fc.property(fc.array(small, { maxLength: 6 }), (ranges) =>
        assert.equal(accepts(ranges), isValid(ranges)),
      ),
      { numRuns: 2000 },
    );
  });

  it('accepts no more than 32-bit arithmetic and a page allow', () => {
    const start = fc.oneof(
      fc.integer({ min: -2, max: 2 ** 32 + 2 }),
      fc.integer({ min: 2 ** 32 - 9, max: 2 ** 32 + 2 }),
    );
    fc.assert(
      fc.property(start, start, start, (inner, outer, count) => {
        const valid = inner >= 0 && outer >= 0 && count >= 1 && Math.max(inner, outer) + count <= 2 ** 32 - 1;
        assert.equal(accepts([line(inner, outer, count)]), valid);
      }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 345 }),
        fc.integer({ min: 0, max: 4_000_000_000 }),
        (lines, base) => {
          const ranges = Array.from({ length: lines }, (_, index) => line(index, base + index, 1));
          assert.equal(accepts(ranges), lines <= 340 && formatIdMap(ranges).length < 4096);
        },
      ),
    );
  });
});
