import { SpecError } from '../foundation/errors.js';
import { describeIds } from './check.js';
import { howToGetSubordinateIds, ID_WORDS, type IdFacts, type IdMapNames } from './facts.js';
import type { IdRange } from './ranges.js';
import { intersectSpans, subtractSpans, uniteSpans } from './spans.js';

/**
 * Who writes a map: nobody (there is none), isol8 itself, or the set-uid helper newuidmap(1) or newgidmap(1), which may
 * write what the caller may not.
 */
export type IdMapWriter = 'none' | 'direct' | 'newidmap';

/**
 * Decides who writes a valid map, by the rules of new_idmap_permitted in kernel/user_namespace.c and of newuidmap(1):
 * with CAP_SETUID (CAP_SETGID) any id of the caller's namespace; without, one's own id alone, or through the helper
 * one's own id and ranges from /etc/subuid (/etc/subgid).
 *
 * @throws SpecError when no writer would be let, with the line at fault, the reason and the remedy.
 */
export function chooseWriter(ranges: readonly IdRange[], facts: IdFacts, names: IdMapNames): IdMapWriter {
  if (ranges.length === 0) return 'none';
  ranges.forEach((range, index) => {
    checkAvailable(range, facts, `${names.field}[${index}]`);
  });
  if (facts.privileged || (ranges.length === 1 && isOwnId(ranges[0], facts))) {
    if (!needsSetfcap(ranges, facts, names)) return 'direct';
    if (!helperWrites(ranges, facts)) refuseRootMapped(ranges, names);
    return 'newidmap';
  }
  checkHelper(ranges, facts, names);
  return 'newidmap';
}

function isOwnId(range: IdRange | undefined, { id }: IdFacts): boolean {
  return range?.outer === id && range.count === 1;
}

/** map_id_range_down: a range must lie inside one line of the parent's own map, even when the next line adjoins. */
function checkAvailable({ outer, count }: IdRange, { available }: IdFacts, field: string): void {
  const wanted = { start: outer, count };
  const owned = available.map((line) => ({ start: line.inner, count: line.count }));
  const [missing] = subtractSpans(wanted, owned);
  const ids = describeIds(outer, count);
  if (missing) {
    const all = owned.map(({ start, count }) => describeIds(start, count)).join(', ') || 'none';
    throw new SpecError(
      field,
      `outer ids ${ids}: ${describeIds(missing.start, missing.count)} not in the user namespace isol8 runs in` +
        ` (it has ${all}), so the kernel would refuse the map with EPERM`,
    );
  }
  const [piece] = intersectSpans([wanted], owned);
  if (piece && piece.count < count) {
    throw new SpecError(
      field,
      `outer ids ${ids} span two lines of this user namespace's own map, which the kernel refuses with EPERM;` +
        ` write two ranges, the second from outer id ${piece.start + piece.count} on`,
    );
  }
}

/** verify_root_map: file capabilities written by root inside would count in the parent too. User ids only. */
function needsSetfcap(ranges: readonly IdRange[], { setfcap }: IdFacts, { kind }: IdMapNames): boolean {
  return kind === 'user' && setfcap === false && ranges.some(({ outer }) => outer === 0);
}

/** The helper runs as root, with every capability that is not out of bounds. */
function helperWrites(ranges: readonly IdRange[], facts: IdFacts): boolean {
  const subordinate = uniteSpans(facts.subordinate);
  const granted = (range: IdRange): boolean =>
    isOwnId(range, facts) ||
    subtractSpans({ start: range.outer, count: range.count }, subordinate).length === 0;
  return facts.newidmap !== undefined && ranges.every(granted);
}

function refuseRootMapped(ranges: readonly IdRange[], { field }: IdMapNames): never {
  const line = ranges.findIndex(({ outer }) => outer === 0);
  throw new SpecError(
    `${field}[${line}]`,
    'maps outer user id 0, for which the kernel asks CAP_SETFCAP (since Linux 5.12), which this process does not have;' +
      ' run isol8 with that capability (docker run --cap-add SETFCAP) or as another user',
  );
}

function checkHelper(ranges: readonly IdRange[], facts: IdFacts, { field, kind }: IdMapNames): void {
  const words = ID_WORDS[kind];
  const { helper, file, capability } = words;
  const subordinate = uniteSpans(facts.subordinate);
  const line = ranges.findIndex(
    (range) =>
      !isOwnId(range, facts) &&
      subtractSpans({ start: range.outer, count: range.count }, subordinate).length > 0,
  );
  const range = ranges[line];
  const without =
    facts.id === 0 && kind === 'user' ? `Root here is without ${capability}` : `Without ${capability}`;
  if (range) {
    const own = subordinate.map(({ start, count }) => describeIds(start, count)).join(', ');
    throw new SpecError(
      `${field}[${line}]`,
      `outer ids ${describeIds(range.outer, range.count)} are not yours to map. ${without}, a process maps only its own` +
        ` id (${facts.id}, alone in its range) and, through ${helper} (Debian package uidmap), the ids that ${file} gives` +
        ` its user: ${own || `none; ${howToGetSubordinateIds(words)}`}`,
    );
  }
  if (facts.newidmap === undefined) {
    throw new SpecError(
      field,
      `needs ${helper}, which is not installed (Debian package uidmap). ${without}, a process writes only a map of one` +
        ` line with its own id (${facts.id}) itself`,
    );
  }
}
