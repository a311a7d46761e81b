import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AttributeWriter } from '../../src/netlink/attribute-writer.js';
import { Attributes } from '../../src/netlink/attributes.js';
import { delinearize, type SetContents } from '../../src/nftables/delinearize.js';
import { decodeElements, encodeElement } from '../../src/nftables/element.js';
import type { Expression } from '../../src/nftables/expression.js';
import {
  accept,
  counter,
  dnat,
  limit,
  log,
  lookup,
  match,
  reject,
  setMark,
  updateSet,
  vmap,
} from '../../src/nftables/expressions.js';
import type { Family } from '../../src/nftables/family.js';
import { readExpressions, writeExpressions } from '../../src/nftables/kernel-expression.js';
import { linearize } from '../../src/nftables/linearize.js';
import { type ChainKind, elements, rule } from './arbitrary-rules.js';

/** Through the kernel's expressions as bytes and back. As the kernel does, every anonymous set gets a name of its own. */
function throughBytes(family: Family, expressions: readonly Expression[]): Expression[] {
  let id = 0;
  const linear = linearize(family, expressions, () => ++id);
  const writer = new AttributeWriter();
  writeExpressions(writer, linear.expressions);
  const read = readExpressions(new Attributes(Buffer.from(writer.bytes))).map((one) =>
    one.name === 'lookup' && one.setId !== undefined
      ? { ...one, set: `__set${one.setId}`, setId: undefined }
      : one,
  );
  const sets = linear.sets.map(({ id: number, elements: all, data }): [string, SetContents] => [
    `__set${number}`,
    { anonymous: true, elements: all, ...(data ? { data } : {}) },
  ]);
  return delinearize(family, read, (name) => new Map(sets).get(name));
}

const family = fc.constantFrom<Family>('ip', 'ip6', 'inet', 'bridge', 'netdev');
const any = fc
  .tuple(family, fc.constantFrom<ChainKind>('filter', 'prerouting', 'postrouting'))
  .filter(([of, chain]) => chain === 'filter' || ['ip', 'ip6', 'inet'].includes(of))
  .chain(([of, chain]) => fc.tuple(fc.constant(of), rule(of, chain)));

