/** Values of isol8 run's options that are more than a string, in docker-run(1)'s and unshare(1)'s notations. */
import { SpecError } from '../../foundation/errors.js';
import { type IdRange, parseIdRange } from '../../ids/ranges.js';
import type { IdMapChoice } from '../../ids/resolve.js';
import { keptPath } from '../../namespaces/kept-path.js';
import { isNamespaceKind, type NamespaceKind } from '../../namespaces/kinds.js';
import type { MountSpec, ResourceLimit, TmpfsMount } from '../../sandbox/spec.js';

/** `net=1234`, `net=/run/netns/blue`, `net=blue`: a name is one of isol8 ns, for net also of ip-netns(8). */
export function parseJoin(text: string): [NamespaceKind, string | number] {
  const at = text.indexOf('=');
  const [kind, target] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 0 || !isNamespaceKind(kind) || target === '') {
    throw new SpecError('--join', `'${text}' is not KIND=TARGET, as in net=1234`);
  }
  if (/^\d+$/.test(target)) return [kind, Number(target)];
  if (target.includes('/')) return [kind, target];
  if (kind === 'pid')
    throw new SpecError(
      '--join',
      `'${target}' is neither a pid nor a path, and a pid namespace is never kept under a name`,
    );
  return [kind, keptPath(target, kind)];
}

const MAP_WORDS: readonly string[] = ['auto', 'subids', 'all', 'none'];

/** Either one word, or ranges in any number. */
export function parseIdMapOption(values: readonly string[], option: string): IdMapChoice | undefined {
  if (values.length === 0) return undefined;
  const last = values.at(-1) as string;
  if (values.length === 1 && MAP_WORDS.includes(last)) return last as IdMapChoice;
  return values.map((value): IdRange => parseIdRange(value, option));
}

/** `SOURCE:DIR[:ro]` */
export function parseVolume(text: string): MountSpec {
  const parts = text.split(':');
  const [source, destination, mode = 'rw'] = parts;
  if (!source || !destination || parts.length > 3 || !['ro', 'rw'].includes(mode)) {
    throw new SpecError('--volume', `'${text}' is not SOURCE:DIR, SOURCE:DIR:ro or SOURCE:DIR:rw`);
  }
  return { type: 'bind', source, destination, readOnly: mode === 'ro' };
}

/** `DIR[:size=64m,mode=1777,ro]` */
export function parseTmpfs(text: string): MountSpec {
  const colon = text.indexOf(':');
  const destination = colon < 0 ? text : text.slice(0, colon);
  const options = colon < 0 ? [] : text.slice(colon + 1).split(',');
  return Object.assign({ type: 'tmpfs', destination } as const, ...options.map(parseTmpfsOption));
}

function parseTmpfsOption(option: string): Partial<TmpfsMount> {
  const [key, value = ''] = option.split('=');
  if (key === 'size') return { size: value };
  if (key === 'mode') return { mode: parseOctal(value, '--tmpfs') };
  if (option === 'ro' || option === 'rw') return { readOnly: option === 'ro' };
  throw new SpecError('--tmpfs', `there is no option '${option}'; there are size=, mode=, ro and rw`);
}

const MOUNT_KEYS: Readonly<Record<string, string>> = {
  type: 'type',
  source: 'source',
  src: 'source',
  target: 'destination',
  dst: 'destination',
  destination: 'destination',
  'tmpfs-size': 'size',
};

/** docker's `type=bind,source=/srv,target=/srv,readonly`; types and members are checked with the spec. */
export function parseMountOption(text: string): MountSpec {
  const mount: Record<string, unknown> = { type: 'bind' };
  for (const option of text.split(',')) {
    const at = option.indexOf('=');
    const [key, value] = at < 0 ? [option, 'true'] : [option.slice(0, at), option.slice(at + 1)];
    const member = Object.hasOwn(MOUNT_KEYS, key) ? MOUNT_KEYS[key] : undefined;
    if (member) mount[member] = value;
    else if (key === 'readonly' || key === 'ro') mount.readOnly = value === 'true' || value === '1';
    else if (key === 'tmpfs-mode') mount.mode = parseOctal(value, '--mount');
    else
      throw new SpecError(
        '--mount',
        `there is no '${key}'; there are ${Object.keys(MOUNT_KEYS).join(', ')}, readonly, tmpfs-mode`,
      );
  }
  if (mount.destination === undefined) throw new SpecError('--mount', `'${text}' has no target=`);
  if (mount.type === 'bind' && mount.source === undefined) {
    throw new SpecError('--mount', `'${text}' has no source=, which type=bind, the default, needs`);
  }
  return mount as unknown as MountSpec;
}

export function parseOctal(text: string, option: string): number {
  if (!/^[0-7]{1,5}$/.test(text)) throw new SpecError(option, `'${text}' is not an octal number`);
  return Number.parseInt(text, 8);
}

export function parseWhole(text: string, option: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw new SpecError(option, `'${text}' is not a whole number`);
  return Number(text);
}

/** `NAME=SOFT[:HARD]` */
export function parseUlimit(text: string): [string, ResourceLimit] {
  const match = /^([a-z]+)=(-?\w+)(?::(-?\w+))?$/.exec(text);
  if (!match) throw new SpecError('--ulimit', `'${text}' is not NAME=SOFT or NAME=SOFT:HARD`);
  const [, name, soft, hard = soft] = match as unknown as [string, string, string, string?];
  const amount = (value: string): number | 'unlimited' =>
    value === '-1' || value === 'unlimited' ? 'unlimited' : parseWhole(value, '--ulimit');
  return [name, { soft: amount(soft), hard: amount(hard as string) }];
}
