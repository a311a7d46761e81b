import { SpecError } from '../../foundation/errors.js';
import { parseIdRange } from '../../ids/ranges.js';
import { ALL_KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import type { Facts } from '../../sandbox/facts.js';
import type { IdBlock, UnshareIds, UnshareSpec } from '../../sandbox/in-place/unshare-spec.js';
import { parseSignal } from '../../sandbox/process-spec.js';
import type { Propagation } from '../../sandbox/spec.js';
import { givenEnvironment } from '../../syscalls/given-texts.js';
import type { Parsed } from '../getopt.js';
import { UsageError } from '../usage-error.js';
import { lookUpGroup, lookUpUser } from './accounts.js';
import { callersDescriptors } from './callers-descriptors.js';
import { environmentOf, kindsGiven, parseUnsigned, programOf } from './unshare-nsenter.js';

/** The options with what they imply, as unshare(1) reads them. Throws SpecError and UsageError. */
export function unshareSpec(options: Parsed, facts: Facts): UnshareSpec {
  const files = kindsGiven(options);
  const users = idsOf(options, 'user', facts.users.id);
  const groups = idsOf(options, 'group', facts.groups.id);
  const owner = ownerOf(options);
  const interpreter = options.last('load-interp');
  const binfmt = options.has('mount-binfmt') || interpreter !== undefined;
  // Where the usual place is to be mounted there must be a /proc of this mount namespace.
  const bringsProc = binfmt && options.last('mount-binfmt') === undefined;
  const mapped = users !== NO_IDS || groups !== NO_IDS || owner !== undefined || binfmt;
  const kinds = ALL_KINDS.filter(
    (kind) =>
      kind in files ||
      (kind === 'user' && mapped) ||
      (kind === 'mnt' && (binfmt || options.has('mount-proc'))),
  );
  const spec: UnshareSpec = {
    program: programOf(options.operands, keptEnvironment(options), callersDescriptors()),
    kinds,
    files: Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined)),
    fork: ['fork', 'forward-signals', 'kill-child'].some((name) => options.has(name)),
    forwardSignals: options.has('forward-signals'),
    killChild: options.has('kill-child') ? signalOf(options.last('kill-child')) : undefined,
    users,
    groups,
    setgroups: options.last('setgroups') as 'allow' | 'deny' | undefined,
    owner,
    propagation: (options.last('propagation') ?? 'private') as Propagation,
    mountProc: options.has('mount-proc') || bringsProc ? (options.last('mount-proc') ?? '/proc') : undefined,
    mountBinfmt: binfmt ? (options.last('mount-binfmt') ?? '/proc/sys/fs/binfmt_misc') : undefined,
    interpreter,
    root: options.last('root'),
    directory: options.last('wd'),
    uid: numberOf(options, 'setuid'),
    gid: numberOf(options, 'setgid'),
    offsets: offsetsOf(options),
    keepCapabilities: options.has('keep-caps'),
  };
  checkTogether(spec);
  return spec;
}

const NO_IDS: UnshareIds = { own: undefined, blocks: [] };

/** -r and -c are a --map-user and a --map-group each; of all these the last one counts. Blocks add up. */
function idsOf(options: Parsed, kind: 'user' | 'group', id: number): UnshareIds {
  let own: number | undefined;
  const blocks: IdBlock[] = [];
  for (const { option, value } of options.values) {
    if (option.name === 'map-root-user') own = 0;
    else if (option.name === 'map-current-user') own = id;
    else if (option.name === `map-${kind}`) own = accountId(value as string, kind);
    else if (option.name === `map-${kind}s`) blocks.push(blockOf(value as string, `--map-${kind}s`));
    else if (option.name === 'map-auto') blocks.push('auto');
    else if (option.name === 'map-subids') blocks.push('subids');
  }
  return own === undefined && blocks.length === 0 ? NO_IDS : { own, blocks };
}

function accountId(text: string, kind: 'user' | 'group'): number {
  const option = `--map-${kind}`;
  if (/^\d+$/.test(text)) return parseUnsigned(text, option);
  if (kind === 'group') return lookUpGroup(text, { root: undefined, option });
  return lookUpUser(text.replace(/:/g, ' '), undefined, option).uid as number;
}

const blockOf = (text: string, option: string): IdBlock =>
  text === 'auto' || text === 'subids' || text === 'all' ? text : parseIdRange(text, option);

function ownerOf(options: Parsed): UnshareSpec['owner'] {
  const text = options.last('owner');
  if (text === undefined) return undefined;
  const [uid, gid, ...rest] = text.split(':');
  if (uid === undefined || gid === undefined || rest.length > 0)
    throw new SpecError('--owner', `'${text}' is not UID:GID`);
  return { uid: parseUnsigned(uid, '--owner'), gid: parseUnsigned(gid, '--owner') };
}

/** `KILL`, `SIGKILL`, `RTMIN+3`, or by number, which unshare(1) does not take. With 0 nothing would be sent. */
function signalOf(text = 'SIGKILL'): number {
  if (Number(text) === 0) throw new SpecError('--kill-child', `there is no signal ${text}`);
  if (/^\d+$/.test(text)) return parseSignal(Number(text), '--kill-child');
  const name = text.toUpperCase();
  return parseSignal(name.startsWith('SIG') ? name : `SIG${name}`, '--kill-child');
}

function numberOf(options: Parsed, name: 'setuid' | 'setgid'): number | undefined {
  const text = options.last(name);
  return text === undefined ? undefined : parseUnsigned(text, `--${name}`);
}

function offsetsOf(options: Parsed): UnshareSpec['offsets'] {
  const clock = (name: 'monotonic' | 'boottime') => {
    const text = options.last(name);
    if (text === undefined) return {};
    if (!/^[-+]?\d+$/.test(text)) throw new SpecError(`--${name}`, `failed to parse offset '${text}'`);
    return { [name]: { seconds: Number(text), nanoseconds: 0 } };
  };
  return { ...clock('monotonic'), ...clock('boottime') };
}

function keptEnvironment(options: Parsed): string[] {
  if (!options.has('clear-env') && !options.has('whitelist-env')) return environmentOf(givenEnvironment());
  const names = options.all('whitelist-env').flatMap((list) => list.split(','));
  const given = givenEnvironment();
  return environmentOf(Object.fromEntries(names.map((name) => [name, given[name]])));
}

function checkTogether({ offsets, kinds, setgroups, groups, files, fork }: UnshareSpec): void {
  const fail = (problem: string): never => {
    throw new UsageError(problem, { command: 'unshare' });
  };
  const isNew = (kind: NamespaceKind): boolean => kinds.includes(kind);
  if (Object.keys(offsets).length > 0 && !isNew('time'))
    fail('options --monotonic and --boottime require unsharing of a time namespace (-T)');
  if (setgroups === 'allow' && groups.own !== undefined)
    fail('options --setgroups=allow and --map-group are mutually exclusive');
  if (files.pid !== undefined && !fork)
    fail('a persistent pid namespace needs --fork, since it starts with a child');
}
