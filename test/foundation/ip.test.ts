import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { familyOf, ipBytes, ipText, parsePrefix } from '../../src/foundation/ip.js';

/** What new URL() makes of an IPv6 host: the runtime's own idea of the shortest text. */
const asUrl = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);
const isMapped = (bytes: Uint8Array): boolean => bytes.slice(0, 10).every((byte) => byte === 0);

describe('IP addresses', () => {
  it('of any bytes come back from their text, which is the shortest', () => {
    const sparse = fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(sparse, (numbers) => {
        const bytes = Uint8Array.from(numbers);
        const text = ipText(bytes);
        assert.deepEqual(ipBytes(text), bytes);
        if (!isMapped(bytes)) assert.equal(text, asUrl(text));
      }),
    );
    fc.assert(fc.property(fc.ipV4(), (text) => assert.equal(ipText(ipBytes(text)), text)));
  });

  it('in any spelling mean what the runtime takes them to mean', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const list = new BlockList();
        list.addAddress(text, 'ipv6');
        assert.ok(list.check(ipText(ipBytes(text)), 'ipv6'), text);
      }),
    );
  });

  it('that are none are refused', () => {
    const cases = [
      '',
      '1.2.3',
      '1.2.3.256',
      '01.2.3.4',
      '1.2.3.4/8',
      ':::',
      'fe80::1%lo',
      '::g',
      '1::2::3',
      ' ::1',
    ];
    for (const text of cases) {
      assert.equal(familyOf(text), undefined, text);
      assert.throws(() => ipBytes(text), RangeError, text);
    }
    assert.throws(() => ipText(new Uint8Array(5)), RangeError);
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.equal(familyOf(text) !== undefined, isIP(text) !== 0 && !text.includes('%'));
      }),
    );
  });

  it('have a prefix length, that of one address where none is given', () => {
    assert.deepEqual(parsePrefix('10.1.2.3/24'), { address: '10.1.2.3', length: 24 });
    assert.deepEqual(parsePrefix('10.1.2.3'), { address: '10.1.2.3', length: 32 });
    assert.deepEqual(parsePrefix('fd00::/0'), { address: 'fd00::', length: 0 });
    for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/1e1'])
      assert.throws(() => parsePrefix(text), RangeError, text);
  });
});
