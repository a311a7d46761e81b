import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ipBytes, ipText } from '../../src/foundation/ip.js';
import { AttributeWriter } from '../../src/netlink/attribute-writer.js';
import { Attributes } from '../../src/netlink/attributes.js';
import { NetlinkDecodeError } from '../../src/netlink/errors.js';
import { nfgenmsg } from '../../src/netlink/nfnetlink.js';
import {
  CTA,
  CTA_IP,
  CTA_PROTO,
  CTA_TUPLE,
  type Direction,
  decodeFlow,
  IPCTNL_MSG_CT,
} from '../../src/network/conntrack.js';

const NESTED = 0x8000;

const PLAIN = { noNullPrototype: true };
const endpoints = (bytes: number) =>
  fc.record(
    {
      address: fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(ipText),
      port: fc.integer({ min: 0, max: 65535 }),
    },
    PLAIN,
  );
const directions = (bytes: number): fc.Arbitrary<Direction> =>
  fc.record({ source: endpoints(bytes), destination: endpoints(bytes) }, PLAIN);
const pairs = fc
  .constantFrom(4, 16)
  .chain((bytes) => fc.record({ original: directions(bytes), reply: directions(bytes) }));

/** struct nf_conntrack_tuple as the kernel writes it. */
function writeTuple(writer: AttributeWriter, type: number, { source, destination }: Direction): void {
  const from = ipBytes(source.address);
  const [src, dst] = from.length === 4 ? [CTA_IP.V4_SRC, CTA_IP.V4_DST] : [CTA_IP.V6_SRC, CTA_IP.V6_DST];
  writer.nest(type | NESTED, (tuple) => {
    tuple.nest(CTA_TUPLE.IP | NESTED, (ip) => {
      ip.bytesOf(src, from).bytesOf(dst, ipBytes(destination.address));
    });
    tuple.nest(CTA_TUPLE.PROTO | NESTED, (proto) => {
      proto.u8(CTA_PROTO.NUM, 17);
      proto.be16(CTA_PROTO.SRC_PORT, source.port).be16(CTA_PROTO.DST_PORT, destination.port);
    });
  });
}

const messageOf = (writer: AttributeWriter) => ({
  ...{ type: IPCTNL_MSG_CT.NEW, flags: 0, sequence: 1, port: 1, body: Buffer.from(writer.bytes) },
});

describe('a tracked connection', () => {
  it('is read as the kernel writes it, and removed by its tuple, number and zone', () => {
    fc.assert(
      fc.property(pairs, fc.nat(), fc.option(fc.nat(65535)), ({ original, reply }, id, zone) => {
        const writer = new AttributeWriter().raw(nfgenmsg(2));
        writeTuple(writer, CTA.TUPLE_ORIG, original);
        writeTuple(writer, CTA.TUPLE_REPLY, reply);
        writer.be32(CTA.ID, id);
        if (zone !== null) writer.be16(CTA.ZONE, zone);
        const flow = decodeFlow(messageOf(writer));
        assert.deepEqual([flow?.protocol, flow?.original, flow?.reply], [17, original, reply]);
        const { type, body = new Uint8Array(4) } = flow?.removal ?? {};
        assert.equal(type, IPCTNL_MSG_CT.DELETE);
        const sent = new Attributes(Buffer.from(body), 4);
        const whole = new Attributes(Buffer.from(writer.bytes), 4);
        for (const attribute of [CTA.TUPLE_ORIG, CTA.ID, CTA.ZONE])
          assert.deepEqual(sent.bytes(attribute), whole.bytes(attribute));
        assert.equal(sent.has(CTA.TUPLE_REPLY), false);
      }),
    );
  });

  it('is left out when it has no ports', () => {
    const writer = new AttributeWriter().raw(nfgenmsg(2));
    writer.nest(CTA.TUPLE_ORIG, (tuple) =>
      tuple.nest(CTA_TUPLE.PROTO, (proto) => {
        proto.u8(CTA_PROTO.NUM, 1); // ICMP
      }),
    );
    assert.equal(decodeFlow(messageOf(writer)), undefined);
  });

  it('is refused when it has no family', () => {
    assert.throws(() => decodeFlow(messageOf(new AttributeWriter())), NetlinkDecodeError);
  });
});
