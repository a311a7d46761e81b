import { SpecError } from '../foundation/errors.js';
import { checkIdMap } from './check.js';
import { howToGetSubordinateIds, ID_WORDS, type IdFacts, type IdMapNames } from './facts.js';
import { chooseWriter, type IdMapWriter } from './permission.js';
import { type IdRange, identityOf } from './ranges.js';
import { type IdSpan, intersectSpans, subtractSpans, uniteSpans } from './spans.js';

/**
 * What a spec says about a map, as words or as ranges. *Caller* is the effective id of the process that runs isol8.
 *
 * - `root`: 0 inside is the caller (unshare --map-root-user).
 * - `current`: the caller keeps its id (unshare --map-current-user).
 * - `auto`: `root`, and from 1 on all subordinate ids in the order of /etc/subuid. What unshare --map-root-user
 *   --map-auto and podman give. Two differences: unshare takes the first line of the file only, and up to util-linux
 *   2.38 leaves out the last id of it. (unshare --map-auto alone maps 0 to the first subordinate id.)
 * - `subids`: the subordinate ids keep their numbers (unshare --map-subids); the caller itself is not mapped.
 * - `all`: every id of the caller's namespace keeps its number.
 * - `none`: no map is written; every id shows as the overflow id, 65534.
 * - `default`: with privilege `all`; without `auto` where newuidmap and subordinate ids are there, else `root`.
 */
export type IdMapChoice =
  | 'default'
  | 'root'
  | 'current'
  | 'auto'
  | 'subids'
  | 'all'
  | 'none'
  | readonly IdRange[];

/** A map that the kernel will take, and who has to write it. */
export interface ResolvedIdMap {
  readonly ranges: readonly IdRange[];
  readonly writer: IdMapWriter;
}

/**
 * Turns a choice into ranges and refuses, before anything runs, every map that the kernel or newuidmap would refuse.
 * See user_namespaces(7), newuidmap(1), unshare(1).
 *
 * @throws SpecError naming the map or its line, the reason and the remedy.
 */
export function resolveIdMap(choice: IdMapChoice, facts: IdFacts, names: IdMapNames): ResolvedIdMap {
  const ranges = rangesOf(choice, facts, names);
  checkIdMap(ranges, names);
  return { ranges, writer: chooseWriter(ranges, facts, names) };
}

/**
 * What /proc/PID/setgroups must hold before the gid map is written. A process without CAP_SETGID may write a gid map
 * itself only after `deny`: dropping a group could otherwise open what that group is kept from. With newgidmap, with
 * CAP_SETGID, or with no gid map, the default is `allow`, which is how a new namespace starts: nothing is written.
 *
 * @param privileged CAP_SETGID in the caller's user namespace.
 * @throws SpecError with the field `setgroups` when `allow` was asked for and the kernel would refuse the map.
 */
export function setgroupsPolicy(
  requested: 'allow' | 'deny' | undefined,
  gidMap: ResolvedIdMap,
  privileged: boolean,
): 'allow' | 'deny' {
  if (gidMap.writer !== 'direct' || privileged) return requested ?? 'allow';
  if (requested === 'allow') {
    throw new SpecError(
      'setgroups',
      'cannot be "allow": without CAP_SETGID the kernel takes a gid map only after setgroups was denied.' +
        ' Leave it out, or map groups from /etc/subgid through newgidmap (mapGroups "auto")',
    );
  }
  return 'deny';
}

function rangesOf(choice: IdMapChoice, facts: IdFacts, names: IdMapNames): readonly IdRange[] {
  const { id, available } = facts;
  switch (choice) {
    case 'default':
      return defaultRanges(facts);
    case 'root':
      return rootFirst(facts, []);
    case 'current':
      return [{ inner: id, outer: id, count: 1 }];
    case 'auto':
      return rootFirst(facts, requireSubordinate(choice, facts, names));
    case 'subids':
      return requireSubordinate(choice, facts, names).map(({ start, count }) => ({
        inner: start,
        outer: start,
        count,
      }));
    case 'all':
      return identityOf(available);
    case 'none':
      return [];
    default:
      return checkIsList(choice, names);
  }
}

function defaultRanges(facts: IdFacts): readonly IdRange[] {
  if (facts.privileged) return identityOf(facts.available);
  return rootFirst(facts, facts.newidmap === undefined ? [] : usableSubordinate('auto', facts));
}

/**
 * The subordinate ids that can be mapped: those the caller's namespace has (an image's /etc/subuid may name others),
 * cut where that namespace's own map has a new line. For `auto` without the caller's own id, which has its own line.
 */
function usableSubordinate(choice: 'auto' | 'subids', { id, subordinate, available }: IdFacts): IdSpan[] {
  const lines = available.map(({ inner, count }) => ({ start: inner, count }));
  const taken = choice === 'auto' ? [{ start: id, count: 1 }] : [];
  const owned = uniteSpans(subordinate).flatMap((span) => subtractSpans(span, taken));
  return intersectSpans(owned, lines);
}

function requireSubordinate(
  choice: 'auto' | 'subids',
  facts: IdFacts,
  { field, kind }: IdMapNames,
): IdSpan[] {
  const usable = usableSubordinate(choice, facts);
  if (usable.length > 0) return usable;
  const words = ID_WORDS[kind];
  throw new SpecError(
    field,
    facts.subordinate.length === 0
      ? `"${choice}" needs subordinate ids, and ${words.file} gives this user none; ${howToGetSubordinateIds(words)}`
      : `"${choice}" needs subordinate ids, and none that ${words.file} gives this user exist in the user namespace isol8 runs in`,
  );
}

/** Root inside is the caller, and from 1 on one span follows the other. */
function rootFirst({ id }: IdFacts, spans: readonly IdSpan[]): IdRange[] {
  const ranges = [{ inner: 0, outer: id, count: 1 }];
  let inner = 1;
  for (const { start, count } of spans) {
    ranges.push({ inner, outer: start, count });
    inner += count;
  }
  return ranges;
}

function checkIsList(choice: readonly IdRange[], { field }: IdMapNames): readonly IdRange[] {
  if (Array.isArray(choice)) return choice;
  const words = 'default, root, current, auto, subids, all, none';
  throw new SpecError(field, `${JSON.stringify(choice)} is neither one of ${words} nor a list of ranges`);
}
