import { SpecError } from '../../foundation/errors.js';
import type { IdMapChoice } from '../../ids/resolve.js';
import type { NamespaceKind } from '../../namespaces/kinds.js';
import type { MountSpec, NamespaceChoice, SandboxSpec } from '../../sandbox/spec.js';
import { givenEnvironment } from '../../syscalls/given-texts.js';
import type { Parsed } from '../getopt.js';
import { type Account, lookUpGroup, lookUpUser } from './accounts.js';
import { parseMountOption, parseTmpfs, parseVolume } from './run-mounts.js';
import type { runCommand } from './run-options.js';
import { parseIdMapOption, parseJoin, parseOctal, parseUlimit, parseWhole } from './run-values.js';

export type RunOptions = Parsed<(typeof runCommand)['options'][number]['name']>;

/** What is not named is new. */
type Choices = { [kind in NamespaceKind]?: NamespaceChoice };

/** A {@link SandboxSpec} whose namespaces are named one by one. */
export type RunSpec = SandboxSpec & { namespaces: Choices };

/** A spec with only what the options say, so that the defaults stay the library's. */
export function specOf(options: RunOptions): RunSpec {
  const optional = <T>(key: keyof SandboxSpec, value: T | undefined): Partial<SandboxSpec> =>
    value === undefined ? {} : { [key]: value };
  const [umask, nice] = [options.last('umask'), options.last('nice')];
  return {
    namespaces: namespacesOf(options),
    ...optional('hostname', options.last('hostname') ?? nameOf(options)),
    ...optional('domainname', options.last('domainname')),
    ...optional('timeOffsets', offsetsOf(options)),
    ...(options.has('no-loopback') && { loopback: false }),
    ...mapsOf(options),
    ...optional('setgroups', options.last('setgroups')),
    ...accountOf(options),
    ...(options.has('keep-caps') && { keepCapabilities: true }),
    ...(options.has('no-new-privs') && { noNewPrivileges: true }),
    ...optional('root', options.last('root')),
    ...(options.has('read-only') && { readOnlyRoot: true }),
    ...optional('mounts', mountsOf(options)),
    ...(options.has('no-proc') && { proc: false }),
    ...optional('propagation', options.last('propagation')),
    ...optional('cwd', options.last('workdir')),
    ...optional('env', environmentOf(options)),
    ...optional('umask', umask === undefined ? undefined : parseOctal(umask, '--umask')),
    ...optional('nice', nice === undefined ? undefined : parseWhole(nice, '--nice')),
    ...optional('rlimits', limitsOf(options)),
    ...(options.has('no-init') && { init: false }),
    ...(options.has('no-kill-child') && { dieWithParent: false }),
  };
}

/** Which are given by `--net host`, `--share` and `--join`. */
export function namespacesOf(options: RunOptions): Choices {
  const choices: Choices = {};
  const netOfHost = options.last('net') === 'host';
  if (netOfHost) choices.net = 'shared';
  for (const list of options.all('share')) {
    for (const kind of list.split(',')) choices[kind as NamespaceKind] = 'shared';
  }
  for (const text of options.all('join')) {
    const [kind, target] = parseJoin(text);
    if (choices[kind] === 'shared')
      throw new SpecError(
        '--join',
        `${kind} is to be shared by ${kind === 'net' && netOfHost ? '--net host' : '--share'} already`,
      );
    if (choices[kind] !== undefined) throw new SpecError('--join', `${kind} is given twice`);
    choices[kind] = target;
  }
  return choices;
}

/** What a network knows it by is its host name too, where it has one of its own. */
function nameOf(options: RunOptions): string | undefined {
  return namespacesOf(options).uts === undefined ? options.last('name') : undefined;
}

function offsetsOf(options: RunOptions): SandboxSpec['timeOffsets'] {
  const [monotonic, boottime] = [options.last('monotonic'), options.last('boottime')];
  if (monotonic === undefined && boottime === undefined) return undefined;
  return {
    ...(monotonic === undefined ? {} : { monotonic }),
    ...(boottime === undefined ? {} : { boottime }),
  };
}

