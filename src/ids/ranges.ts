import { SpecError } from '../foundation/errors.js';

/**
 * One line of a uid_map or gid_map, in unshare(1)'s words: `count` ids from `inner` on, inside the user namespace,
 * are the ids from `outer` on in its parent. See user_namespaces(7).
 */
export interface IdRange {
  readonly inner: number;
  readonly outer: number;
  readonly count: number;
}

/** The first number that is no id: (uid_t) -1, which means "leave it" or "no id". Also the most ids there can be. */
export const ID_END = 4_294_967_295;

/**
 * Reads a range as unshare(1) takes it after --map-users and --map-groups: `inner:outer:count`, or its older form
 * `outer,inner,count`, which has the first two the other way round. Whether the numbers make a valid map is for
 * checkIdMap.
 *
 * @throws SpecError when the text has neither form.
 */
export function parseIdRange(text: string, field: string): IdRange {
  const [, inner, outer, count] = /^(\d{1,10}):(\d{1,10}):(\d{1,10})$/.exec(text) ?? [];
  if (inner !== undefined) return { inner: Number(inner), outer: Number(outer), count: Number(count) };
  const [, outerFirst, innerSecond, countLast] = /^(\d{1,10}),(\d{1,10}),(\d{1,10})$/.exec(text) ?? [];
  if (outerFirst !== undefined) {
    return { inner: Number(innerSecond), outer: Number(outerFirst), count: Number(countLast) };
  }
  throw new SpecError(
    field,
    `${JSON.stringify(text)} is not inner:outer:count (or outer,inner,count), as in 0:100000:65536`,
  );
}

/**
 * Reads the text of /proc/PID/uid_map or gid_map. Empty when no map was written yet. Read through /proc/self, `outer`
 * is an id of the parent namespace.
 *
 * @throws SpecError when a line is not three numbers.
 */
export function parseIdMap(text: string, field = 'uid_map'): IdRange[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, inner, outer, count] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line) ?? [];
      if (inner === undefined) throw new SpecError(field, `cannot read the line ${JSON.stringify(line)}`);
      return { inner: Number(inner), outer: Number(outer), count: Number(count) };
    });
}

/** The text for /proc/PID/uid_map or gid_map, a line for each range. The kernel takes it in a single write only. */
export function formatIdMap(ranges: readonly IdRange[]): string {
  return ranges.map(({ inner, outer, count }) => `${inner} ${outer} ${count}\n`).join('');
}

/** The id inside for an id of the parent; undefined when it is not mapped (and shows as the overflow id, 65534). */
export function mapToInner(ranges: readonly IdRange[], outer: number): number | undefined {
  const range = ranges.find((range) => outer >= range.outer && outer - range.outer < range.count);
  return range && range.inner + (outer - range.outer);
}

/** The parent's id for an id inside; undefined when it is not mapped. */
export function mapToOuter(ranges: readonly IdRange[], inner: number): number | undefined {
  const range = ranges.find((range) => inner >= range.inner && inner - range.inner < range.count);
  return range && range.outer + (inner - range.inner);
}

/**
 * The map that gives a child namespace every id its parent has, unchanged: the inner ids of the parent's own map onto
 * themselves. Kept line by line, because the kernel takes no range that spans two lines of the parent's map.
 */
export function identityOf(ranges: readonly IdRange[]): IdRange[] {
  return ranges.map(({ inner, count }) => ({ inner, outer: inner, count }));
}
