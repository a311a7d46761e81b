import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freeSubordinate, parseSubordinate } from '../../src/ids/subordinate.js';

describe('parseSubordinate', () => {
  const text = [
    '# users of this machine',
    'alice:100000:65536',
    'bob:165536:65536',
    '1000:300000:10',
    'alice:400000',
    'alice:x:5',
    'alice:500000:5:extra',
    'alice:0100:5',
    'alice::5',
    'alice:600000:0',
    ':700000:5',
    '#alice:800000:5',
    ' alice:900000:5',
    'alice:4294967290:100',
    'alice:5000000000:100',
  ].join('\n');

  it('gives the lines of the user, by name and by uid, in order, and ignores malformed ones', () => {
    assert.deepEqual(parseSubordinate(text, { name: 'alice', id: 1000 }), [
      { start: 100_000, count: 65_536 },
      { start: 300_000, count: 10 },
      { start: 4_294_967_290, count: 5 },
    ]);
  });

  it('goes by the uid alone for a user without a name', () => {
    assert.deepEqual(parseSubordinate(text, { name: undefined, id: 1000 }), [{ start: 300_000, count: 10 }]);
    assert.deepEqual(parseSubordinate(text, { name: '', id: 7 }), []);
  });

  it('gives nothing for an empty file', () => {
    assert.deepEqual(parseSubordinate('', { name: 'alice', id: 1000 }), []);
  });
});

describe('freeSubordinate', () => {
  it('gives ids that nobody has, whoever he is', () => {
    const start = (text: string): number | undefined => freeSubordinate(text)?.start;
    assert.deepEqual(freeSubordinate('# none\n'), { start: 100_000, count: 65_536 });
    assert.equal(start('a:100000:65536\nb:165536:65536\n'), 231_072);
    assert.equal(start('b:165537:65536\na:1000:99000\n'), 100_000);
    assert.equal(start('a:100001:1\n'), 100_002);
    assert.equal(start('all:0:4294967295\n'), undefined);
  });
});