describe('expressions of nf_tables', () => {
  it('come back from the kernel expressions they are made of', () => {
    fc.assert(
      fc.property(any, ([of, expressions]) => {
        assert.deepEqual(throughBytes(of, expressions), expressions);
      }),
      { numRuns: 3000 },
    );
  });

  it('of a header that a packet may not have come with what says so, which is not read as a match', () => {
    const names = (of: Family, expressions: Expression[]): string[] =>
      linearize(of, expressions, () => 1).expressions.map(({ name }) => name);
    const rules: Expression[] = [match('ip saddr', '10.0.0.1'), match('tcp dport', 80)];
    assert.deepEqual(names('ip', rules), ['payload', 'cmp', 'meta', 'cmp', 'payload', 'cmp']);
    assert.deepEqual(names('inet', rules), [
      'meta',
      'cmp',
      'payload',
      'cmp',
      'meta',
      'cmp',
      'payload',
      'cmp',
    ]);
    for (const of of ['ip', 'inet', 'bridge', 'netdev'] as const)
      assert.deepEqual(throughBytes(of, rules), rules);
    const said: Expression[] = [match('meta l4proto', 'tcp'), counter(), match('tcp dport', 80)];
    assert.deepEqual(throughBytes('ip', said), said);
  });

  it('that no packet matches are refused', () => {
    const refused = (of: Family, ...expressions: Expression[]): void => {
      assert.throws(() => linearize(of, expressions, () => 1), { code: 'ERR_SPEC' });
    };
    refused('ip6', match('ip saddr', '10.0.0.1'));
    refused('inet', match('ip saddr', '10.0.0.1'), match('ip6 saddr', '::1'));
    refused('ip', match('tcp dport', 1), match('udp dport', 1));
    refused('ip', dnat({ address: 'fd00::1' }));
  });

  it('have one form, which a list gives back', () => {
    assert.equal(match('ip saddr', '172.17.0.1/16').value, '172.17.0.0/16');
    assert.equal(match('ip saddr', '10.0.0.1/32').value, '10.0.0.1');
    assert.equal(match('ip6 saddr', '0:0::0001').value, '::1');
    assert.equal(match('meta l4proto', 6).value, 'tcp');
    assert.equal(match('tcp dport', '80').value, 80);
    assert.equal(match('tcp dport', '80-80').value, 80);
    assert.equal(match('ct state', 'related,established').value, 'established,related');
    assert.deepEqual(lookup('tcp dport', [443, 80]).set, [80, 443]);
    assert.deepEqual(lookup('ip saddr', ['10.0.0.0-10.255.255.255', '9.9.9.9']).set, [
      '9.9.9.9',
      '10.0.0.0/8',
    ]);
    assert.deepEqual(log({ level: 'warn' }), { kind: 'log' });
    assert.equal(limit({ rate: 1, per: 'second' }).burst, 5);
  });

  it('compare the name of an interface whole, or its beginning, also one with a star in it', () => {
    const cmp = (pattern: string): string | undefined => {
      const [, found] = linearize('ip', [match('iifname', pattern)], () => 1).expressions;
      return found?.name === 'cmp'
        ? found.data?.toString('latin1').replace(/\0+$/, (zeros) => `+${zeros.length}`)
        : undefined;
    };
    assert.deepEqual([cmp('eth0'), cmp('br*'), cmp('a\\*')], ['eth0+12', 'br', 'a*+14']);
    for (const pattern of ['eth0', 'br*', 'a\\*', 'abcdefghijklmn*'])
      assert.deepEqual(throughBytes('ip', [match('iifname', pattern)]), [match('iifname', pattern)]);
  });

  it('refuse what is no value of the type, in words that say what is', () => {
    const refusals: [() => unknown, RegExp][] = [
      [() => match('ip saddr', 'fd00::1'), /ip saddr: "fd00::1" is no ipv4_addr/],
      [() => match('ip saddr', '10.0.0.0/33'), /length of a prefix is 0 to 32/],
      [() => match('ip saddr', '0.0.0.0/0'), /every address: leave it away/],
      [() => match('ip saddr', '10.0.0.9-10.0.0.1'), /begins with the smaller one/],
      [() => match('tcp dport', 65_536), /a number from 0 to 65535/],
      [() => match('tcp dport', '<', '1-2'), /single number/],
      [() => match('ct state', 'open'), /invalid, established, related, new, untracked/],
      [() => match('ct state', 0), /at least one bit/],
      [() => match('iifname', '<', 'a'), /by nothing or !=/],
      [() => match('iifname', '*'), /no ifname/],
      [() => match('iifname', 'sixteen-letters!'), /no ifname/],
      [() => match('iifname', 'a b'), /no ifname/],
      [() => match('no such' as 'iif', 1), /there is no "no such"/],
      [() => match('tcp dport', '==' as '!=', 1), /must be !=/],
      [() => lookup('tcp dport', []), /must have an element/],
      [() => lookup('tcp dport', [80, 80]), /there twice, or overlaps/],
      [() => lookup('tcp dport', ['1-10', '5-6']), /there twice, or overlaps/],
      [() => lookup(['ip saddr', 'tcp dport'], [['10.0.0.1']]), /1 parts, not 2: ipv4_addr . inet_service/],
      [() => lookup('ip saddr', 'no name'), /is no name/],
      [() => vmap('iifname', [['lo', 'allow' as 'accept']]), /must be accept, drop/],
      [() => dnat({}), /must be given, or a port/],
      [() => dnat({ address: '10.0.0.0/8' }), /write a range/],
      [() => dnat({ address: '10.0.0.1', port: 0 }), /1 to 65535/],
      [() => dnat({ address: '10.0.0.1', flags: ['sticky' as 'random'] }), /must be random/],
      [() => limit({ rate: 0, per: 'second' }), /above 0/],
      [() => log({ group: 1, level: 'info' }), /does not go with a group/],
      [() => log({ prefix: 'a"b' }), /no quotation mark/],
      [() => reject('go away' as 'tcp reset'), /must be tcp reset/],
      [() => setMark('meta mark', -1), /no mark/],
      [() => updateSet('update', 's', 'ip saddr', { timeout: 0.5 }), /milliseconds/],
    ];
    for (const [make, message] of refusals) assert.throws(make, { code: 'ERR_SPEC', message });
  });

  it('that isol8 has no word for are kept as they are', () => {
    const unknown: Expression = { kind: 'unknown', name: 'quota', data: '0c00010000000000000003e8' };
    assert.deepEqual(throughBytes('ip', [match('tcp dport', 80), unknown, accept()]), [
      match('tcp dport', 80),
      unknown,
      accept(),
    ]);
  });
});

describe('elements of sets', () => {
  it('come back from what the kernel keeps of them, in any order', () => {
    fc.assert(
      fc.property(elements, fc.nat(), ({ types, elements: all }, seed) => {
        const kernel = all.flatMap((element) => encodeElement(types, element, 'element'));
        const turned = [
          ...kernel.slice(seed % (kernel.length + 1)),
          ...kernel.slice(0, seed % (kernel.length + 1)),
        ].reverse();
        assert.deepEqual(decodeElements(types, turned), all);
      }),
      { numRuns: 3000 },
    );
  });
});
