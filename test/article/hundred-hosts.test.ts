import assert from 'node:assert/strict';
import { experiment } from './example.js';

experiment(
  'one process is a hundred hosts, each called from another',
  { example: 'hundred-hosts' },
  (said) => {
    const lines = said.trim().split('\n');
    assert.equal(lines.shift(), '100 servers listen in 100 namespaces');
    const expected = Array.from({ length: 100 }, (_, i) => [i + 1, ((i + 1) % 100) + 1]).map(
      ([host, caller]) => `10.77.0.${host} says hello to 10.77.0.${caller}`,
    );
    assert.deepEqual(lines, expected);
  },
);
