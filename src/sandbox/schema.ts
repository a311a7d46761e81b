import * as v from 'valibot';
import { ALL_KINDS, type NamespaceKind } from '../namespaces/kinds.js';
import { RLIMIT } from '../syscalls/constants.js';
import type { SandboxSpec } from './spec.js';

const MAX_ID = 0xffff_fffe;

const text = v.pipe(
  v.string('must be a string'),
  v.check((value) => !value.includes('\0'), 'must not contain a NUL byte'),
);
const nonEmpty = v.pipe(text, v.minLength(1, 'must not be empty'));
const absolute = v.pipe(text, v.startsWith('/', 'must be an absolute path'));
const whole = (min: number, max: number) =>
  v.pipe(
    v.number('must be a number'),
    v.integer('must be a whole number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
/** Of a file's mode, which people write and read in octal. */
const bits = (max: number) =>
  v.pipe(
    v.number('must be a number'),
    v.integer('must be a whole number'),
    v.minValue(0, 'must be at least 0'),
    v.maxValue(max, `must be at most 0o${max.toString(8)}`),
  );
const id = whole(0, MAX_ID);
const flag = v.boolean('must be true or false');
const bytes = (limit: number) => v.pipe(text, v.maxBytes(limit, `must be at most ${limit} bytes long`));
const oneOf = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`);

const kind = oneOf(ALL_KINDS as [NamespaceKind, ...NamespaceKind[]]);
const pid = whole(1, 2 ** 22);
const choice = v.union(
  [
    nonEmpty,
    pid,
    // Handles have more than the member that counts, so these two are not strict.
    v.object({ fd: whole(0, 2 ** 31 - 1) }),
    v.object({ pid }),
  ],
  "must be 'new', 'shared', a path, a pid, or an object with a pid or an fd",
);
const namespaces = v.union(
  [v.literal('all'), v.array(kind), v.strictObject(optionalEach(ALL_KINDS, choice))],
  `must be 'all', a list of kinds (${ALL_KINDS.join(', ')}), or an object with kinds as keys`,
);

const range = v.strictObject({
  inner: whole(0, 2 ** 32 - 1),
  outer: whole(0, 2 ** 32 - 1),
  count: whole(1, 2 ** 32 - 1),
});
const idMap = v.union(
  [oneOf(['default', 'root', 'current', 'auto', 'subids', 'all', 'none']), v.array(range)],
  'must be root, current, auto, subids, all, none, or a list of { inner, outer, count }',
);

const mountBase = { destination: absolute, readOnly: v.optional(flag) };
const mount = v.variant(
  'type',
  [
    v.strictObject({ type: v.literal('bind'), source: nonEmpty, ...mountBase }),
    v.strictObject({
      type: v.literal('tmpfs'),
      size: v.optional(
        v.union(
          [
            whole(1, Number.MAX_SAFE_INTEGER),
            v.pipe(text, v.regex(/^\d+[kmg%]?$/i, 'must be bytes, or like 64m or 50%')),
          ],
          'must be bytes, or like 64m or 50%',
        ),
      ),
      mode: v.optional(bits(0o7777)),
      exec: v.optional(flag),
      suid: v.optional(flag),
      dev: v.optional(flag),
      ...mountBase,
    }),
    v.strictObject({ type: v.literal('proc'), ...mountBase }),
    v.strictObject({ type: v.literal('devpts'), ...mountBase }),
    v.strictObject({ type: v.literal('mqueue'), ...mountBase }),
    v.strictObject({ type: v.literal('sysfs'), ...mountBase }),
  ],
  'must have a type of bind, tmpfs, proc, devpts, mqueue or sysfs',
);

const amount = v.union(
  [whole(0, Number.MAX_SAFE_INTEGER), v.literal('unlimited')],
  "must be a number or 'unlimited'",
);
const limit = v.union(
  [amount, v.strictObject({ soft: amount, hard: amount })],
  "must be a number, 'unlimited', or { soft, hard }",
);

const offset = v.union(
  [
    v.pipe(v.number(), v.finite('must be finite')),
    nonEmpty,
    v.strictObject({ seconds: v.number('must be a number'), nanoseconds: v.number('must be a number') }),
  ],
  'must be seconds, or a duration like -7d or 1h30m',
);

const fields = {
  namespaces: v.optional(namespaces),
  hostname: v.optional(bytes(64)),
  domainname: v.optional(bytes(64)),
  mapUsers: v.optional(idMap),
  mapGroups: v.optional(idMap),
  setgroups: v.optional(oneOf(['allow', 'deny'])),
  root: v.optional(nonEmpty),
  readOnlyRoot: v.optional(flag),
  mounts: v.optional(v.array(mount)),
  proc: v.optional(flag),
  propagation: v.optional(oneOf(['private', 'slave', 'shared', 'unchanged'])),
  loopback: v.optional(flag),
  timeOffsets: v.optional(v.strictObject({ monotonic: v.optional(offset), boottime: v.optional(offset) })),
  cwd: v.optional(nonEmpty),
  uid: v.optional(id),
  gid: v.optional(id),
  groups: v.optional(v.pipe(v.array(id), v.maxLength(65_536, 'must not have more than 65536 groups'))),
  umask: v.optional(bits(0o777)),
  nice: v.optional(whole(-20, 19)),
  rlimits: v.optional(v.strictObject(optionalEach(Object.keys(RLIMIT) as (keyof typeof RLIMIT)[], limit))),
  noNewPrivileges: v.optional(flag),
  keepCapabilities: v.optional(flag),
  init: v.optional(flag),
  dieWithParent: v.optional(flag),
} satisfies { [field in keyof Required<Omit<SandboxSpec, 'env'>>]: v.GenericSchema };

/** Types and ranges of each field by itself; what fields mean for each other is checked in parse.ts. */
export const sandboxSchema = v.strictObject(fields);

/** The program's environment, which unlike the rest of a spec seldom is the same twice. */
export const environmentSchema = v.pipe(
  v.custom<object>((value) => !Array.isArray(value), 'must be an object from names to values, not a list'),
  v.record(v.pipe(nonEmpty, v.regex(/^[^=]+$/, 'must not contain =')), v.optional(text)),
);

export const commandSchema = v.pipe(
  v.array(text, 'must be a list of strings, the program first'),
  v.minLength(1, 'there is no program to run'),
  v.check((command) => command[0] !== '', 'the name of the program is empty'),
);

function optionalEach<const Key extends string, Schema extends v.GenericSchema>(
  keys: readonly Key[],
  schema: Schema,
): Record<Key, v.OptionalSchema<Schema, undefined>> {
  const entries = keys.map((key) => [key, v.optional(schema)]);
  return Object.fromEntries(entries) as Record<Key, v.OptionalSchema<Schema, undefined>>;
}
