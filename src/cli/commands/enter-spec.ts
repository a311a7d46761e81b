import { SpecError } from '../../foundation/errors.js';
import { keptPath } from '../../namespaces/kept-path.js';
import { ALL_KINDS, KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import { describe, isOwnedBy, type OpenNamespace, openNamespace, ownInode } from '../../namespaces/open.js';
import type { EnteredNamespace, EnterSpec, OpenedFile } from '../../sandbox/in-place/enter-spec.js';
import { trySyscall } from '../../syscalls/binding.js';
import { IOCTL, O } from '../../syscalls/constants.js';
import { errnoName } from '../../syscalls/errno.js';
import { openFile, S_IFDIR, S_IFMT, statFile } from '../../syscalls/files.js';
import { givenEnvironment } from '../../syscalls/given-texts.js';
import type { Parsed } from '../getopt.js';
import { UsageError } from '../usage-error.js';
import {
  cgroupFile,
  contextOf,
  deniesGroups,
  environOf,
  hasContexts,
  idsOf,
  mustLive,
  openTarget,
  socketNamespace,
  type Target,
} from './enter-target.js';
import { isPid } from './pid-word.js';
import { environmentOf, kindsGiven, parseUnsigned, programOf } from './unshare-nsenter.js';

/** One that is to be entered, and the path by which messages call it. */
type Named = OpenNamespace & { readonly name: string; readonly path?: string; readonly kept?: string };

/**
 * Opens what the options name, as nsenter(1) does before it enters anything. `passed` are the caller's descriptors. Throws
 * SpecError and Isol8Error.
 */
export async function enterSpec(options: Parsed, passed: readonly number[]): Promise<EnterSpec> {
  if (options.last('wdns') !== undefined && options.has('wd'))
    throw new UsageError('mutually exclusive arguments: --wdns --wd', { command: 'enter' });
  const place = isShort(options) ? options.operands[0] : undefined;
  const text = place === undefined ? options.last('target') : isPid(place) ? place : undefined;
  const target = text === undefined ? undefined : openTarget(text);
  const namespaces = place === undefined ? await namespacesOf(options, target) : placeOf(place, target);
  const spec = {
    program: programOf(
      place === undefined ? options.operands : options.operands.slice(1),
      options.has('env') ? environOf(needed(target, 'env')) : environmentOf(givenEnvironment()),
      passed,
    ),
    ...common(options, namespaces, target),
    ...directoriesOf(options, target),
    ...joined(options, target),
    keepsDeniedGroups: place !== undefined && target !== undefined && deniesGroups(target),
    netns: options.has('root') ? undefined : await netnsOf(namespaces),
  };
  if (place === undefined || !target) return checked(spec, target);
  return checked({ ...spec, root: spec.root ?? openDirectory(`/proc/${target.pid}/root`, 'root') }, target);
}

/** The target was the same process from beginning to end. */
function checked(spec: EnterSpec, target: Target | undefined): EnterSpec {
  if (target) mustLive(target);
  return spec;
}

const directoriesOf = (
  options: Parsed,
  target: Target | undefined,
): Pick<EnterSpec, 'root' | 'directory' | 'directoryInside'> => ({
  root: directoryOf(options, 'root', target),
  directory: directoryOf(options, 'wd', target),
  directoryInside: options.last('wdns'),
});

/** What else is taken over. Without SELinux nobody has a context, and nsenter(1) says nothing of it. */
const joined = (
  options: Parsed,
  target: Target | undefined,
): Pick<EnterSpec, 'cgroup' | 'securityContext'> => ({
  cgroup: options.has('join-cgroup')
    ? opened(cgroupFile(needed(target, 'join-cgroup')), O.WRONLY)
    : undefined,
  securityContext:
    options.has('follow-context') && hasContexts() ? contextOf(needed(target, 'follow-context')) : undefined,
});

/** Options that say what to enter: with them it is nsenter(1). */
const SELECTING = [
  'all',
  'target',
  'net-socket',
  'user-parent',
  ...ALL_KINDS.map((kind) => KINDS[kind].option),
];
/** Options for nsenter(1) to enter nothing with, which the short form can have too. */
const OTHERS = [
  ...['root', 'wd', 'wdns', 'env', 'join-cgroup', 'follow-context'],
  ...['setuid', 'setgid', 'preserve-credentials', 'no-fork', 'keep-caps'],
];

/** The first operand says what to enter. A word that cannot be that is a mistake where it is all there is. */
function isShort({ operands, has }: Parsed): boolean {
  const [first] = operands;
  if (first === undefined || SELECTING.some(has)) return false;
  return isPid(first) || !OTHERS.some(has) || isKept(first);
}

const isName = (word: string): boolean => !['', '.', '..'].includes(word) && !word.includes('/');
const isKept = (word: string): boolean =>
  isName(word) && ALL_KINDS.some((kind) => statFile(keptPath(word, kind)));

const placeOf = (place: string, target: Target | undefined): Named[] =>
  target ? foreign(ALL_KINDS, target) : keptAs(place);

function keptAs(name: string): Named[] {
  const paths = ALL_KINDS.map((kind) => ({ kind, path: keptPath(name, kind) }));
  const there = paths.filter(({ path }) => statFile(path));
  if (there.length === 0)
    throw new SpecError(
      name,
      'there is no process and no kept namespace of that name (isol8 ls, isol8 ns ls)',
    );
  return there.map(({ kind, path }) => ({ ...open(kind, path), kept: name }));
}

async function netnsOf(namespaces: readonly Named[]): Promise<EnterSpec['netns']> {
  if (!namespaces.some(({ kind, kept }) => kind === 'net' && kept !== undefined)) return undefined;
  const { netnsViewOf } = await import('./netns-view.js');
  return netnsViewOf(namespaces);
}

/** A word that is no path, where something is kept under it. */
function givenFile(kind: NamespaceKind, file: string): Named {
  if (!isName(file)) return open(kind, file);
  const path = keptPath(file, kind);
  return statFile(path) ? { ...open(kind, path), kept: file } : open(kind, file);
}

/** `:NSID`, of which nsenter(1) says nothing more when there is none. */
async function openId(kind: NamespaceKind, text: string): Promise<Named> {
  const field = `--${KINDS[kind].option}`;
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 1n << 64n)
    throw new SpecError(field, `failed to parse nsid: ${text}`);
  const { findById } = await import('../../namespaces/namespace-id.js');
  const fd = await findById(kind, BigInt(text));
  if (fd >= 0) return { ...describe(fd, { path: `namespace ${text}`, kind, field }), name: `ns/${kind}` };
  const errno = errnoName(-fd);
  const why = { ESTALE: `: no ${kind} namespace that can be seen has it`, EBADF: ': this needs Linux 6.18' }[
    errno
  ];
  throw new SpecError(field, `cannot open namespace of id ${text} (${errno})${why ?? ''}`);
}

