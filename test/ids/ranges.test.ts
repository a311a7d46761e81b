import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SpecError } from '../../src/foundation/errors.js';
import {
  formatIdMap,
  type IdRange,
  identityOf,
  mapToInner,
  mapToOuter,
  parseIdMap,
  parseIdRange,
} from '../../src/ids/ranges.js';

const id = fc.integer({ min: 0, max: 4_294_967_294 });
const range: fc.Arbitrary<IdRange> = fc.record(
  { inner: id, outer: id, count: id },
  { noNullPrototype: true },
);

describe('parseIdRange', () => {
  it('reads inner:outer:count, and outer,inner,count with the first two exchanged', () => {
    assert.deepEqual(parseIdRange('0:100000:65536', 'f'), { inner: 0, outer: 100_000, count: 65_536 });
    assert.deepEqual(parseIdRange('100000,0,65536', 'f'), { inner: 0, outer: 100_000, count: 65_536 });
  });

  it('refuses any other text', () => {
    for (const text of [
      '',
      '1:2',
      '1:2:3:4',
      '1:2,3',
      '-1:0:1',
      ' 1:2:3',
      '1:2:3\n',
      'auto',
      '0x1:2:3',
      '1:2:99999999999',
    ]) {
      assert.throws(() => parseIdRange(text, 'mapUsers[0]'), SpecError, text);
    }
  });

  it('reads both of its forms of any range', () => {
    fc.assert(
      fc.property(range, (range) => {
        assert.deepEqual(parseIdRange(`${range.inner}:${range.outer}:${range.count}`, 'f'), range);
        assert.deepEqual(parseIdRange(`${range.outer},${range.inner},${range.count}`, 'f'), range);
      }),
    );
  });
});

describe('id map text', () => {
  it('is read as the kernel prints it', () => {
    assert.deepEqual(parseIdMap('         0          0 4294967295\n'), [
      { inner: 0, outer: 0, count: 4_294_967_295 },
    ]);
    assert.deepEqual(parseIdMap(''), []);
    assert.throws(() => parseIdMap('0 0\n', 'gid_map'), /gid_map: cannot read the line "0 0"/);
  });

  it('is read back as the ranges that were written', () => {
    fc.assert(
      fc.property(fc.array(range), (ranges) => assert.deepEqual(parseIdMap(formatIdMap(ranges)), ranges)),
    );
  });
});

describe('ids through a map', () => {
  const map = [
    { inner: 0, outer: 1000, count: 1 },
    { inner: 1, outer: 100_000, count: 65_536 },
  ];

  it('are found in both directions, and undefined outside the map', () => {
    assert.deepEqual(
      [mapToInner(map, 1000), mapToInner(map, 100_001), mapToInner(map, 165_535)],
      [0, 2, 65_536],
    );
    assert.deepEqual([mapToInner(map, 0), mapToInner(map, 165_536)], [undefined, undefined]);
    assert.deepEqual([mapToOuter(map, 0), mapToOuter(map, 65_536)], [1000, 165_535]);
    assert.equal(mapToOuter(map, 65_537), undefined);
  });

  it('come back from where they went', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_536 }), (inner) =>
        assert.equal(mapToInner(map, mapToOuter(map, inner) ?? -1), inner),
      ),
    );
  });

  it('stay as they are in the identity of a map, line by line', () => {
    assert.deepEqual(identityOf(map), [
      { inner: 0, outer: 0, count: 1 },
      { inner: 1, outer: 1, count: 65_536 },
    ]);
  });
});
