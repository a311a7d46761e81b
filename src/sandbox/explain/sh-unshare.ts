/** The unshare(1) command line for new namespaces, and what has to stand around it. */
import { CLONE } from '../../syscalls/constants.js';
import { namespaceKinds } from './describe.js';
import { quoteCommand, quoteShell } from './quote.js';
import type { Action, IdMaps, MapRange, UnshareAction } from './sh-actions.js';
import { mergeWrappers } from './sh-merge.js';

export interface UnshareCommand {
  /** Lines above. */
  readonly before: readonly string[];
  readonly argv: readonly string[];
  /** What it runs. */
  readonly inside: readonly Action[];
  /** It must replace the shell: something in `before` refers to its pid. */
  readonly wantsExec: boolean;
  /** The shell for a script inside, as a shell reads it. */
  readonly shell: string;
}

/** The variable that says how a shell is told to keep its ids. busybox has no such option, and keeps them. */
const KEEP_IDS = 'keep_ids';

export function unshareCommand(action: UnshareAction, rest: readonly Action[]): UnshareCommand {
  const mapping = mappingOf(action);
  const keepsCapabilities = needsCapabilities(action, rest, mapping);
  const options = [
    ...namespaceKinds(action.flags).map(
      (kind) => `--${kind}${action.files[kind] ? `=${action.files[kind]}` : ''}`,
    ),
    ...(action.fork ? ['--fork'] : []),
    ...(action.killChild ? ['--kill-child'] : []),
    ...mapping.options,
    ...(keepsCapabilities ? ['--keep-caps'] : []),
    ...(action.flags & CLONE.NEWNS ? ['--propagation', action.propagation ?? 'unchanged'] : []),
    ...action.offsets.flatMap(({ clock, seconds }) => [`--${clock}`, seconds]),
  ];
  const inside = [...mapping.inside, ...(keepsCapabilities ? dropAtTheEnd(rest) : rest)];
  const before = [...lostNanoseconds(action), ...mapping.before];
  const wantsExec = mapping.before.length > 0;
  return {
    before,
    argv: ['unshare', ...options],
    inside,
    wantsExec,
    shell: wantsExec ? `sh $${KEEP_IDS}` : 'sh',
  };
}

interface Mapping {
  readonly options: readonly string[];
  readonly before: readonly string[];
  readonly inside: readonly Action[];
  /** The id that the caller has inside, when unshare(1) itself writes the map. */
  readonly inner?: string;
}

/**
 * unshare(1) 2.38 maps one id, the caller's, and by newuidmap(1) one range more. All other maps are written from
 * outside by a second process, as isol8 itself does.
 */
function mappingOf({ maps }: UnshareAction): Mapping {
  const { uid, gid, setgroups } = maps;
  const deny = setgroups === undefined ? [] : ['--setgroups', setgroups];
  if (!uid && !gid) return { options: deny, before: [], inside: [] };
  const users = optionsFor('user', uid, maps);
  const groups = optionsFor('group', gid, maps);
  const single = isSingle(uid) && isSingle(gid);
  const fits =
    users &&
    groups &&
    (single ? gid === undefined || setgroups === 'deny' : !isSingle(uid) && !isSingle(gid));
  if (!fits) return { options: deny, before: writeMaps(maps), inside: [waitForMaps(maps)] };
  return {
    options: [...users, ...groups],
    before: [],
    inside: [],
    ...(uid?.[0] ? { inner: uid[0].inner } : {}),
  };
}

const isSingle = (map: readonly MapRange[] | undefined): boolean =>
  map === undefined || (map.length === 1 && map[0]?.count === '1');

function optionsFor(
  name: 'user' | 'group',
  map: readonly MapRange[] | undefined,
  { helpers }: IdMaps,
): string[] | undefined {
  if (!map) return [];
  const [own, range, ...more] = map;
  const helped = helpers[name === 'user' ? 'uid' : 'gid'] !== undefined;
  if (own?.count !== '1' || more.length > 0 || helped !== (range !== undefined)) return undefined;
  if (!range) return [`--map-${name}=${own.inner}`];
  // 2.38 miscounts a range that touches the single id
  if (BigInt(range.inner) <= BigInt(own.inner)) return undefined;
  return [`--map-${name}=${own.inner}`, `--map-${name}s=${range.outer},${range.inner},${range.count}`];
}

function writeMaps(maps: IdMaps): string[] {
  const lines = (['uid', 'gid'] as const).flatMap((kind) => {
    const map = maps[kind];
    if (!map) return [];
    const helper = maps.helpers[kind];
    const rows = map.map(({ inner, outer, count }) => `${inner} ${outer} ${count}`);
    if (helper !== undefined) return [`${quoteCommand([helper])} $$ ${rows.join(' ')}`];
    return [`printf '%s\\n' ${rows.map(quoteShell).join(' ')} > /proc/$$/${kind}_map`];
  });
  return [
    '# a shell that starts just when its ids become known would take on those it seemed to have; with -p it does not',
    `${KEEP_IDS}=$(sh -p -c 'echo -p' 2> /dev/null) || ${KEEP_IDS}=`,
    '# unshare(1) cannot write these maps; a second process does, once the namespace is there',
    '(',
    '  until [ "$(readlink /proc/$$/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done',
    `  { ${lines.join(' && ')}; } || kill $$`,
    ') &',
  ];
}

/** The map that is written last tells that all are there. */
function waitForMaps({ gid }: IdMaps): Action {
  const file = gid ? 'gid_map' : 'uid_map';
  const text = `until read -r _ < /proc/self/${file}; do sleep 0.01; done`;
  return { kind: 'line', text, why: 'wait until the maps are written', tolerated: false };
}

/** An execve drops all capabilities in a user namespace unless the user is its root. */
function needsCapabilities(
  action: UnshareAction,
  rest: readonly Action[],
  { inside, inner }: Mapping,
): boolean {
  if (!(action.flags & CLONE.NEWUSER)) return false;
  const worksInside = rest.some(({ kind }) => kind === 'line' || kind === 'unshare' || kind === 'wrap');
  return inside.length > 0 || (worksInside && inner !== '0');
}

/** The program gets what an execve without ambient capabilities would have left it. */
function dropAtTheEnd(rest: readonly Action[]): Action[] {
  const end = rest.findIndex(({ kind }) => kind === 'exec');
  const keeps = rest.some(
    (action) => action.kind === 'wrap' && action.argv.some((word) => word.startsWith('--ambient')),
  );
  if (end < 0 || keeps) return [...rest];
  const argv = ['setpriv', '--inh-caps=-all', '--ambient-caps=-all'];
  const drop: Action = { kind: 'wrap', argv, why: 'let execve drop the capabilities' };
  return mergeWrappers([...rest.slice(0, end), drop, ...rest.slice(end)]);
}

function lostNanoseconds({ offsets }: UnshareAction): string[] {
  return offsets
    .filter(({ nanoseconds }) => nanoseconds !== '0')
    .map(({ clock, nanoseconds }) => `# unshare(1) takes whole seconds: ${clock} is ${nanoseconds} ns more`);
}
