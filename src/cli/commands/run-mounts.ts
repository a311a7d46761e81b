/** Values of isol8 run's options that mount something, in docker-run(1)'s notations. */
import { SpecError } from '../../foundation/errors.js';
import type { MountSpec, TmpfsMount } from '../../sandbox/spec.js';
import { parseOctal } from './run-values.js';

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

/** mount(8)'s words. */
const TMPFS_FLAGS: Readonly<Record<string, Partial<TmpfsMount>>> = {
  ro: { readOnly: true },
  rw: { readOnly: false },
  exec: { exec: true },
  noexec: { exec: false },
  suid: { suid: true },
  nosuid: { suid: false },
  dev: { dev: true },
  nodev: { dev: false },
};

function parseTmpfsOption(option: string): Partial<TmpfsMount> {
  const { key, value = '' } = keyAndValue(option);
  if (key === 'size') return { size: value };
  if (key === 'mode') return { mode: parseOctal(value, '--tmpfs') };
  const flag = Object.hasOwn(TMPFS_FLAGS, option) ? TMPFS_FLAGS[option] : undefined;
  if (flag) return flag;
  const known = Object.keys(TMPFS_FLAGS).join(', ');
  throw new SpecError('--tmpfs', `there is no option '${option}'; there are size=, mode=, ${known}`);
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
  for (const field of csvFields(text)) {
    const { key, value } = keyAndValue(field);
    const member = Object.hasOwn(MOUNT_KEYS, key) ? MOUNT_KEYS[key] : undefined;
    if (member) mount[member] = value ?? '';
    else if (key === 'readonly' || key === 'ro') mount.readOnly = value === undefined || isTrue(value, field);
    else if (key === 'tmpfs-mode') mount.mode = parseOctal(value ?? '', '--mount');
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

function keyAndValue(text: string): { key: string; value: string | undefined } {
  const at = text.indexOf('=');
  return at < 0 ? { key: text, value: undefined } : { key: text.slice(0, at), value: text.slice(at + 1) };
}

/** As docker reads it, by Go's strconv.ParseBool: what it does not know is never a writable mount. */
function isTrue(value: string, field: string): boolean {
  if (['1', 't', 'T', 'true', 'True', 'TRUE'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'False', 'FALSE'].includes(value)) return false;
  throw new SpecError('--mount', `'${field}' is neither true nor false (1, t, true; 0, f, false)`);
}

/** One record of RFC 4180: a field in quotes may hold commas, and each quote in it twice. */
function csvFields(text: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let more = true; more; ) {
    const match = field.exec(text);
    if (!match) throw new SpecError('--mount', `'${text}' is not CSV: quotes go around a whole KEY=VALUE`);
    const [, quoted, plain = '', end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    more = end === ',';
  }
  return fields;
}
