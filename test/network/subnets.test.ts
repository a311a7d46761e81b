import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePrefix } from '../../src/foundation/ip.js';
import {
  addressAt,
  contains,
  freeSubnet,
  hostOffsets,
  offsetOf,
  overlaps,
  randomSubnet6,
  type Subnet,
  subnetOf,
  subnetText,
} from '../../src/network/subnets.js';

const subnet = (text: string): Subnet => subnetOf(parsePrefix(text));
const prefix = fc
  .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => ({ address, length }));
const prefix6 = fc
  .tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }))
  .map(([address, length]) => ({ address, length }));

describe('subnets', () => {
  it('hold the addresses that the runtime takes to be in them', () => {
    fc.assert(
      fc.property(fc.oneof(prefix, prefix6), fc.oneof(fc.ipV4(), fc.ipV6()), (network, address) => {
        const found = subnetOf(network);
        const family = found.family === 'inet' ? 'ipv4' : 'ipv6';
        const list = new BlockList();
        list.addSubnet(network.address, network.length, family);
        const other = address.includes(':') ? 'ipv6' : 'ipv4';
        // BlockList takes an IPv4 address for the IPv6 one that it is mapped to.
        if (family === other) assert.equal(contains(found, address), list.check(address, other));
        else assert.equal(contains(found, address), false);
        assert.ok(contains(found, network.address));
      }),
    );
  });

  it('overlap when one holds the first address of the other', () => {
    fc.assert(
      fc.property(fc.oneof(prefix, prefix6), fc.oneof(prefix, prefix6), (one, other) => {
        const [a, b] = [subnetOf(one), subnetOf(other)];
        const expected = contains(a, addressAt(b, 0n)) || contains(b, addressAt(a, 0n));
        assert.equal(overlaps(a, b), expected);
        assert.equal(overlaps(b, a), expected);
      }),
    );
  });

  it('count their addresses', () => {
    const found = subnet('10.1.2.3/24');
    assert.equal(subnetText(found), '10.1.2.0/24');
    assert.equal(addressAt(found, 5n), '10.1.2.5');
    assert.equal(offsetOf(found, '10.1.2.5'), 5n);
    assert.deepEqual(hostOffsets(found), { first: 1n, last: 254n });
    assert.deepEqual(hostOffsets(subnet('10.0.0.0/31')), { first: 0n, last: 1n });
    assert.deepEqual(hostOffsets(subnet('fd00::/126')), { first: 1n, last: 3n });
    assert.equal(addressAt(subnet('fd00::/64'), 0x10001n), 'fd00::1:1');
  });

  it('that are chosen overlap nothing in use, until none is left', () => {
    const used = [subnet('172.16.0.0/16'), subnet('172.17.5.0/24'), subnet('0.0.0.0/32'), subnet('fd00::/8')];
    assert.equal(subnetText(freeSubnet(used) as Subnet), '172.17.16.0/20');
    const chosen: Subnet[] = [];
    for (let i = 0; i < 300; i++) chosen.push(freeSubnet(chosen) as Subnet);
    assert.equal(subnetText(chosen[256] as Subnet), '10.128.0.0/20');
    for (const [i, one] of chosen.entries())
      assert.ok(!chosen.slice(i + 1).some((other) => overlaps(one, other)));
    assert.equal(freeSubnet([subnet('172.0.0.0/8'), subnet('10.0.0.0/8')]), undefined);
    assert.match(subnetText(randomSubnet6([]) as Subnet), /^fd[0-9a-f]{2}:.*\/64$/);
  });
});
