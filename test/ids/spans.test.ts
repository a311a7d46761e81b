import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type IdSpan, intersectSpans, subtractSpans, uniteSpans } from '../../src/ids/spans.js';

const span: fc.Arbitrary<IdSpan> = fc.record({
  start: fc.integer({ min: 0, max: 30 }),
  count: fc.integer({ min: 1, max: 12 }),
});
const spans = fc.array(span, { maxLength: 6 });

/** The model: every id by itself. */
function idsOf(list: readonly IdSpan[]): number[] {
  return list.flatMap(({ start, count }) => Array.from({ length: count }, (_, index) => start + index));
}

describe('spans', () => {
  it('subtract id by id', () => {
    fc.assert(
      fc.property(span, spans, (span, holes) => {
        const gone = new Set(idsOf(holes));
        assert.deepEqual(
          idsOf(subtractSpans(span, holes)),
          idsOf([span]).filter((id) => !gone.has(id)),
        );
      }),
    );
  });

  it('intersect id by id, in pieces that never cross from one of the others to the next', () => {
    fc.assert(
      fc.property(span, spans, (span, list) => {
        const others = uniteSpans(list);
        const kept = new Set(idsOf(others));
        const pieces = intersectSpans([span], others);
        assert.deepEqual(
          idsOf(pieces),
          idsOf([span]).filter((id) => kept.has(id)),
        );
        for (const piece of pieces) {
          assert.ok(others.some((other) => idsOf([piece]).every((id) => idsOf([other]).includes(id))));
        }
      }),
    );
  });

  it('unite to each id once, in the order of first mention, without empty pieces', () => {
    fc.assert(
      fc.property(spans, (list) => {
        const united = uniteSpans(list);
        assert.deepEqual(idsOf(united), [...new Set(idsOf(list))]);
        assert.ok(united.every(({ count }) => count > 0));
      }),
    );
    assert.deepEqual(
      uniteSpans([
        { start: 5, count: 5 },
        { start: 10, count: 5 },
        { start: 0, count: 5 },
      ]),
      [
        { start: 5, count: 10 },
        { start: 0, count: 5 },
      ],
    );
  });
});