function common(
  options: Parsed,
  namespaces: readonly Named[],
  target: Target | undefined,
): Pick<EnterSpec, 'namespaces' | 'uid' | 'gid' | 'fork' | 'keepCapabilities'> {
  const user = namespaces.find(({ kind }) => kind === 'user');
  const preserves = options.has('preserve-credentials');
  const id = (name: 'setuid' | 'setgid'): number | undefined => {
    const text = options.last(name);
    if (text === 'follow') return idsOf(needed(target, name))[name === 'setuid' ? 'uid' : 'gid'];
    if (text !== undefined) return parseUnsigned(text, `--${name}`);
    return user && !preserves ? 0 : undefined;
  };
  return {
    namespaces: namespaces.map(
      (namespace): EnteredNamespace => ({ ...namespace, ownedByJoinedUser: isOwnedBy(namespace, user) }),
    ),
    uid: id('setuid'),
    gid: id('setgid'),
    fork: namespaces.some(({ kind }) => kind === 'pid') && !options.has('no-fork'),
    keepCapabilities: options.has('keep-caps'),
  };
}

/** A file that an option names goes before what --all would take. */
async function namespacesOf(options: Parsed, target: Target | undefined): Promise<Named[]> {
  const given = kindsGiven(options);
  const all = options.has('all') ? foreign(ALL_KINDS, needed(target, 'all')) : [];
  const chosen: Named[] = [];
  for (const [kind, file] of Object.entries(given) as [NamespaceKind, string | undefined][]) {
    if (file === undefined)
      chosen.push(open(kind, `/proc/${needed(target, KINDS[kind].option).pid}/ns/${kind}`));
    else chosen.push(file.startsWith(':') ? await openId(kind, file.slice(1)) : givenFile(kind, file));
  }
  const socket = options.last('net-socket');
  if (socket !== undefined) {
    const fd = socketNamespace(needed(target, 'net-socket'), socket);
    chosen.push({
      ...describe(fd, { path: 'the socket', kind: 'net', field: '--net-socket' }),
      name: 'ns/net',
    });
  }
  const namespaces = [...all.filter(({ kind }) => !chosen.some((other) => other.kind === kind)), ...chosen];
  return options.has('user-parent') ? withParent(namespaces, target) : namespaces;
}

/** All but those that we are in already: the user namespace cannot be entered again. */
const foreign = (kinds: readonly NamespaceKind[], { pid }: Target): Named[] =>
  kinds
    .map((kind) => open(kind, `/proc/${pid}/ns/${kind}`))
    .filter(({ kind, inode }) => inode !== ownInode(kind));

const open = (kind: NamespaceKind, path: string): Named => ({
  ...openNamespace({ path }, kind, `--${KINDS[kind].option}`),
  name: path,
  path,
});

function withParent(namespaces: readonly Named[], target: Target | undefined): Named[] {
  const from =
    namespaces.find(({ kind }) => kind === 'user') ??
    namespaces[0] ??
    open('user', `/proc/${needed(target, 'user-parent').pid}/ns/user`);
  const fd = trySyscall('ioctl', from.fd, IOCTL.NS_GET_USERNS, 0);
  if (fd < 0)
    throw new SpecError('--user-parent', `failed to open the parent of ${from.name}: ${errnoName(-fd)}`);
  const parent = { ...describe(fd, { path: 'the parent', field: '--user-parent' }), name: 'ns/user' };
  return [...namespaces.filter(({ kind }) => kind !== 'user'), parent];
}

const opened = (path: string, flags: number): OpenedFile => ({ fd: openFile(path, flags), path });

function directoryOf(options: Parsed, name: 'root' | 'wd', target: Target | undefined): EnterSpec['root'] {
  if (!options.has(name)) return undefined;
  const own = (): string => `/proc/${needed(target, name).pid}/${name === 'root' ? 'root' : 'cwd'}`;
  return openDirectory(options.last(name)?.replace(/^=/, '') ?? own(), name);
}

function openDirectory(path: string, name: string): OpenedFile {
  const stat = statFile(path);
  if (stat && (stat.mode & S_IFMT) !== S_IFDIR)
    throw new SpecError(`--${name}`, `${path} is not a directory`);
  return opened(path, O.PATH);
}

function needed(target: Target | undefined, option: string): Target {
  if (target) return target;
  throw new SpecError(`--${option}`, 'no target PID specified: give one with --target');
}
