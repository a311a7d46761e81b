/** Random machines and callers to compile specs for. */
import fc from 'fast-check';
import type { IdFacts } from '../../src/ids/facts.js';
import { ALL_KINDS } from '../../src/namespaces/kinds.js';
import type { CompileOptions } from '../../src/sandbox/compile/context.js';
import type { Facts, JoinFact } from '../../src/sandbox/facts.js';
import type { ParsedSpec } from '../../src/sandbox/parsed-spec.js';
import { path, small, sometimes } from './random-specs.js';

export const compileOptions: fc.Arbitrary<CompileOptions> = fc
  .record({
    mode: fc.constantFrom('attached' as const, 'inPlace' as const),
    descriptors: fc.integer({ min: 0, max: 6 }),
    terminal: fc.boolean(),
  })
  .map(({ mode, descriptors, terminal }) => ({
    mode,
    descriptors: terminal ? Math.max(3, descriptors) : descriptors,
    ...(terminal ? { terminal: mode === 'attached' ? ('new' as const) : ('caller' as const) } : {}),
  }));

const LAST_CAPABILITY = 40;
const ALL = (1n << BigInt(LAST_CAPABILITY + 1)) - 1n;
const WHOLE = [{ inner: 0, outer: 0, count: 4_294_967_295 }];
const NESTED = [
  { inner: 0, outer: 1000, count: 1 },
  { inner: 1, outer: 100_000, count: 3000 },
];

interface Caller {
  readonly users: IdFacts;
  readonly groups: IdFacts;
  readonly capabilities: bigint;
}

function ordinary(available: IdFacts['available'], subids: boolean): Caller {
  const facts = (helper: string): IdFacts => ({
    ...{ id: 1000, privileged: false, setfcap: false, available },
    subordinate: subids ? [{ start: 2000, count: 500 }] : [],
    newidmap: subids ? `/usr/bin/${helper}` : undefined,
  });
  return { users: facts('newuidmap'), groups: facts('newgidmap'), capabilities: 0n };
}

function root(available: IdFacts['available'], capabilities: bigint): Caller {
  const has = (bit: bigint): boolean => ((capabilities >> bit) & 1n) === 1n;
  const facts = (bit: bigint): IdFacts => ({
    ...{ id: 0, privileged: has(bit), setfcap: has(31n), available, subordinate: [], newidmap: undefined },
  });
  return { users: facts(7n), groups: facts(6n), capabilities };
}

export const caller: fc.Arbitrary<Caller> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      root(WHOLE, ALL),
      root(NESTED, ALL),
      ordinary(WHOLE, false),
      ordinary(WHOLE, true),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(ordinary(NESTED, true), ordinary([], false)) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: ALL }).map((capabilities) => root(WHOLE, capabilities)) },
);

function joinsOf(spec: ParsedSpec, random: readonly (readonly [own: boolean, owned: boolean])[]): JoinFact[] {
  const joined = ALL_KINDS.filter((kind) => typeof spec.namespaces[kind] === 'object');
  const ofUser = joined.includes('user') && !random[0]?.[0];
  return joined.map((kind, index) => {
    const [own, owned] = random[kind === 'user' ? 0 : index + 1] as readonly [boolean, boolean];
    return { kind, fd: 40 + index, own, ownedByJoinedUser: kind !== 'user' && ofUser && owned && !own };
  });
}

const machine = fc.record({
  who: caller,
  joins: fc.array(
    fc.tuple(
      fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
      fc.boolean(),
    ),
    { minLength: 9, maxLength: 9 },
  ),
  clone3: fc.boolean(),
  arm64: fc.boolean(),
  environment: fc.dictionary(
    fc.constantFrom('PATH', 'HOME', 'x'),
    sometimes(fc.constantFrom('', '/bin', '/bin::/x', 'é')),
  ),
  nofile: sometimes(fc.constant({ soft: 1024n, hard: 4096n })),
  umask: sometimes(small(0o777)),
  cwd: sometimes(path),
  hard: fc.constantFrom(100n, 2n ** 64n - 1n),
  directories: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
});

export type RandomMachine = typeof machine extends fc.Arbitrary<infer T> ? T : never;
export const randomMachine: fc.Arbitrary<RandomMachine> = machine;

/** What gatherFacts would have read on that machine for this spec. */
export function factsFor(spec: ParsedSpec, random: RandomMachine): Facts {
  return {
    architecture: random.arm64 ? 'arm64' : 'x64',
    ...random.who,
    lastCapability: LAST_CAPABILITY,
    clone3: random.clone3,
    environment: random.environment,
    nofile: random.nofile,
    umask: random.umask,
    cwd: random.cwd,
    hardLimits: Object.fromEntries(spec.rlimits.map(({ name }) => [name, random.hard])),
    clocks: undefined,
    joins: joinsOf(spec, random.joins),
    sourceIsDirectory: Object.fromEntries(
      spec.mounts.flatMap((mount, i) =>
        mount.type === 'bind' ? [[i, random.directories[i % 4] ?? true]] : [],
      ),
    ),
  };
}
