import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AttributeWriter } from '../../src/netlink/attribute-writer.js';
import { NetlinkDecodeError } from '../../src/netlink/errors.js';
import type { NetlinkMessage, NetlinkRequest } from '../../src/netlink/message.js';
import { decodeAddress } from '../../src/rtnetlink/addresses/decode.js';
import { IFLA, RTM } from '../../src/rtnetlink/constants.js';
import { decodeLink } from '../../src/rtnetlink/links/decode.js';
import { addLink } from '../../src/rtnetlink/links/encode.js';
import type { LinkSpec } from '../../src/rtnetlink/links/spec.js';
import { decodeNeighbor } from '../../src/rtnetlink/neighbors/decode.js';
import { decodeQdisc } from '../../src/rtnetlink/qdiscs/decode.js';
import { addQdisc } from '../../src/rtnetlink/qdiscs/encode.js';
import { decodeRoute } from '../../src/rtnetlink/routes/decode.js';
import { addRoute } from '../../src/rtnetlink/routes/encode.js';
import type { RouteSpec } from '../../src/rtnetlink/routes/spec.js';
import { decodeRule } from '../../src/rtnetlink/rules/decode.js';
import { addRule } from '../../src/rtnetlink/rules/encode.js';
import type { RouteProtocol } from '../../src/rtnetlink/scopes.js';
import { addresses } from './recorded/addresses.js';
import { answers } from './recorded/answers.js';
import { links } from './recorded/links.js';
import { neighbors } from './recorded/neighbors.js';
import { qdiscs } from './recorded/qdiscs.js';
import { routes } from './recorded/routes.js';
import { rules } from './recorded/rules.js';

/** By the type of what they decode, RTM_NEW*. */
const DECODERS = new Map<number, (message: NetlinkMessage) => object>([
  [RTM.NEWLINK, decodeLink],
  [RTM.NEWADDR, decodeAddress],
  [RTM.NEWROUTE, decodeRoute],
  [RTM.NEWRULE, decodeRule],
  [RTM.NEWNEIGH, decodeNeighbor],
  [RTM.NEWQDISC, (message) => decodeQdisc(message)],
]);
/** Those of RTM_NEW*, RTM_DEL* and so on stand together by fours. */
const decoderOf = ({ type }: NetlinkMessage) => DECODERS.get(type - (type % 4)) ?? decodeLink;

const messageOf = (type: number, body: Uint8Array): NetlinkMessage => {
  return { type, flags: 0, sequence: 1, port: 1, body: Buffer.from(body) };
};

/** Every link that the kernel tells of has an MTU. */
const MTU = new AttributeWriter().u32(IFLA.MTU, 1500).bytes;

/** A request as the kernel would tell of what it has made. */
const told = ({ type, body }: NetlinkRequest): NetlinkMessage =>
  messageOf(type, type === 16 ? Buffer.concat([body, MTU]) : body);

const SEEDS = [
  ...answers.map(([type, body]) => messageOf(type, Buffer.from(body, 'base64'))),
  ...[...links, ...addresses, ...routes, ...rules, ...neighbors, ...qdiscs].map(({ type, body }) =>
    told({ type, body: Buffer.from(body, 'hex'), flags: 0, what: '' }),
  ),
];

/** Fails in no way but the one that decoders have. */
function tolerant(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof NetlinkDecodeError, String((error as Error).stack));
  }
}

