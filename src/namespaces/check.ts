/** What a caller without types may give in the place of a namespace, a kind or a name. */
import { SpecError } from '../foundation/errors.js';
import { ALL_KINDS, isNamespaceKind, type NamespaceKind } from './kinds.js';
import type { NamespaceTarget } from './open.js';

const isWhole = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= least;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** Throws SpecError. A process or a handle has more than the member that counts. */
export function checkOpened(target: number | string | NamespaceTarget): NamespaceTarget {
  if (typeof target === 'number' && isWhole(target, 1)) return { pid: target };
  if (typeof target === 'string' && target !== '') return { path: target };
  if (typeof target === 'object' && target !== null) {
    const { pid, path, fd } = target as { pid?: unknown; path?: unknown; fd?: unknown };
    if (isWhole(fd, 0) || isText(path) || isWhole(pid, 1)) return target;
  }
  throw new SpecError('target', 'must be a pid, a path, or have a pid, a path or an fd');
}

/** Throws SpecError. */
export function checkKind(kind: NamespaceKind): NamespaceKind {
  if (typeof kind === 'string' && isNamespaceKind(kind)) return kind;
  throw new SpecError('kind', `must be one of ${ALL_KINDS.join(', ')}`);
}

/** Throws SpecError. */
export function checkText(field: string, value: string): string {
  if (typeof value === 'string') return value;
  throw new SpecError(field, 'must be a text');
}
