import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AttributeWriter } from '../../src/netlink/attribute-writer.js';
import type { NetlinkMessage } from '../../src/netlink/message.js';
import { NFTA_CHAIN, NFTA_RULE, NFTA_SET, NFTA_TABLE } from '../../src/nftables/constants.js';
import { DATA_TYPES, type DataTypeName } from '../../src/nftables/data-types.js';
import {
  decodeChain,
  decodeKernelElements,
  decodeRule,
  decodeSet,
  decodeTable,
} from '../../src/nftables/decode.js';
import { delinearize } from '../../src/nftables/delinearize.js';
import { decodeElements } from '../../src/nftables/element.js';
import { encodeBatch } from '../../src/nftables/encode.js';
import { linearize } from '../../src/nftables/linearize.js';
import { table } from './arbitrary-tables.js';

/** By the last byte of the type: the attribute that the kernel adds, and how the message is read. */
const HANDLES: Readonly<Record<number, number>> = {
  0: NFTA_TABLE.HANDLE,
  3: NFTA_CHAIN.HANDLE,
  6: NFTA_RULE.HANDLE,
  9: NFTA_SET.HANDLE,
};

/** Messages as the kernel sends them: what it is sent, with handles. */
const MESSAGES: readonly NetlinkMessage[] = fc
  .sample(table, { numRuns: 60, seed: 7 })
  .flatMap((changes) => encodeBatch(changes).slice(1, -1))
  .map(({ type, body }, i) => {
    const handle = HANDLES[type & 0xff];
    const writer = new AttributeWriter().raw(body);
    if (handle !== undefined) writer.be64(handle, BigInt(i + 1));
    return { type, flags: 0, sequence: 1, port: 1, body: Buffer.from(writer.bytes) };
  });

/** Reads all of it as the socket does. */
function readWhole(message: NetlinkMessage): void {
  switch (message.type & 0xff) {
    case 0:
      decodeTable(message);
      break;
    case 3:
      decodeChain(message);
      break;
    case 6: {
      const { table: name, expressions } = decodeRule(message);
      const words = delinearize(name.family, expressions, () => ({
        anonymous: true,
        elements: [{ key: 1 }],
      }));
      tolerant(() => linearize(name.family, words, () => 1), 'ERR_SPEC'); // headers that contradict each other
      break;
    }
    case 9:
      decodeSet(message);
      break;
    default: {
      const elements = decodeKernelElements(message);
      const type = TYPES[message.body.length % TYPES.length] as DataTypeName;
      const interval = message.body.length % 8 === 0;
      tolerant(() =>
        decodeElements({ types: [type], interval, data: ['ipv4_addr', 'inet_service'] }, elements),
      );
    }
  }
}

const TYPES = Object.keys(DATA_TYPES) as DataTypeName[];

/** Runs something that may only fail as a decoder should. */
function tolerant(work: () => void, code = 'ERR_NETLINK_DECODE'): void {
  try {
    work();
  } catch (error) {
    assert.equal((error as { code?: string }).code, code, String((error as Error).stack));
  }
}

describe('messages of nf_tables', () => {
  it('are read as what they are', () => {
    for (const message of MESSAGES) readWhole(message);
  });

  it('with any bytes changed or cut off are read or refused in one way', () => {
    const change = fc.tuple(fc.nat({ max: 4000 }), fc.nat({ max: 255 }));
    const mutated = fc.property(
      fc.nat({ max: MESSAGES.length - 1 }),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 8 }),
      (index, changes, cut) => {
        const message = MESSAGES[index] as NetlinkMessage;
        const body = Buffer.from(
          message.body.subarray(0, Math.max(0, message.body.length - (cut > 6 ? 4 * cut : 0))),
        );
        for (const [at, to] of changes) if (body.length > 0) body.writeUInt8(to, at % body.length);
        tolerant(() => readWhole({ ...message, body }));
      },
    );
    fc.assert(mutated, { numRuns: 100_000 });
  });
});
