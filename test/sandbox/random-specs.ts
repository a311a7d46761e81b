/** Random specs and commands. */
import fc from 'fast-check';
import type { IdMapChoice } from '../../src/ids/resolve.js';
import { ALL_KINDS, type NamespaceKind } from '../../src/namespaces/kinds.js';
import type { MountSpec, NamespacesSpec, ResourceLimit, SandboxSpec } from '../../src/sandbox/spec.js';
import { RLIMIT } from '../../src/syscalls/constants.js';

/** Once in `rarity` + 1 times; a spec with every field says less than one with a few. */
export const sometimes = <T>(arbitrary: fc.Arbitrary<T>, rarity = 2): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: rarity, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
export const small = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const name = fc.constantFrom('a', 'bc', 'd-e', 'né', '𝒹', ' ');
export const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`);

const choice = fc.oneof(
  { weight: 5, arbitrary: fc.constant('new' as const) },
  { weight: 2, arbitrary: fc.constant('shared' as const) },
  { weight: 1, arbitrary: fc.constantFrom<string | number | { fd: number }>('/run/ns', 4321, { fd: 9 }) },
);
const namespaces: fc.Arbitrary<NamespacesSpec | undefined> = fc.oneof(
  fc.constantFrom(undefined, 'all' as const),
  fc.subarray(ALL_KINDS),
  fc.record(
    Object.fromEntries(ALL_KINDS.map((kind) => [kind, choice])) as Record<NamespaceKind, typeof choice>,
  ),
);

const range = fc.record({ inner: small(3000), outer: small(3000), count: fc.integer({ min: 1, max: 400 }) });
const words = fc.constantFrom<IdMapChoice>(
  'default',
  'default',
  'root',
  'root',
  'current',
  'auto',
  'subids',
  'all',
  'none',
);
const idMap: fc.Arbitrary<IdMapChoice> = fc.oneof(
  { weight: 12, arbitrary: words },
  { weight: 1, arbitrary: fc.array(range, { minLength: 1, maxLength: 3 }) },
);

const mount: fc.Arbitrary<MountSpec> = fc
  .record({
    type: fc.constantFrom('bind', 'bind', 'bind', 'tmpfs', 'tmpfs', 'proc', 'devpts', 'mqueue', 'sysfs'),
    destination: path,
    readOnly: sometimes(fc.boolean()),
    source: path,
    size: sometimes(fc.constantFrom('64m', '50%', 4096)),
    mode: sometimes(small(0o7777)),
    exec: sometimes(fc.boolean()),
    dev: sometimes(fc.boolean()),
  })
  .map(({ type, destination, readOnly, source, size, mode, exec, dev }) => {
    const base = { destination, ...(readOnly === undefined ? {} : { readOnly }) };
    if (type === 'bind') return { type, source, ...base };
    if (type !== 'tmpfs') return { type, ...base } as MountSpec;
    return {
      type,
      ...base,
      ...(size === undefined ? {} : { size }),
      ...(mode === undefined ? {} : { mode }),
      ...(exec === undefined ? {} : { exec }),
      ...(dev === undefined ? {} : { dev }),
    };
  });

const limit = fc.constantFrom<ResourceLimit>(0, 50, 50, 100, 4096, 'unlimited', { soft: 5, hard: 60 });
const rlimits = fc.dictionary(fc.constantFrom(...Object.keys(RLIMIT)), limit, { maxKeys: 3 });
const id = fc.constantFrom(0, 0, 0, 0, 0, 1, 1000, 2500, 65_534);
const offset = fc.constantFrom<number | string>('-7d', '1h30m', 3, -1.5, '250ms');

const fields = fc.record({
  hostname: sometimes(name),
  domainname: sometimes(name),
  mapUsers: sometimes(idMap, 2),
  mapGroups: sometimes(idMap, 6),
  setgroups: sometimes(fc.constantFrom('allow' as const, 'deny' as const), 8),
  root: sometimes(path),
  readOnlyRoot: sometimes(fc.boolean()),
  mounts: sometimes(fc.array(mount, { maxLength: 4 })),
  proc: sometimes(fc.boolean(), 6),
  propagation: sometimes(fc.constantFrom('private', 'slave', 'shared', 'unchanged')),
  loopback: sometimes(fc.boolean()),
  timeOffsets: sometimes(fc.record({ monotonic: offset, boottime: offset }, { requiredKeys: [] })),
  cwd: sometimes(path),
  env: sometimes(fc.dictionary(name, sometimes(name))),
  uid: sometimes(id, 4),
  gid: sometimes(id, 4),
  groups: sometimes(fc.array(id, { maxLength: 2 }), 8),
  umask: sometimes(small(0o777)),
  nice: sometimes(fc.integer({ min: -2, max: 19 })),
  rlimits: sometimes(rlimits),
  noNewPrivileges: sometimes(fc.boolean()),
  keepCapabilities: sometimes(fc.boolean()),
  init: sometimes(fc.boolean(), 5),
  dieWithParent: sometimes(fc.boolean()),
});

const NEEDS: readonly (readonly [NamespaceKind, ...(keyof SandboxSpec)[]])[] = [
  ['uts', 'hostname', 'domainname'],
  ['user', 'mapUsers', 'mapGroups', 'setgroups'],
  ['mnt', 'root', 'readOnlyRoot', 'mounts', 'proc', 'propagation'],
  ['net', 'loopback'],
  ['time', 'timeOffsets'],
  ['pid', 'init'],
];

function isNew(spec: NamespacesSpec | undefined, kind: NamespaceKind): boolean {
  if (spec === undefined || spec === 'all') return true;
  if (Array.isArray(spec)) return spec.includes(kind);
  return (spec as Record<string, unknown>)[kind] === 'new';
}

/** Specs that mostly fit together: what needs a new namespace is left out where there is none. */
export const fittingSpec: fc.Arbitrary<SandboxSpec> = fc
  .record({ namespaces, fields, careless: fc.integer({ min: 0, max: 39 }) })
  .map(({ namespaces, fields, careless }) => {
    const spec: Record<string, unknown> = { ...fields, ...(namespaces === undefined ? {} : { namespaces }) };
    for (const [kind, ...needing] of NEEDS) {
      if (careless > 0 && !isNew(namespaces, kind)) for (const field of needing) delete spec[field];
    }
    for (const [field, value] of Object.entries(spec)) if (value === undefined) delete spec[field];
    return spec as SandboxSpec;
  });

/** A fitting spec in which some fields hold anything at all. */
export const anySpec: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 1, arbitrary: fc.anything() },
  {
    weight: 9,
    arbitrary: fc
      .record({
        spec: fittingSpec,
        field: fc.oneof(
          fc.constantFrom(
            'namespaces',
            'mounts',
            'env',
            'rlimits',
            'root',
            'uid',
            'groups',
            'mapUsers',
            'timeOffsets',
          ),
          fc.string(),
        ),
        value: fc.oneof(fc.anything(), fc.array(mount.map((valid) => ({ ...valid, extra: 1 }))), fc.double()),
      })
      .map(({ spec, field, value }) => ({ ...spec, [field]: value })),
  },
);

export const command: fc.Arbitrary<readonly string[]> = fc.array(name, { minLength: 1, maxLength: 3 });
