import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AttributeWriter } from '../../src/netlink/attribute-writer.js';
import type { NetlinkRequest } from '../../src/netlink/message.js';
import { requestTemplate, type TemplateField } from '../../src/netlink/template.js';

interface Values {
  readonly index: number;
  readonly name: string;
}

const FIELDS: { index: TemplateField<number>; name: TemplateField<string> } = {
  index: {
    samples: [0x11111111, 0x22222222],
    bytes: (index) => new Uint8Array(Uint32Array.of(index).buffer),
  },
  name: { samples: ['aaaa', 'bbbb'], bytes: (name) => Buffer.from(name) },
};

const make = ({ index, name }: Values): NetlinkRequest[] => [
  { type: 1, flags: 2, body: new AttributeWriter().u32(1, index).u32(2, 7).bytes, what: `do ${name}` },
  { type: 3, flags: 4, body: new AttributeWriter().text(3, name).u32(4, index).bytes, what: `undo ${name}` },
];

const plain = (requests: readonly NetlinkRequest[]): unknown[] =>
  requests.map(({ type, flags, body, what }) => ({ type, flags, body: [...body], what }));

describe('a template of requests', () => {
  it('is filled in with what the requests would have', () => {
    const fill = requestTemplate(make, FIELDS);
    for (const values of [
      { index: 5, name: 'eth0' },
      { index: 0x11111111, name: 'bbbb' },
      { index: 0xffffffff, name: 'aaaa' },
    ])
      assert.deepEqual(plain(fill(values)), plain(make(values)));
  });

  it('gives requests that do not share their bytes', () => {
    const fill = requestTemplate(make, FIELDS);
    const [first] = fill({ index: 1, name: 'eth0' });
    const before = [...(first as NetlinkRequest).body];
    fill({ index: 2, name: 'eth1' });
    assert.deepEqual([...(first as NetlinkRequest).body], before);
  });

  it('is refused when there is more to the requests than its fields', () => {
    let calls = 0;
    const counting = (values: Values): NetlinkRequest[] => [
      ...make(values),
      { type: 5, flags: 0, body: new AttributeWriter().u32(1, calls++).bytes, what: '' },
    ];
    const twice = ({ index, name }: Values): NetlinkRequest[] => [
      { type: 1, flags: 0, body: new AttributeWriter().u32(1, index >>> 1).text(2, name).bytes, what: '' },
    ];
    const longer = ({ index, name }: Values): NetlinkRequest[] =>
      index === FIELDS.index.samples[0] ? make({ index, name }) : make({ index, name }).slice(1);
    for (const wrong of [counting, twice, longer])
      assert.throws(() => requestTemplate(wrong, FIELDS), { code: 'ERR_INTERNAL' });
  });
});
