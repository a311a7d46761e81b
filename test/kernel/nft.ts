/** nft(8) of the machine, in whatever namespace the test is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

export function nft(args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync('nft', args, { encoding: 'utf8', input });
  assert.equal(status, 0, `nft ${args.join(' ')}: ${error ?? stderr}\n${input ?? ''}`);
  return stdout;
}

type Entry = Record<string, unknown>;

/** What `nft -j` lists, without numbers that change and in an order of its own where the kernel has none. */
export function nftList(): Entry[] {
  const { nftables } = JSON.parse(nft(['-j', 'list', 'ruleset'])) as { nftables: Entry[] };
  return nftables.filter((entry) => !('metainfo' in entry)).map(comparable);
}

export const comparable = (entry: Entry): Entry => JSON.parse(JSON.stringify(entry, plain));

function plain(key: string, value: unknown): unknown {
  if (key === 'handle' || key === 'expires') return undefined;
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
