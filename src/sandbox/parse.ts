import * as v from 'valibot';
import type { ClockOffsets } from '../clocks/offsets.js';
import { toDuration } from '../foundation/duration.js';
import { SpecError } from '../foundation/errors.js';
import { ALL_KINDS, type NamespaceKind } from '../namespaces/kinds.js';
import type { RLIMIT } from '../syscalls/constants.js';
import type {
  JoinTarget,
  ParsedChoice,
  ParsedLimit,
  ParsedProgram,
  ParsedSandbox,
  ParsedSpec,
} from './parsed-spec.js';
import { commandSchema, environmentSchema, sandboxSchema } from './schema.js';
import type { MountSpec, NamespaceChoice, NamespacesSpec, ResourceLimit, SandboxSpec } from './spec.js';

/** Checks a command and a spec, each field and all together. Throws SpecError naming the first field that is wrong. */
export function parseSpec(command: readonly string[], spec: SandboxSpec): ParsedSpec {
  requireObject(spec);
  const { env, ...rest } = spec;
  return { ...parseSandbox(rest), ...parseProgram(command, env) };
}

/** Throws SpecError for what has no fields that could be looked at. */
export function requireObject(spec: unknown): void {
  if (typeof spec !== 'object' || spec === null) throw new SpecError('spec', 'must be an object');
}

/** The part of a spec that is different at every start. */
export function parseProgram(command: readonly string[], env: SandboxSpec['env']): ParsedProgram {
  const checked = env === undefined ? undefined : validate(environmentSchema, env, 'env');
  return { command: [...checkCommand(command)], env: checked as ParsedSpec['env'] };
}

/** The schema, which says what is wrong, takes ten times as long as to see that nothing is; and this is every start's. */
function checkCommand(command: readonly string[]): [string, ...string[]] {
  return (isCommand(command) ? command : validate(commandSchema, command, 'command')) as [
    string,
    ...string[],
  ];
}

function isCommand(command: unknown): boolean {
  if (!Array.isArray(command) || command.length === 0 || command[0] === '') return false;
  for (const word of command) if (typeof word !== 'string' || word.includes('\0')) return false;
  return true;
}

/** A spec without command and environment. */
export function parseSandbox(spec: Omit<SandboxSpec, 'env'>): ParsedSandbox {
  const checked = validate(sandboxSchema(spec), spec, '') as SandboxSpec;
  const namespaces = parseNamespaces(checked.namespaces ?? 'all');
  const parsed: ParsedSandbox = {
    namespaces,
    hostname: checked.hostname,
    domainname: checked.domainname,
    ...parseMaps(checked),
    setgroups: checked.setgroups,
    root: checked.root,
    readOnlyRoot: checked.readOnlyRoot ?? false,
    mounts: (checked.mounts ?? []).map(parseMount),
    proc: checked.proc ?? (namespaces.mnt === 'new' && namespaces.pid !== 'shared'),
    propagation: checked.propagation ?? 'private',
    loopback: checked.loopback ?? namespaces.net === 'new',
    timeOffsets: parseOffsets(checked.timeOffsets),
    cwd: checked.cwd,
    uid: checked.uid,
    gid: checked.gid,
    groups: checked.groups,
    umask: checked.umask,
    nice: checked.nice,
    rlimits: parseLimits(checked.rlimits ?? {}),
    noNewPrivileges: checked.noNewPrivileges ?? false,
    keepCapabilities: checked.keepCapabilities ?? false,
    init: checked.init ?? namespaces.pid === 'new',
    dieWithParent: checked.dieWithParent ?? true,
  };
  checkTogether(checked, parsed);
  return parsed;
}

/** The first complaint of a schema as a SpecError with the field's path. */
export function validate<T>(schema: v.GenericSchema<unknown, T>, value: unknown, name: string): T {
  const outcome = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  if (outcome.success) return outcome.output;
  const issue = innermost(outcome.issues[0]);
  const path = (issue.path ?? []).reduce<string>(appendKey, name);
  const unknown = issue.type === 'strict_object' && issue.expected === 'never';
  throw new SpecError(path || 'spec', unknown ? 'there is no such field' : problemOf(issue));
}

/** Of a union, what is wrong with the alternative that the value got furthest into: the member, not the whole. */
function innermost(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  const deeper = (issue.issues ?? []).map(innermost).filter(({ path }) => path !== undefined);
  const [best] = deeper.sort((a, b) => (b.path?.length ?? 0) - (a.path?.length ?? 0));
  if (!best) return issue;
  return { ...best, path: [...(issue.path ?? []), ...(best.path ?? [])] as NonNullable<typeof best.path> };
}

function appendKey(path: string, { key }: { key: unknown }): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? String(key) : `${path}.${String(key)}`;
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  if (!issue.message.startsWith('must') || issue.input === '') return issue.message;
  return `${issue.message}, not ${issue.input === undefined ? 'nothing' : receivedOf(issue)}`;
}

function receivedOf({ type, message, input, received }: v.BaseIssue<unknown>): string {
  if (message.includes(' 0o') && typeof input === 'number') return `0o${input.toString(8)}`;
  return type === 'starts_with' ? `"${input}"` : received; // which has as many letters as were compared
}

