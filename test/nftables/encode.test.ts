import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attributes } from '../../src/netlink/attributes.js';
import { NLM_F } from '../../src/netlink/constants.js';
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  type Change,
  deleteElements,
  deleteRule,
  deleteTable,
  destroyTable,
  type SetSpec,
} from '../../src/nftables/change.js';
import { NFTA_RULE, NFTA_SET, NFTA_SET_ELEM_LIST } from '../../src/nftables/constants.js';
import { encodeBatch } from '../../src/nftables/encode.js';
import type { Expression } from '../../src/nftables/expression.js';
import {
  accept,
  counter,
  dnat,
  drop,
  jump,
  limit,
  log,
  lookup,
  match,
  redirect,
  reject,
  setMark,
  verdict,
  vmap,
} from '../../src/nftables/expressions.js';
import { readExpressions } from '../../src/nftables/kernel-expression.js';
import { rulesetText } from '../../src/nftables/text.js';
import { RECORDED } from './recorded.js';

const table = { family: 'ip', name: 't' } as const;
const members: SetSpec = {
  table,
  name: 'members',
  type: 'ipv4_addr',
  flags: ['interval', 'timeout'],
  timeout: 60_000,
};
const pairs: SetSpec = { table, name: 'pairs', type: ['ipv4_addr', 'inet_service'], flags: ['interval'] };
const ports: SetSpec = { table, name: 'ports', type: 'inet_service', map: ['ipv4_addr', 'inet_service'] };
const ways: SetSpec = { table, name: 'ways', type: 'ifname', map: 'verdict' };

const rule = (chain: string, ...expressions: Expression[]): Change => addRule({ table, chain, expressions });
const fromMap = dnat({ selectors: 'tcp dport', map: 'ports', gives: ['ipv4_addr', 'inet_service'] });

/** The same as the recorded commands, one by one. */
const CHANGES: readonly Change[] = [
  addTable(table),
  addChain({ table, name: 'pre', type: 'nat', hook: 'prerouting', priority: -100 }),
  addChain({ table, name: 'other' }),
  addChain({ table, name: 'third' }),
  addSet(members),
  addSet(pairs),
  addSet(ports),
  addSet(ways),
  addElements(ports, [{ key: 80, data: ['10.0.0.2', 8080] }]),
  addElements(ways, [{ key: 'eth0', data: { jump: 'third' } }]),
  addElements(pairs, [{ key: ['10.0.0.0/8', '80-90'] }]),
  rule('pre', match('fib daddr type', 'local'), fromMap),
  rule('other', match('ip saddr', '172.16.0.0/16'), match('oifname', 'eth0'), accept()),
  rule('other', match('ip saddr', '172.16.0.0/12'), match('oifname', '!=', 'br*'), drop()),
  addRule({
    table,
    chain: 'other',
    expressions: [match('ct state', 'established,related'), counter(), accept()],
    comment: 'replies',
  }),
  rule('pre', match('tcp dport', 80), dnat({ address: '10.0.0.2', port: 8080 })),
  rule('other', match('tcp dport', '1000-2000'), verdict('return')),
  rule('other', match('tcp dport', '!=', '1000-2000'), jump('third')),
  rule('other', lookup('ip saddr', 'members'), setMark('meta mark', 7)),
  rule('other', lookup(['ip saddr', 'tcp dport'], 'pairs'), counter()),
  rule('other', vmap('iifname', 'ways')),
  rule('other', lookup('iifname', ['a', 'b']), reject('icmp host-unreachable')),
  rule(
    'other',
    vmap(
      ['ip saddr', 'tcp dport'],
      [
        [['10.0.0.1', 80], 'accept'],
        [['10.0.0.2', 81], 'drop'],
      ],
    ),
  ),
  rule('other', limit({ rate: 5, per: 'second', burst: 10 }), log({ prefix: 'x: ', level: 'info' })),
  rule('pre', match('udp dport', 53), redirect({ port: 5353 })),
  rule('other', match('meta mark', '5-9'), counter()),
];

const [NEWRULE, NEWSET, NEWSETELEM] = ['a06', 'a09', 'a0c'];

/**
 * Without what the kernel has no need of: of sets what it keeps unread for nft(8), which is more there (what the types were
 * called), where a set has a name, the number that nft(8) calls it by as well, and the numbers that it gives to elements.
 */
function comparable(message: string): unknown {
  const [type = '', flags = '', hex = ''] = message.split(' ');
  const attributes = new Attributes(Buffer.from(hex, 'hex'), 4);
  const but = (left: number): unknown[] => {
    const rest = attributes.entries().filter((entry) => entry.type !== left);
    return [type, flags, ...rest.map((entry) => `${entry.type} ${entry.bytes.toString('hex')}`)];
  };
  if (type === NEWSET) return but(NFTA_SET.USERDATA);
  if (type === NEWSETELEM) {
    const elements = attributes.nest(NFTA_SET_ELEM_LIST.ELEMENTS)?.entries() ?? [];
    const named = !attributes.text(NFTA_SET_ELEM_LIST.SET)?.startsWith('__');
    const id = named ? undefined : attributes.be32(NFTA_SET_ELEM_LIST.SET_ID);
    return [type, flags, attributes.text(2), id, ...elements.map(({ bytes }) => bytes.toString('hex'))];
  }
  const expressions = type === NEWRULE ? attributes.nest(NFTA_RULE.EXPRESSIONS) : undefined;
  const found = expressions ? readExpressions(expressions) : [];
  const named = found.some((one) => one.name === 'lookup' && !one.set?.startsWith('__'));
  if (!named) return message;
  return [...but(NFTA_RULE.EXPRESSIONS), ...found.map((one) => ({ ...one, setId: 0 }))];
}

