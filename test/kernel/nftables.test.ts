import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { it } from 'node:test';
import fc from 'fast-check';
import { NftablesSocket } from '../../src/nftables/socket.js';
import { rulesetText } from '../../src/nftables/text.js';
import { table } from '../nftables/arbitrary-tables.js';
import { describeInOwnMounts } from './own-mounts.js';

/** What `nft -j` says, without numbers that change and in an order of its own where the kernel has none. */
function nftList(): unknown[] {
  const { nftables } = JSON.parse(nft('-j', 'list', 'ruleset'));
  return (nftables as Record<string, unknown>[])
    .filter((entry) => !('metainfo' in entry))
    .map((entry) => JSON.parse(JSON.stringify(entry, plain)));
}

function plain(key: string, value: unknown): unknown {
  if (key === 'handle' || key === 'expires' || key === 'index') return undefined;
  if (key === 'expr' && Array.isArray(value)) return inOrder(value);
  if (!Array.isArray(value) || (key !== 'set' && key !== 'elem')) return value;
  return value.map((one) => JSON.stringify(one, plain)).sort();
}

/** Of matches one behind the other, nft(8) puts fields that are neighbours in the packet together, before the others. */
function inOrder(expressions: { match?: unknown }[]): unknown[] {
  const runs: { match?: unknown }[][] = [];
  for (const [i, one] of expressions.entries()) {
    if (one.match !== undefined && expressions[i - 1]?.match !== undefined) runs.at(-1)?.push(one);
    else runs.push([one]);
  }
  return runs.flatMap((run) => run.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)));
}

function nft(...args: string[]): string {
  return run(args);
}

function run(args: string[], input?: string): string {
  const { status, stdout, stderr } = spawnSync('nft', args, { encoding: 'utf8', input });
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}\n${input ?? ''}`);
  return stdout;
}

const withoutExpiration = (changes: readonly unknown[]): unknown[] =>
  changes.map((change) =>
    JSON.parse(
      JSON.stringify(change, (key, value) =>
        key === 'expiration' ? undefined : typeof value === 'bigint' ? `${value}` : value,
      ),
    ),
  );

describeInOwnMounts(import.meta.url, 'nf_tables', () => {
  it('give back every table as it was put in', async () => {
    using socket = await NftablesSocket.open();
    await fc.assert(
      fc.asyncProperty(table, async (changes) => {
        const [first, ...contents] = changes;
        assert.ok(first && 'table' in first);
        await socket.replaceTable(first.table, contents);
        const listed = await socket.contents(first.table);
        assert.deepEqual(withoutExpiration(listed ?? []), withoutExpiration(changes));
      }),
      { numRuns: 300 },
    );
  });

  it('are the same as nft makes of the words', async () => {
    using socket = await NftablesSocket.open();
    await fc.assert(
      fc.asyncProperty(table, async (changes) => {
        nft('flush', 'ruleset');
        await socket.commit(changes);
        const ours = nftList();
        nft('flush', 'ruleset');
        run(['-f', '-'], rulesetText(changes));
        assert.deepEqual(ours, nftList());
      }),
      { numRuns: 60 },
    );
  });
});
