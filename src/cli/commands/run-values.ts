/** Values of isol8 run's options that are more than a string, in docker-run(1)'s and unshare(1)'s notations. */
import { SpecError } from '../../foundation/errors.js';
import { type IdRange, parseIdRange } from '../../ids/ranges.js';
import type { IdMapChoice } from '../../ids/resolve.js';
import { keptPath } from '../../namespaces/kept-path.js';
import { isNamespaceKind, type NamespaceKind } from '../../namespaces/kinds.js';
import type { ResourceLimit } from '../../sandbox/spec.js';
import { isPid } from './pid-word.js';

/** `net=1234`, `net=/run/netns/blue`, `net=blue`: a name is one of isol8 ns, for net also of ip-netns(8). */
export function parseJoin(text: string): [NamespaceKind, string | number] {
  const at = text.indexOf('=');
  const [kind, target] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 0 || !isNamespaceKind(kind) || target === '') {
    throw new SpecError('--join', `'${text}' is not KIND=TARGET, as in net=1234`);
  }
  if (isPid(target)) return [kind, Number(target)];
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