const messagesOf = (changes: readonly Change[]): string[] =>
  encodeBatch(changes)
    .slice(1, -1)
    .map(
      ({ type, flags, body }) =>
        `${type.toString(16)} ${((flags & ~NLM_F.ACK) | 1).toString(16)} ${Buffer.from(body).toString('hex')}`,
    );

describe('changes of nf_tables', () => {
  it('are encoded byte for byte as nft does', () => {
    assert.equal(CHANGES.length, RECORDED.length);
    for (const [i, [command, ...messages]] of RECORDED.entries()) {
      const ours = messagesOf([CHANGES[i] as Change]);
      assert.deepEqual(ours.map(comparable), messages.map(comparable), command);
    }
  });

  it('are written as they were typed', () => {
    const typed = RECORDED.map(([command]) => command);
    assert.deepEqual(rulesetText(CHANGES).trimEnd().split('\n'), typed);
  });

  it('are between a begin, which may have the generation, and an end', () => {
    const [begin, ...rest] = encodeBatch([deleteTable(table)], 0x01020304);
    const end = rest.at(-1);
    assert.deepEqual(
      [begin?.type, Buffer.from(begin?.body ?? []).toString('hex')],
      [0x10, '0000000a0800010001020304'],
    );
    assert.deepEqual([end?.type, Buffer.from(end?.body ?? []).toString('hex')], [0x11, '0000000a']);
  });

  it('have a name for errors, in the words of nft', () => {
    const named = [
      deleteTable(table),
      deleteRule({ table, chain: 'other', handle: 7 }),
      CHANGES[21] as Change,
    ];
    const names = encodeBatch(named).map(({ what }) => what);
    assert.deepEqual(names.slice(1, -1), [
      'delete table ip t',
      'delete rule ip t other handle 7',
      ...['add rule ip t other', 'add rule ip t other', 'add rule ip t other'],
    ]);
  });

  it('with more elements than one message holds are several messages', () => {
    const numbers = Array.from({ length: 10_000 }, (_, i) => ({ key: `10.1.${i >> 8}.${i & 255}` }));
    const set: SetSpec = { table, name: 's', type: 'ipv4_addr' };
    for (const change of [addElements(set, numbers), deleteElements(set, numbers)]) {
      const sizes = encodeBatch([change]).map(({ body }) => body.length);
      assert.ok(sizes.length > 5 && Math.max(...sizes) < 0xffff, sizes.join());
    }
  });

  it('that cannot be are refused before anything is sent', () => {
    const refusals: [() => unknown, RegExp][] = [
      [() => addTable({ family: 'ipx' as 'ip', name: 't' }), /table.family: must be/],
      [() => addTable({ family: 'ip', name: '2nd' }), /table.name: "2nd" is no name/],
      [() => addTable({ family: 'ip', name: 'a b; flush ruleset' }), /is no name/],
      [() => addTable({ ...table, flags: ['persist' as 'owner'] }), /must be dormant, owner/],
      [() => addChain({ table, name: 'c', type: 'nat', hook: 'ingress', priority: 0 }), /hook: must be/],
      [() => addChain({ table, name: 'c', type: 'nat', hook: 'input', priority: 2 ** 31 }), /of 32 bits/],
      [
        () => addChain({ table, name: 'c', type: 'nat', hook: 'input', priority: 0, device: 'lo' }),
        /does not go with/,
      ],
      [() => addChain({ table, name: 'c', type: 'x' as 'nat', hook: 'input', priority: 0 }), /type: must be/],
      [() => addRule({ table, chain: 'c', expressions: [], comment: '"' }), /no quotation mark/],
      [() => addRule({ table, chain: 'c', expressions: [], position: 0 }), /the handle of a rule/],
      [() => addSet({ table, name: '__set0', type: 'mark' }), /begin with no __/],
      [() => addSet({ table, name: 's', type: 'mac' as 'mark' }), /there is no type mac/],
      [() => addSet({ table, name: 's', type: 'mark', flags: ['interval'] }), /no intervals of mark/],
      [() => addSet({ table, name: 's', type: 'mark', timeout: 5 }), /needs the flag timeout/],
      [() => addSet({ table, name: 's', type: Array(5).fill('ipv6_addr') }), /at most 64/],
      [() => addElements(ports, [{ key: 80 }]), /elements\[0\].data: an element of a map has data/],
      [() => addElements(members, [{ key: '10.0.0.1', data: 1 }]), /only elements of a map/],
      [() => addElements(pairs, [{ key: '10.0.0.1' }]), /1 parts, not 2/],
      [
        () => addElements(ports, [{ key: '80-90', data: ['10.0.0.1', 1] }]),
        /needs a set with the flag interval/,
      ],
    ];
    for (const [make, message] of refusals) assert.throws(make, { code: 'ERR_SPEC', message });
  });

  it('of nothing that need be there are messages of their own', () => {
    assert.equal(encodeBatch([destroyTable(table)])[1]?.type, 0xa1a);
  });
});
