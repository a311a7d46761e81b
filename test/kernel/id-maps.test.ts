import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SpecError } from '../../src/foundation/errors.js';
import { checkIdMap } from '../../src/ids/check.js';
import type { IdFacts } from '../../src/ids/facts.js';
import { formatIdMap, type IdRange, parseIdMap } from '../../src/ids/ranges.js';
import { resolveIdMap } from '../../src/ids/resolve.js';
import { until } from './lifecycle-census.js';

const CAP_SETUID = 7n;
const CAP_SETFCAP = 31n;
const users = { field: 'mapUsers', kind: 'user' } as const;

const probe = spawnSync('unshare', ['--user', 'true'], { encoding: 'utf8' });
const skip =
  probe.status === 0 ? false : `no user namespace can be made here: ${probe.stderr ?? probe.error}`;

function readFacts(): IdFacts {
  const status = readFileSync('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1]}`);
  return {
    id: process.geteuid?.() ?? -1,
    privileged: ((effective >> CAP_SETUID) & 1n) === 1n,
    setfcap: ((effective >> CAP_SETFCAP) & 1n) === 1n,
    available: parseIdMap(readFileSync('/proc/self/uid_map', 'utf8')),
    subordinate: [],
    newidmap: undefined,
  };
}

/** A process in a new user namespace that has no map yet. */
async function startInUserNamespace(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('unshare', ['--user', 'sleep', '60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const own = readlinkSync('/proc/self/ns/user');
  await until(() => readlinkSync(`/proc/${child.pid}/ns/user`) !== own, 'unshare is in a new user namespace');
  return child as ChildProcess & { pid: number };
}

/** What the kernel says to this text: an errno name, or the map as it shows it afterwards. */
async function writeMap(text: string, child: { pid: number }): Promise<string | IdRange[]> {
  const path = `/proc/${child.pid}/uid_map`;
  try {
    writeFileSync(path, text);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
  return parseIdMap(readFileSync(path, 'utf8'));
}

function problemOf(check: () => unknown): SpecError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof SpecError);
    return error;
  }
}

/** A refused write leaves the namespace without a map, so one namespace serves until a map is accepted. */
async function compareWithKernel(
  maps: fc.Arbitrary<IdRange[]>,
  numRuns: number,
): Promise<Record<string, number>> {
  const facts = readFacts();
  const seen: Record<string, number> = {};
  let child = await startInUserNamespace();
  try {
    const property = fc.asyncProperty(maps, async (ranges) => {
      const invalid = problemOf(() => checkIdMap(ranges, users));
      const forbidden = problemOf(() => resolveIdMap(ranges, facts, users));
      const answer = await writeMap(formatIdMap(ranges), child);
      const expected = invalid ? 'EINVAL' : forbidden ? 'EPERM' : ranges;
      if (typeof answer !== 'string') {
        child.kill('SIGKILL');
        child = await startInUserNamespace();
      }
      const kind = typeof answer === 'string' ? answer : 'accepted';
      seen[kind] = (seen[kind] ?? 0) + 1;
      assert.deepEqual(sorted(answer), sorted(expected), (invalid ?? forbidden)?.message);
    });
    await fc.assert(property, { numRuns });
  } finally {
    child.kill('SIGKILL');
  }
  return seen;
}

/** From six lines on the kernel keeps and shows a map sorted by inner id. */
function sorted(answer: string | IdRange[]): string | IdRange[] {
  return typeof answer === 'string' ? answer : [...answer].sort((a, b) => a.inner - b.inner);
}

function ranges(start: fc.Arbitrary<number>, count: fc.Arbitrary<number>, maxLength: number) {
  const range = fc.record({ inner: start, outer: start, count }, { noNullPrototype: true });
  return fc.array(range, { minLength: 1, maxLength });
}

describe('id maps and the kernel', { skip }, () => {
  it('agree on small maps, overlaps and empty ranges', async (t) => {
    const start = fc.integer({ min: 0, max: 60 });
    const seen = await compareWithKernel(ranges(start, fc.integer({ min: 0, max: 9 }), 8), 400);
    t.diagnostic(JSON.stringify(seen));
    assert.ok(seen.EINVAL, 'no generated map was refused');
  });

  it('agree at the end of the 32-bit ids', async (t) => {
    const end = 2 ** 32 - 1;
    const start = fc.oneof(fc.integer({ min: end - 6, max: end }), fc.integer({ min: 0, max: 3 }));
    const count = fc.oneof(fc.integer({ min: 0, max: 7 }), fc.integer({ min: end - 6, max: end }));
    t.diagnostic(JSON.stringify(await compareWithKernel(ranges(start, count, 2), 300)));
  });

  it('agree on the number of lines and on the length of the text', async (t) => {
    const long = fc
      .record({ lines: fc.integer({ min: 335, max: 345 }), base: fc.constantFrom(0, 10_000_000) })
      .map(({ lines, base }) =>
        Array.from({ length: lines }, (_, index) => ({ inner: index, outer: base + index, count: 1 })),
      );
    t.diagnostic(JSON.stringify(await compareWithKernel(long, 20)));
  });

  it('agree on the maps of one line that this process may write', async (t) => {
    const { id: own, setfcap } = readFacts();
    const id = fc.constantFrom(own, own + 1, 0, 1000);
    const seen = await compareWithKernel(ranges(id, fc.constantFrom(1, 1, 2), 1), 40);
    t.diagnostic(JSON.stringify(seen));
    // Root that has lost its capabilities may map not even itself.
    if (own !== 0 || setfcap) assert.ok(seen.accepted, 'the kernel accepted none');
  });
});
