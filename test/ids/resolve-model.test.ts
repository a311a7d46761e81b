import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SpecError } from '../../src/foundation/errors.js';
import { checkIdMap } from '../../src/ids/check.js';
import type { IdFacts } from '../../src/ids/facts.js';
import type { IdRange } from '../../src/ids/ranges.js';
import { type IdMapChoice, type ResolvedIdMap, resolveIdMap } from '../../src/ids/resolve.js';

const users = { field: 'mapUsers', kind: 'user' } as const;
const line = (inner: number, outer: number, count: number): IdRange => ({ inner, outer, count });

describe('resolveIdMap', () => {
  const span = fc.record({ start: fc.integer({ min: 0, max: 60 }), count: fc.integer({ min: 1, max: 20 }) });
  const facts: fc.Arbitrary<IdFacts> = fc
    .record({
      id: fc.integer({ min: 0, max: 40 }),
      privileged: fc.boolean(),
      setfcap: fc.boolean(),
      sizes: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
      subordinate: fc.array(span, { maxLength: 5 }),
      newidmap: fc.constantFrom(undefined, '/usr/bin/newuidmap'),
    })
    .map(({ sizes, ...rest }) => {
      let next = 0;
      const available = sizes.map((count) => {
        next += count;
        return line(next - count, 1000 * next, count);
      });
      return { ...rest, available };
    });
  const choices = fc.constantFrom<IdMapChoice>('default', 'root', 'current', 'auto', 'subids', 'all', 'none');

  /** The kernel's new_idmap_permitted and map_id_range_down, and newuidmap's verify_range, id by id. */
  function mayWrite({ ranges, writer }: ResolvedIdMap, facts: IdFacts): boolean {
    const ids = (start: number, count: number) => Array.from({ length: count }, (_, index) => start + index);
    const inOneLine = (range: IdRange) =>
      facts.available.some(
        ({ inner, count }) => range.outer >= inner && range.outer + range.count <= inner + count,
      );
    const own = (range: IdRange) => range.count === 1 && range.outer === facts.id;
    const subordinate = new Set(facts.subordinate.flatMap(({ start, count }) => ids(start, count)));
    if (writer === 'none') return ranges.length === 0;
    if (!ranges.every(inOneLine)) return false;
    if (writer === 'direct') {
      const rootMapped = ranges.some(({ outer }) => outer === 0);
      return (
        (facts.setfcap || !rootMapped) && (facts.privileged || (ranges.length === 1 && ranges.every(own)))
      );
    }
    return (
      facts.newidmap !== undefined &&
      ranges.every((range) => own(range) || ids(range.outer, range.count).every((id) => subordinate.has(id)))
    );
  }

  it('gives only maps that a model of the kernel and of newuidmap lets through, or a SpecError', () => {
    const ranges = fc.array(
      fc.record({
        inner: fc.integer({ min: 0, max: 80 }),
        outer: fc.integer({ min: 0, max: 80 }),
        count: fc.integer({ min: 1, max: 9 }),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(fc.oneof(choices, ranges), facts, (choice, facts) => {
        try {
          const resolved = resolveIdMap(choice, facts, users);
          checkIdMap(resolved.ranges, users);
          assert.ok(mayWrite(resolved, facts));
        } catch (error) {
          assert.ok(error instanceof SpecError, String(error));
          if (!Array.isArray(choice)) return;
          const valid = ['direct', 'newidmap'].some((writer) =>
            mayWrite({ ranges: choice, writer: writer as ResolvedIdMap['writer'] }, facts),
          );
          if (valid) assert.match(error.message, /overlap/);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