describe('rtnetlink decoders', () => {
  it('understand all that the kernel has answered', () => {
    for (const [type, body] of answers) {
      const message = messageOf(type, Buffer.from(body, 'base64'));
      assert.ok(decoderOf(message)(message), `${type}: ${body}`);
      for (const decode of DECODERS.values())
        if (decode !== decoderOf(message)) assert.throws(() => decode(message), NetlinkDecodeError);
    }
  });

  it('make of any bytes a value or one kind of error', () => {
    const damage = fc.array(fc.tuple(fc.nat({ max: 1 << 16 }), fc.integer({ min: 0, max: 255 })), {
      maxLength: 6,
    });
    const property = fc.property(
      fc.nat({ max: SEEDS.length - 1 }),
      fc.nat({ max: SEEDS.length - 1 }),
      damage,
      fc.nat({ max: 1 << 16 }),
      fc.nat({ max: 9 }),
      (first, second, changes, cut, how) => {
        const { type, body } = SEEDS[first] as NetlinkMessage;
        const tail = (SEEDS[second] as NetlinkMessage).body;
        const bytes =
          how < 2 ? Buffer.concat([body.subarray(0, cut % (body.length + 1)), tail]) : Buffer.from(body);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const message = messageOf(type, how === 9 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes);
        tolerant(() => decoderOf(message)(message));
      },
    );
    fc.assert(property, { numRuns: 100_000 });
  });

  it('read back the kinds of links that are written', () => {
    const specs: [LinkSpec, object][] = [
      [
        {
          name: 'v',
          vlan: {
            ...{ link: 3, id: 10, protocol: '802.1ad', flags: { reorderHeader: false, gvrp: true } },
            ...{ egressQos: [{ from: 1, to: 2 }], ingressQos: [{ from: 3, to: 4 }] },
          },
        },
        {
          link: 3,
          vlan: {
            protocol: '802.1ad',
            id: 10,
            egressQos: [{ from: 1, to: 2 }],
            ingressQos: [{ from: 3, to: 4 }],
            flags: {
              reorderHeader: false,
              gvrp: true,
              looseBinding: false,
              mvrp: false,
              bridgeBinding: false,
            },
          },
        },
      ],
      [
        { name: 'v', ipvlan: { link: 4, mode: 'l3s', flag: 'vepa' } },
        { link: 4, ipvlan: { mode: 'l3s', flag: 'vepa' } },
      ],
      [
        { name: 'v', kind: 'dummy', mtu: 1500, address: '02:00:00:00:00:0a' },
        { address: '02:00:00:00:00:0a' },
      ],
      [
        {
          name: 'v',
          vxlan: { id: 7, flowLabel: 0xabcde, ttlInherit: true, remoteChecksumRx: true, gpe: true },
        },
        { vxlan: { id: 7, flowLabel: 0xabcde, ttlInherit: true, remoteChecksumRx: true, gpe: true } },
      ],
    ];
    for (const [spec, wanted] of specs) {
      const { index, name, altNames, linkType, flags, up, mtu, kind, ...rest } = decodeLink(
        told(addLink(spec)),
      );
      assert.deepEqual([index, name, altNames, linkType, flags, up, mtu], [0, 'v', [], 0, [], false, 1500]);
      assert.equal(kind, spec.kind ?? Object.keys(wanted).at(-1));
      assert.deepEqual(rest, wanted);
    }
  });

  it('read back what is written of netem, whose shares have 32 bits', () => {
    const netem = {
      ...{ delay: 100_000, jitter: 10_000, delayCorrelation: 0.25, loss: 0.01, lossCorrelation: 0.05 },
      ...{ duplicate: 0.02, duplicateCorrelation: 0.03, reorder: 0.25, reorderCorrelation: 0.5, gap: 5 },
      ...{ corrupt: 0.001, corruptCorrelation: 0.02, limit: 500, ecn: true, rate: 6_250_000_000 },
      ...{ packetOverhead: -20, cellSize: 100, cellOverhead: 5 },
      lossGemodel: { p: 0.01, r: 0.1, h: 0.3, k1: 0.001 },
      slot: { minDelay: 800_000, maxDelay: 1_000_000, packets: 5, bytes: 1000 },
    };
    const read = decodeQdisc(told(addQdisc({ link: 1, netem }))).netem;
    const rounded = JSON.parse(JSON.stringify(read), (_, value) =>
      typeof value === 'number' && value < 1 ? Math.round(value * 1e6) / 1e6 : value,
    );
    assert.deepEqual(rounded, netem);
  });

  it('read back any route and rule that is written', () => {
    const ip4 = fc.ipV4();
    const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
      fc.option(arbitrary, { nil: undefined });
    const u32 = fc.integer({ min: 1, max: 0xffffffff });
    const route: fc.Arbitrary<RouteSpec> = fc.record({
      destination: ip4,
      prefixLength: fc.nat({ max: 32 }),
      gateway: maybe(fc.oneof(ip4, fc.constant('fd00::1'))),
      link: maybe(fc.integer({ min: 1, max: 0x7fffffff })),
      table: u32,
      metric: maybe(u32),
      source: maybe(ip4),
      tos: maybe(fc.integer({ min: 1, max: 255 })),
      mtu: maybe(u32),
      quickack: maybe(fc.boolean()),
      protocol: fc.constantFrom<RouteProtocol>('static', 'bgp', 77),
      nexthops: maybe(
        fc.array(
          fc.record({
            gateway: ip4,
            link: fc.integer({ min: 1, max: 9 }),
            weight: fc.integer({ min: 1, max: 256 }),
          }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
      ),
    });
    fc.assert(
      fc.property(route, (spec) => {
        const { family, type, scope, ...read } = decodeRoute(told(addRoute(spec)));
        assert.deepEqual([family, type, typeof scope], ['inet', 'unicast', 'string']);
        assert.deepEqual({ ...read }, JSON.parse(JSON.stringify(spec)));
      }),
    );
    const range = fc.tuple(fc.nat({ max: 0xffff }), fc.nat({ max: 0xffff })).map(([a, b]) => {
      return { first: Math.min(a, b), last: Math.max(a, b) };
    });
    const rule = fc.record({
      from: ip4,
      fromLength: fc.nat({ max: 32 }),
      priority: u32,
      table: u32,
      fwmark: u32,
      fwmask: u32,
      sourcePorts: range,
      uids: range,
      suppressPrefixLength: fc.nat({ max: 32 }),
      tunnelId: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    });
    fc.assert(
      fc.property(rule, (spec) => {
        const { family, action, ...read } = decodeRule(told(addRule(spec)));
        assert.deepEqual([family, action], ['inet', 'table']);
        assert.deepEqual({ ...read }, { ...spec });
      }),
    );
  });
});
