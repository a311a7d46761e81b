import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ipText } from '../../src/foundation/ip.js';
import type { NetlinkRequest } from '../../src/netlink/message.js';
import { attachRequests } from '../../src/network/member-requests.js';
import type { MemberRecord, NetworkRecord } from '../../src/network/records.js';
import { insideRequests, memberLinkName, memberRequests } from '../../src/network/wiring.js';
import { macText } from '../../src/rtnetlink/mac.js';

const OWNER = { pid: 1, started: '1', pids: '1' };

const bytes = (count: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: count, maxLength: count });
const index = fc.integer({ min: 1 << 24, max: 2 ** 31 - 1 });
const mac = bytes(6).map(macText);

const networks: fc.Arbitrary<NetworkRecord> = fc.record({
  name: fc.constant('web'),
  state: fc.constant('ready' as const),
  owner: fc.constant(OWNER),
  persistent: fc.boolean(),
  bridge: fc.record({ name: fc.constant('i8-web'), index, mac }),
  group: index,
  subnet: fc.constant('172.16.0.0/16'),
  gateway: fc.constant('172.16.0.1'),
  subnet6: fc.constant('fd00::/64'),
  gateway6: fc.constant('fd00::1'),
  masquerade: fc.boolean(),
  internal: fc.boolean(),
  isolated: fc.boolean(),
  mtu: fc.integer({ min: 1280, max: 9000 }),
  linkLocal6: fc.boolean(),
  outside6: fc.boolean(),
});

/** What members of one network differ in; the rest is their shape. */
const members = fc.record({
  link: index,
  inside: index,
  mac,
  address: bytes(4)
    .filter(([first]) => first !== 127) // no network has these
    .map(ipText),
  address6: bytes(16).map(ipText),
  fd: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
});

const shapes = fc.record({
  name: fc.constantFrom('eth0', 'eth1', 'uplink'),
  families: fc.constantFrom('both', 'inet', 'inet6'),
  published: fc.boolean(),
});

const all = (outside: readonly NetlinkRequest[], inside: readonly NetlinkRequest[]): unknown =>
  [outside, inside].map((requests) =>
    requests.map(({ type, flags, body, what, remedies }) => ({
      ...{ type, flags, what, remedies },
      body: Buffer.from(body).toString('hex'),
    })),
  );

describe('the requests of an attach', () => {
  it('are the same for the tenth member as for the first', () => {
    const several = fc.array(members, { minLength: 5, maxLength: 8 });
    fc.assert(
      fc.property(networks, shapes, several, (network, shape, list) => {
        for (const one of list) {
          const member = memberOf(one, shape);
          const { outside, inside } = attachRequests(network, member, { fd: one.fd });
          const direct = all(
            memberRequests(network, member, { fd: one.fd }),
            insideRequests(network, member),
          );
          assert.deepEqual(all(outside, inside), direct);
        }
      }),
    );
  });
});

type Shape = { readonly name: string; readonly families: string; readonly published: boolean };
type Differing = typeof members extends fc.Arbitrary<infer One> ? One : never;

function memberOf(one: Differing, { name, families, published }: Shape): MemberRecord {
  return {
    ...{ state: 'attaching', owner: OWNER, namespace: '1 2 3', mac: one.mac, names: [] },
    link: { name: memberLinkName(one.link), index: one.link },
    inside: { name, index: one.inside },
    ...(families === 'inet6' ? {} : { address: one.address }),
    ...(families === 'inet' ? {} : { address6: one.address6 }),
    ports: published ? [{ hostPort: 8080, port: 80, protocol: 'tcp' }] : [],
  };
}
