import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SpecError } from '../../src/foundation/errors.js';
import { type PublishedPort, parsePublished } from '../../src/network/published-ports.js';

const parse = (text: string): PublishedPort[] => parsePublished(text, 'publish');

describe('published ports', () => {
  it('are written as docker run has them', () => {
    assert.deepEqual(parse('8080:80'), [{ hostPort: 8080, port: 80, protocol: 'tcp' }]);
    assert.deepEqual(parse('80'), [{ port: 80, protocol: 'tcp' }]);
    assert.deepEqual(parse('127.0.0.1:53:5353/udp'), [
      { hostAddress: '127.0.0.1', hostPort: 53, port: 5353, protocol: 'udp' },
    ]);
    assert.deepEqual(parse('127.0.0.1::80'), [{ hostAddress: '127.0.0.1', port: 80, protocol: 'tcp' }]);
    assert.deepEqual(parse('[fd00::1]:81:80'), [
      { hostAddress: 'fd00::1', hostPort: 81, port: 80, protocol: 'tcp' },
    ]);
    assert.deepEqual(
      parse('8000-8002:9000-9002').map(({ hostPort, port }) => [hostPort, port]),
      [
        [8000, 9000],
        [8001, 9001],
        [8002, 9002],
      ],
    );
    assert.equal(parse('0.0.0.0:1:1')[0]?.hostAddress, '0.0.0.0');
  });

  it('that cannot be are refused with the reason', () => {
    const cases = [
      '',
      ':',
      '80:',
      '0:80',
      '65536',
      '80/sctp',
      '90-80',
      '8000-8001:80',
      'host:80:80',
      '1:2:3:4',
    ];
    for (const text of [...cases, '256.0.0.1:80:80', '[::1:80:80', '80-', '-80', '8000-:80', '999999'])
      assert.throws(() => parse(text), SpecError, text);
  });

  it('come back from their text, and any text gives ports or one kind of error', () => {
    const port = fc.integer({ min: 1, max: 65535 });
    const address = fc.option(fc.oneof(fc.ipV4(), fc.ipV6()), { nil: undefined });
    fc.assert(
      fc.property(
        address,
        port,
        port,
        fc.constantFrom('tcp', 'udp'),
        (hostAddress, hostPort, number, protocol) => {
          const host = hostAddress?.includes(':') ? `[${hostAddress}]` : hostAddress;
          const text = `${host === undefined ? '' : `${host}:`}${hostPort}:${number}/${protocol}`;
          const where = hostAddress === undefined ? {} : { hostAddress };
          assert.deepEqual(parse(text), [{ ...where, hostPort, port: number, protocol }]);
        },
      ),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[\d:.[\]/a-z-]{0,30}$/), (text) => {
        try {
          assert.ok(parse(text).length > 0);
        } catch (error) {
          assert.ok(error instanceof SpecError);
        }
      }),
    );
  });
});
