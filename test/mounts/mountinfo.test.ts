import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMountinfo } from '../../src/mounts/mountinfo.js';

test('a line of mountinfo is read with and without optional fields, and with blanks in its paths', () => {
  const text = [
    '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue',
    '37 36 0:4 net:[4026532000] /run/netns/a\\040b\\134c ro,relatime - nsfs nsfs rw',
    '',
  ].join('\n');
  assert.deepEqual(parseMountinfo(text), [
    { id: 36, parent: 35, device: '98:0', root: '/mnt1', path: '/mnt2', readOnly: false, type: 'ext3' },
    {
      id: 37,
      parent: 36,
      device: '0:4',
      root: 'net:[4026532000]',
      path: '/run/netns/a b\\c',
      readOnly: true,
      type: 'nsfs',
    },
  ]);
});
