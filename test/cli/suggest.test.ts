import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closest, editDistance } from '../../src/cli/suggest.js';

/** The definition, word for word: slow, but nothing to get wrong. */
function distance(from: string, to: string): number {
  if (from === '' || to === '') return from.length + to.length;
  const [a, b] = [from.slice(1), to.slice(1)];
  const edits = [distance(a, to) + 1, distance(from, b) + 1, distance(a, b) + (from[0] === to[0] ? 0 : 1)];
  if (from.length > 1 && from[0] === to[1] && from[1] === to[0])
    edits.push(distance(a.slice(1), b.slice(1)) + 1);
  return Math.min(...edits);
}

test('the distance is the fewest insertions, deletions, replacements and swaps of neighbours', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
  fc.assert(
    fc.property(word, word, (from, to) => editDistance(from, to) === distance(from, to)),
    { numRuns: 500 },
  );
});

test('the nearest candidate is found for a typing error', () => {
  const names = ['hostname', 'domainname', 'map-user', 'map-users', 'mount-proc', 'pid', 'run', 'ls'];
  for (const [typed, meant] of [
    ['hostnme', 'hostname'],
    ['HOSTNAME', 'hostname'],
    ['hots-name', 'hostname'],
    ['map-usres', 'map-users'],
    ['mountproc', 'mount-proc'],
    ['rnu', 'run'],
    ['pdi', 'pid'],
  ] as const) {
    assert.equal(closest(typed, names), meant, typed);
  }
});

test('nothing is suggested for a word that is like none', () => {
  for (const typed of ['', 'x', 'xy', 'privileged', 'network', 'publish']) {
    assert.equal(closest(typed, ['hostname', 'domainname', 'map-user', 'pid', 'ls']), undefined, typed);
  }
});

test('of equally near candidates the first is taken', () => {
  assert.equal(closest('abcd', ['abce', 'abcf']), 'abce');
});