function parseNamespaces(spec: NamespacesSpec): Record<NamespaceKind, ParsedChoice> {
  const choiceOf = (kind: NamespaceKind): ParsedChoice => {
    if (spec === 'all') return 'new';
    if (Array.isArray(spec)) return spec.includes(kind) ? 'new' : 'shared';
    return parseChoice((spec as { [key in NamespaceKind]?: NamespaceChoice })[kind] ?? 'new', kind);
  };
  const choices = ALL_KINDS.map((kind) => [kind, choiceOf(kind)]);
  return Object.fromEntries(choices) as Record<NamespaceKind, ParsedChoice>;
}

function parseChoice(choice: NamespaceChoice, kind: NamespaceKind): 'new' | 'shared' | JoinTarget {
  if (choice === 'new' || choice === 'shared') return choice;
  if (typeof choice === 'number') return { pid: choice };
  if (typeof choice !== 'string') return 'fd' in choice ? { fd: choice.fd } : { pid: choice.pid };
  if (choice.includes('/')) return { path: choice };
  throw new SpecError(
    `namespaces.${kind}`,
    `'${choice}' is neither 'new' nor 'shared', and a path has a slash in it (./${choice})`,
  );
}

/** A word for users goes for groups too; ranges do not. */
function parseMaps({ mapUsers, mapGroups }: SandboxSpec): Pick<ParsedSpec, 'mapUsers' | 'mapGroups'> {
  const word = typeof mapUsers === 'string' ? mapUsers : 'default';
  return { mapUsers: mapUsers ?? 'default', mapGroups: mapGroups ?? word };
}

/** One slash between names, none at the end, and no way up. */
function parseMount(mount: MountSpec, index: number): MountSpec {
  const names = mount.destination.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw new SpecError(`mounts[${index}].destination`, 'must not contain ..');
  if (names.length === 0)
    throw new SpecError(`mounts[${index}].destination`, 'must not be /, for which there is root');
  return { ...mount, destination: `/${names.join('/')}` };
}

function parseOffsets(offsets: SandboxSpec['timeOffsets']): ClockOffsets | undefined {
  if (offsets === undefined) return undefined;
  const { monotonic, boottime } = offsets;
  return {
    ...(monotonic === undefined ? {} : { monotonic: toDuration(monotonic, 'timeOffsets.monotonic') }),
    ...(boottime === undefined ? {} : { boottime: toDuration(boottime, 'timeOffsets.boottime') }),
  };
}

const RLIM_INFINITY = 2n ** 64n - 1n;

function parseLimits(limits: NonNullable<SandboxSpec['rlimits']>): ParsedLimit[] {
  const parse = ([key, limit]: [string, ResourceLimit]): ParsedLimit => {
    const { soft, hard } = typeof limit === 'object' ? limit : { soft: limit, hard: limit };
    const [low, high] = [soft, hard].map((value) => (value === 'unlimited' ? RLIM_INFINITY : BigInt(value)));
    const parsed = { name: key as keyof typeof RLIMIT, soft: low as bigint, hard: high as bigint };
    if (parsed.soft > parsed.hard)
      throw new SpecError(`rlimits.${key}`, 'the soft limit is above the hard one');
    return parsed;
  };
  return Object.entries(limits).flatMap(([key, limit]) => (limit === undefined ? [] : [parse([key, limit])]));
}

/** Which fields make sense only when a kind of namespace is new. */
const NEEDS: Readonly<Partial<Record<keyof SandboxSpec, NamespaceKind>>> = {
  hostname: 'uts',
  domainname: 'uts',
  mapUsers: 'user',
  mapGroups: 'user',
  setgroups: 'user',
  root: 'mnt',
  readOnlyRoot: 'mnt',
  mounts: 'mnt',
  proc: 'mnt',
  propagation: 'mnt',
  loopback: 'net',
  timeOffsets: 'time',
  init: 'pid',
};

/** Whether a field wants something; `false` and an empty list of mounts do not. */
function asksFor(given: SandboxSpec, field: keyof SandboxSpec): boolean {
  if (field === 'mounts') return given.mounts !== undefined && given.mounts.length > 0;
  const value = given[field];
  return value !== undefined && value !== false;
}

function checkTogether(given: SandboxSpec, parsed: ParsedSandbox): void {
  for (const [field, kind] of Object.entries(NEEDS) as [keyof SandboxSpec, NamespaceKind][]) {
    if (asksFor(given, field) && parsed.namespaces[kind] !== 'new') {
      const how = parsed.namespaces[kind] === 'shared' ? 'shared' : 'joined';
      throw new SpecError(field, `needs a new ${kind} namespace, and that one is ${how}`);
    }
  }
  if (parsed.root !== undefined && parsed.propagation === 'unchanged') {
    throw new SpecError(
      'propagation',
      'pivot_root needs private, slave or shared propagation, not unchanged',
    );
  }
  if (parsed.groups && parsed.setgroups === 'deny') {
    throw new SpecError('groups', "cannot be set with setgroups: 'deny'");
  }
}
