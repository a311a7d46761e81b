import { SpecError } from '../../foundation/errors.js';
import type { IdFacts, IdMapNames } from '../../ids/facts.js';
import { type IdRange, identityOf } from '../../ids/ranges.js';
import { type ResolvedIdMap, resolveIdMap } from '../../ids/resolve.js';
import type { IdBlock, UnshareIds } from './unshare-spec.js';

/** The map that unshare(1) writes: the present id first, then the blocks, which make room for it. Throws SpecError. */
export function unshareMap({ own, blocks }: UnshareIds, facts: IdFacts, names: IdMapNames): ResolvedIdMap {
  const ranges = blocks.flatMap((block) => rangesOf(block, facts, names));
  const single = own === undefined ? undefined : { inner: own, outer: facts.id, count: 1 };
  const all = single ? [single, ...ranges.flatMap((range) => makeRoom(range, single))] : ranges;
  return resolveIdMap(all.length === 0 ? 'none' : all, facts, names);
}

function rangesOf(block: IdBlock, facts: IdFacts, names: IdMapNames): IdRange[] {
  if (typeof block === 'object') return [block];
  if (block === 'all') return identityOf(facts.available);
  const [first] = facts.subordinate;
  if (!first) {
    const file = names.kind === 'user' ? '/etc/subuid' : '/etc/subgid';
    throw new SpecError(names.field, `'${block}' needs a line for this user in ${file}, and there is none`);
  }
  return [{ inner: block === 'auto' ? 0 : first.start, outer: first.start, count: first.count }];
}

/**
 * Where the single id is inside of the range, the ids from there on move up by one, and the last falls off; an outer id
 * that is the single one's own is left out.
 */
export function makeRoom(range: IdRange, single: IdRange): IdRange[] {
  return withoutInner(range, single.inner).flatMap((part) => withoutOuter(part, single.outer));
}

function withoutInner({ inner, outer, count }: IdRange, hole: number): IdRange[] {
  const before = hole - inner;
  if (before < 0 || before >= count) return [{ inner, outer, count }];
  return [
    { inner, outer, count: before },
    { inner: hole + 1, outer: outer + before, count: count - before - 1 },
  ].filter((part) => part.count > 0);
}

function withoutOuter({ inner, outer, count }: IdRange, hole: number): IdRange[] {
  const before = hole - outer;
  if (before < 0 || before >= count) return [{ inner, outer, count }];
  return [
    { inner, outer, count: before },
    { inner: inner + before + 1, outer: hole + 1, count: count - before - 1 },
  ].filter((part) => part.count > 0);
}
