import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeAbstract, encodeIp, type IpAddress, parseIp } from '../../src/namespaces/sockets/address.js';

const encoded = (text: string, port = 80): string =>
  Buffer.from(encodeIp(parseIp(text) as IpAddress, port)).toString('hex');

/** A notation of these 16 bytes: groups with or without leading zeros, a run of zeros left out, the end as IPv4. */
function notation(bytes: Uint8Array, { long, gap, dotted }: { long: boolean; gap: number; dotted: boolean }) {
  const view = Buffer.from(bytes);
  const count = dotted ? 6 : 8;
  const groups = Array.from({ length: count }, (_, i) => view.readUInt16BE(i * 2).toString(16));
  const written = groups.map((group) => (long ? group.padStart(4, '0') : group));
  if (dotted) written.push(view.subarray(12).join('.'));
  let end = gap;
  while (end < count && groups[end] === '0') end++;
  if (end - gap < 1) return written.join(':');
  return `${written.slice(0, gap).join(':')}::${written.slice(end).join(':')}`;
}

describe('an address', () => {
  it('is encoded as the kernel has it', () => {
    assert.equal(encoded('10.0.0.1', 8080), `02001f900a000001${'00'.repeat(8)}`);
    assert.equal(encoded('::', 1), `0a000001${'00'.repeat(24)}`);
    assert.equal(encoded('fd00::1', 65_535), `0a00ffff00000000fd${'00'.repeat(14)}0100000000`);
    assert.equal(encoded('::ffff:10.0.0.1'), `0a00005000000000${'00'.repeat(10)}ffff0a00000100000000`);
  });

  it('is the same bytes in every notation', () => {
    const zeros = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(255)), {
      minLength: 16,
      maxLength: 16,
    });
    const form = fc.record({ long: fc.boolean(), gap: fc.nat(7), dotted: fc.boolean() });
    fc.assert(
      fc.property(zeros, form, (list, how) => {
        const bytes = Uint8Array.from(list);
        const text = notation(bytes, how);
        fc.pre(isIPv6(text));
        assert.equal(encoded(text).slice(16, 48), Buffer.from(bytes).toString('hex'), text);
      }),
      { numRuns: 5000 },
    );
  });

  it('may have an interface when it is one of IPv6', () => {
    assert.deepEqual(parseIp('fe80::1%eth0'), { family: 6, address: 'fe80::1', device: 'eth0' });
    for (const text of ['', 'web', '10.0.0.1%eth0', 'fe80::1%', 'fe80::1%a%b', '10.0.0', '1', '10.0.0.1 '])
      assert.equal(parseIp(text), undefined, text);
  });

  it('may be an abstract name, which is no file and not too long', () => {
    assert.equal(Buffer.from(encodeAbstract('\0a\0', 'path')).toString('hex'), '0100006100');
    for (const path of ['/run/a', 'a', '', '\0', `\0${'a'.repeat(108)}`, `\0${'ü'.repeat(54)}`])
      assert.throws(() => encodeAbstract(path, 'path'), { name: 'SpecError', field: 'path' });
  });
});
