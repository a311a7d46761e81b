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
export const whole = (min: number, max: number) =>
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
export const flag = v.boolean('must be true or false');
const bytes = (limit: number) => v.pipe(text, v.maxBytes(limit, `must be at most ${limit} bytes long`));
const oneOf = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`);

function namespaces() {
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
  return v.union(
    [v.literal('all'), v.array(kind), v.strictObject(optionalEach(ALL_KINDS, choice))],
    `must be 'all', a list of kinds (${ALL_KINDS.join(', ')}), or an object with kinds as keys`,
  );
}

function idMap() {
  const range = v.strictObject({
    inner: whole(0, 2 ** 32 - 1),
    outer: whole(0, 2 ** 32 - 1),
    count: whole(1, 2 ** 32 - 1),
  });
  return v.union(
    [oneOf(['default', 'root', 'current', 'auto', 'subids', 'all', 'none']), v.array(range)],
    'must be root, current, auto, subids, all, none, or a list of { inner, outer, count }',
  );
}

function tmpfs() {
  const like = 'must be bytes, or like 64m or 50%, and more than 0'; // which the kernel takes for no limit
  const size = v.union(
    [whole(1, Number.MAX_SAFE_INTEGER), v.pipe(text, v.regex(/^0*[1-9]\d*[kmg%]?$/i, like))],
    like,
  );
  const switches = { exec: v.optional(flag), suid: v.optional(flag), dev: v.optional(flag) };
  return { size: v.optional(size), mode: v.optional(bits(0o7777)), ...switches };
}

function mount() {
  const base = { destination: absolute, readOnly: v.optional(flag) };
  return v.variant(
    'type',
    [
      v.strictObject({ type: v.literal('bind'), source: nonEmpty, ...base }),
      v.strictObject({ type: v.literal('tmpfs'), ...tmpfs(), ...base }),
      v.strictObject({ type: v.literal('proc'), ...base }),
      v.strictObject({ type: v.literal('devpts'), ...base }),
      v.strictObject({ type: v.literal('mqueue'), ...base }),
      v.strictObject({ type: v.literal('sysfs'), ...base }),
    ],
    'must have a type of bind, tmpfs, proc, devpts, mqueue or sysfs',
  );
}

function limits() {
  const amount = v.union(
    [whole(0, Number.MAX_SAFE_INTEGER), v.literal('unlimited')],
    "must be a number or 'unlimited'",
  );
  const limit = v.union(
    [amount, v.strictObject({ soft: amount, hard: amount })],
    "must be a number, 'unlimited', or { soft, hard }",
  );
  return v.strictObject(optionalEach(Object.keys(RLIMIT) as (keyof typeof RLIMIT)[], limit));
}

function offsets() {
  const offset = v.union(
    [
      v.pipe(v.number(), v.finite('must be finite')),
      nonEmpty,
      v.strictObject({ seconds: v.number('must be a number'), nanoseconds: v.number('must be a number') }),
    ],
    'must be seconds, or a duration like -7d or 1h30m',
  );
  return v.strictObject({ monotonic: v.optional(offset), boottime: v.optional(offset) });
}

type Field = keyof Required<Omit<SandboxSpec, 'env'>>;

const groups = () => v.pipe(v.array(id), v.maxLength(65_536, 'must not have more than 65536 groups'));

/** Each is made when a spec first has the field: all of them would be a twentieth of what a command takes to start. */
const FIELDS = {
  namespaces,
  hostname: () => bytes(64),
  domainname: () => bytes(64),
  mapUsers: idMap,
  mapGroups: idMap,
  setgroups: () => oneOf(['allow', 'deny']),
  root: () => nonEmpty,
  readOnlyRoot: () => flag,
  mounts: () => v.array(mount()),
  proc: () => flag,
  propagation: () => oneOf(['private', 'slave', 'shared', 'unchanged']),
  loopback: () => flag,
  timeOffsets: offsets,
  cwd: () => nonEmpty,
  uid: () => id,
  gid: () => id,
  groups,
  umask: () => bits(0o777),
  nice: () => whole(-20, 19),
  rlimits: limits,
  noNewPrivileges: () => flag,
  keepCapabilities: () => flag,
  init: () => flag,
  dieWithParent: () => flag,
} satisfies { [field in Field]: () => v.GenericSchema };

const made: { [field in Field]?: v.GenericSchema } = {};

/** Types and ranges of each field of this spec by itself; what fields mean for each other is checked in parse.ts. */
export function sandboxSchema(spec: object): v.GenericSchema {
  const there = (Object.keys(FIELDS) as Field[]).filter((field) => field in spec);
  const entries = there.map((field) => {
    made[field] ??= v.optional(FIELDS[field]());
    return [field, made[field]];
  });
  return v.strictObject(Object.fromEntries(entries) as v.ObjectEntries);
}

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
