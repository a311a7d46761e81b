import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { addChain, addRule, addSet, addTable, type Change, deleteTable } from '../../src/nftables/change.js';
import type { Family } from '../../src/nftables/family.js';
import { NftablesSocket } from '../../src/nftables/socket.js';
import { rulesetText, ruleText } from '../../src/nftables/text.js';
import { table } from '../nftables/arbitrary-tables.js';
import { KNOWN_RULES } from '../nftables/known-rules.js';
import { comparable, nft, nftList } from './nft.js';
import { describeInOwnMounts } from './own-mounts.js';

/** Numbers that run are left away. */
const withoutExpiration = (changes: unknown): unknown =>
  JSON.parse(
    JSON.stringify(changes, (key, value) => {
      if (key === 'expiration') return undefined;
      return typeof value === 'bigint' ? `${value}` : value;
    }),
  );

/** A table that has all that the known rules of a family refer to, and those rules. */
function knownTable(family: Family): Change[] {
  const name = { family, name: 't' };
  const filter = { table: name, name: 'filter', type: 'filter', priority: 0 } as const;
  const nat = { table: name, type: 'nat' } as const;
  return [
    addTable(name),
    addChain({ table: name, name: 'other' }),
    addChain(
      family === 'netdev' ? { ...filter, hook: 'ingress', device: 'lo' } : { ...filter, hook: 'forward' },
    ),
    ...(family === 'bridge' || family === 'netdev'
      ? []
      : [
          addChain({ ...nat, name: 'pre', hook: 'prerouting', priority: -100 }),
          addChain({ ...nat, name: 'post', hook: 'postrouting', priority: 100 }),
        ]),
    addSet({ table: name, name: 'members', type: 'ipv4_addr', flags: ['interval'] }),
    addSet({ table: name, name: 'seen', type: 'ipv4_addr', flags: ['timeout', 'dynamic'] }),
    addSet({ table: name, name: 'ways', type: 'ifname', map: 'verdict' }),
    addSet({ table: name, name: 'ports', type: 'inet_service', map: ['ipv4_addr', 'inet_service'] }),
    ...KNOWN_RULES.filter((rule) => rule.family === family).map(({ chain, expressions }) =>
      addRule({ table: name, chain, expressions }),
    ),
  ];
}

describeInOwnMounts(import.meta.url, 'tables of nf_tables', () => {
  it('have rules as nft lists those that were typed', async () => {
    using socket = await NftablesSocket.open();
    for (const family of ['ip', 'ip6', 'inet', 'bridge', 'netdev'] as const) {
      const rules = KNOWN_RULES.filter((rule) => rule.family === family);
      await socket.commit(knownTable(family));
      const { nftables } = JSON.parse(nft(['-j', 'list', 'table', family, 't']));
      const listed = (nftables as { rule?: { chain: string; expr: unknown } }[]).flatMap(({ rule }) =>
        rule ? [rule] : [],
      );
      const name = { family, name: 't' };
      const ours = await socket.listRules(name);
      for (const chain of ['filter', 'pre', 'post'] as const) {
        const wanted = rules.filter((rule) => rule.chain === chain);
        assert.deepEqual(
          listed.filter((rule) => rule.chain === chain).map(({ expr }) => comparable({ expr })),
          wanted.map(({ json }) => comparable({ expr: JSON.parse(json) })),
        );
        const found = ours.filter((rule) => rule.chain === chain);
        assert.deepEqual(
          found.map(({ expressions }) => expressions),
          wanted.map(({ expressions }) => expressions),
        );
        assert.deepEqual(
          found.map(ruleText),
          wanted.map(({ text }) => text),
        );
      }
      await socket.commit([deleteTable(name)]);
    }
  });

  it('made by nft are read as what was typed, also where nft puts fields together', async () => {
    using socket = await NftablesSocket.open();
    for (const { family, chain, text } of KNOWN_RULES.filter((rule) => rule.family !== 'netdev')) {
      const without = knownTable(family).filter((change) => change.change !== 'add rule');
      const typed = ['tcp sport 5 tcp dport 6 accept', 'ip saddr 10.0.0.1 ip daddr 10.0.0.2 accept'];
      const rules = [text, ...(family === 'ip' && chain === 'filter' ? typed : [])];
      const commands = rules.map((rule) => `add rule ${family} t ${chain} ${rule}\n`).join('');
      nft(['-f', '-'], `flush ruleset\n${rulesetText(without)}${commands}`);
      const found = await socket.listRules({ family, name: 't' }, chain);
      assert.deepEqual(found.map(ruleText), rules);
    }
    nft(['flush', 'ruleset']);
  });

  it('give back every one as it was put in', async () => {
    using socket = await NftablesSocket.open();
    await fc.assert(
      fc.asyncProperty(table, async (changes) => {
        const [first, ...contents] = changes;
        assert.ok(first && 'table' in first);
        await socket.replaceTable(first.table, contents);
        const listed = await socket.contents(first.table);
        assert.deepEqual(withoutExpiration(listed), withoutExpiration(changes));
      }),
      { numRuns: 200 },
    );
  });

  it('are the same as nft makes of their words', async () => {
    using socket = await NftablesSocket.open();
    await fc.assert(
      fc.asyncProperty(table, async (changes) => {
        nft(['flush', 'ruleset']);
        await socket.commit(changes);
        const ours = nftList();
        nft(['flush', 'ruleset']);
        nft(['-f', '-'], rulesetText(changes));
        assert.deepEqual(ours, nftList());
      }),
      { numRuns: 60 },
    );
  });
});
