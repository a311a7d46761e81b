import { SpecError } from '../foundation/errors.js';
import { formatIdMap, ID_END, type IdRange } from './ranges.js';

/** UID_GID_MAP_MAX_EXTENTS of the kernel since Linux 4.15 (5 before). */
export const MAP_LINES_MAX = 340;

/** The kernel takes a map in one write of less than a page; 4096 is the smallest page there is. */
const MAP_TEXT_END = 4096;

/** Three numbers of at most ten digits, two spaces and a line feed: shorter maps need not be measured. */
const LINE_BYTES_MAX = 33;

/**
 * Refuses every map that the kernel would refuse with EINVAL whoever writes it (map_write in kernel/user_namespace.c),
 * and numbers that it would silently cut to 32 bits. An empty map passes: nothing is written for it. Who may write
 * the map is for resolveIdMap.
 *
 * @throws SpecError whose field is the line at fault (`mapUsers[2]`), or the map when it is too long.
 */
export function checkIdMap(ranges: readonly IdRange[], { field }: { field: string }): void {
  if (ranges.length > MAP_LINES_MAX) {
    throw new SpecError(
      field,
      `has ${ranges.length} lines; the kernel takes at most ${MAP_LINES_MAX} (5 before Linux 4.15)`,
    );
  }
  ranges.forEach((range, index) => {
    checkRange(range, `${field}[${index}]`);
  });
  checkOverlap(ranges, 'inner', field);
  checkOverlap(ranges, 'outer', field);
  if (ranges.length * LINE_BYTES_MAX < MAP_TEXT_END) return;
  const bytes = formatIdMap(ranges).length;
  if (bytes >= MAP_TEXT_END) {
    throw new SpecError(
      field,
      `takes ${bytes} bytes when written; the kernel takes at most ${MAP_TEXT_END - 1}, so use fewer ranges`,
    );
  }
}

/** A line's ids as people write them: `5`, `0-65535`. */
export function describeIds(start: number, count: number): string {
  return count === 1 ? `${start}` : `${start}-${start + count - 1}`;
}

function checkRange(range: IdRange, field: string): void {
  for (const side of ['inner', 'outer'] as const) {
    const start = range[side];
    if (!Number.isInteger(start) || start < 0 || start >= ID_END) {
      throw new SpecError(field, `${side} must be a whole number from 0 to ${ID_END - 1}, not ${start}`);
    }
  }
  const { count } = range;
  if (!Number.isInteger(count) || count < 1) {
    throw new SpecError(field, `count must be a whole number of at least 1, not ${count}`);
  }
  for (const side of ['inner', 'outer'] as const) {
    if (range[side] + count > ID_END) {
      const room = ID_END - range[side];
      throw new SpecError(
        field,
        `count ${count} goes beyond the highest id, ${ID_END - 1}: from ${side} id ${range[side]} on there are ${room}`,
      );
    }
  }
}

function checkOverlap(ranges: readonly IdRange[], side: 'inner' | 'outer', field: string): void {
  if (ranges.length < 2) return;
  const lines = ranges.map((range, index) => ({ start: range[side], count: range.count, index }));
  lines.sort((a, b) => a.start - b.start);
  lines.forEach((line, place) => {
    const previous = lines[place - 1];
    if (!previous || previous.start + previous.count <= line.start) return;
    const [first, second] = previous.index < line.index ? [previous, line] : [line, previous];
    const where = side === 'inner' ? 'inside the namespace' : 'in the parent namespace';
    throw new SpecError(
      `${field}[${second.index}]`,
      `${side} ids ${describeIds(second.start, second.count)} overlap ${field}[${first.index}]` +
        ` (${describeIds(first.start, first.count)}); an id ${where} can be mapped only once`,
    );
  });
}