/** unshare(1) has a flag for each word; the last one given counts. Ranges are added to what maps the caller alone. */
function mapsOf(options: RunOptions): Pick<SandboxSpec, 'mapUsers' | 'mapGroups'> {
  const words = {
    'map-root-user': 'root',
    'map-current-user': 'current',
    'map-auto': 'auto',
    'map-subids': 'subids',
  } as const;
  let word: IdMapChoice | undefined;
  for (const { option } of options.values) word = words[option.name as keyof typeof words] ?? word;
  const users = mapOf(options, 'user', word);
  const groups = mapOf(options, 'group', word);
  return {
    ...(users === undefined ? {} : { mapUsers: users }),
    ...(groups === undefined ? {} : { mapGroups: groups }),
  };
}

function mapOf(
  options: RunOptions,
  kind: 'user' | 'group',
  word: IdMapChoice | undefined,
): IdMapChoice | undefined {
  const outer = (kind === 'user' ? process.geteuid?.() : process.getegid?.()) ?? 0;
  const text = options.last(`map-${kind}`);
  const given = parseIdMapOption(options.all(`map-${kind}s`), `--map-${kind}s`);
  if (text !== undefined) return withCaller(parseWhole(text, `--map-${kind}`), outer, given);
  if (given === undefined) return word;
  if (word === 'root') return withCaller(0, outer, given);
  return word === 'current' ? withCaller(outer, outer, given) : given;
}

/** The caller's own id as another one, and what is mapped besides. */
function withCaller(inner: number, outer: number, besides: IdMapChoice | undefined): IdMapChoice {
  if (typeof besides === 'string') return besides;
  return [{ inner, outer, count: 1 }, ...(besides ?? [])];
}

function accountOf(options: RunOptions): Pick<SandboxSpec, 'uid' | 'gid' | 'groups'> {
  const root = options.last('root');
  const user = options.last('user');
  const account: Account = user === undefined ? {} : lookUpUser(user, root);
  const added = options.all('group-add').map((name) => lookUpGroup(name, { root, option: '--group-add' }));
  // A user's own groups are a courtesy, which is not to fail where setgroups(2) is not allowed.
  const own = options.last('setgroups') === 'deny' ? [] : (account.groups ?? []);
  const groups = added.length + own.length > 0 ? [...own, ...added] : undefined;
  return {
    ...(account.uid === undefined ? {} : { uid: account.uid }),
    ...(account.gid === undefined ? {} : { gid: account.gid }),
    ...(groups === undefined ? {} : { groups }),
  };
}

/** In the order given, whichever option each came by. */
function mountsOf(options: RunOptions): MountSpec[] | undefined {
  const parsers: Readonly<Record<string, (text: string) => MountSpec>> = {
    volume: parseVolume,
    tmpfs: parseTmpfs,
    mount: parseMountOption,
  };
  const mounts = options.values.flatMap(({ option, value }) => parsers[option.name]?.(value ?? '') ?? []);
  return mounts.length > 0 ? mounts : undefined;
}

/** The network namespace that is joined, as it was given, which comes with its files as for isol8 enter; not with other mounts or a root. */
export function joinedNetns(options: RunOptions): string | undefined {
  const { net, mnt } = namespacesOf(options);
  if (net === undefined || mnt !== undefined || options.has('root')) return undefined;
  return options
    .all('join')
    .find((text) => text.startsWith('net='))
    ?.slice('net='.length);
}

function environmentOf(options: RunOptions): Record<string, string | undefined> | undefined {
  const entries = options.all('env');
  if (entries.length === 0 && !options.has('clear-env')) return undefined;
  const given = givenEnvironment();
  const { PATH, TERM } = given;
  const environment: Record<string, string | undefined> = options.has('clear-env')
    ? { PATH, TERM }
    : { ...given };
  for (const entry of entries) {
    const at = entry.indexOf('=');
    if (at === 0 || entry === '') throw new SpecError('--env', `'${entry}' has no name`);
    if (at < 0) environment[entry] = given[entry];
    else environment[entry.slice(0, at)] = entry.slice(at + 1);
  }
  return environment;
}

function limitsOf(options: RunOptions): SandboxSpec['rlimits'] | undefined {
  const limits = options.all('ulimit').map(parseUlimit);
  return limits.length > 0 ? Object.fromEntries(limits) : undefined;
}
