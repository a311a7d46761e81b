import {
  type Duration,
  durationFromNanoseconds,
  durationToNanoseconds,
  formatDuration,
  KTIME_SEC_MAX,
} from '../foundation/duration.js';
import { SpecError } from '../foundation/errors.js';

/**
 * How far the clocks of a time namespace are from those of the *initial* time namespace, not from the creator's. A
 * clock left out keeps the offset of the namespace that the new one is made from. See time_namespaces(7).
 */
export interface ClockOffsets {
  readonly monotonic?: Duration;
  readonly boottime?: Duration;
}

/** Both clocks of the initial time namespace at one moment: a reading minus the reader's own offset. */
export interface ClockReadings {
  readonly monotonic: Duration;
  readonly boottime: Duration;
}

const CLOCKS = ['monotonic', 'boottime'] as const;

/**
 * The kernel keeps half the range of ktime_t free, so that no clock of a namespace ever overflows
 * (proc_timens_set_offset in kernel/time/namespace.c).
 */
const CLOCK_SEC_MAX = Math.floor(KTIME_SEC_MAX / 2);

/** Older kernels print the clock's number (clockid_t) instead of its name. */
const CLOCK_OF_WORD: ReadonlyMap<string | undefined, (typeof CLOCKS)[number]> = new Map([
  ['monotonic', 'monotonic'],
  ['boottime', 'boottime'],
  ['1', 'monotonic'],
  ['7', 'boottime'],
]);

/**
 * The text for one write to /proc/PID/timens_offsets: `monotonic -604800 0\n`, a line for each clock given. Empty
 * when none is. The kernel takes it only before the first process enters the namespace (EACCES afterwards).
 */
export function formatTimensOffsets(offsets: ClockOffsets): string {
  return CLOCKS.map((clock) => {
    const offset = offsets[clock];
    return offset ? `${clock} ${offset.seconds} ${offset.nanoseconds}\n` : '';
  }).join('');
}

/**
 * Reads what the kernel prints in /proc/PID/timens_offsets.
 *
 * @throws SpecError with the field `timens_offsets` for a line that is not `clock seconds nanoseconds`.
 */
export function parseTimensOffsets(text: string): ClockOffsets {
  const offsets: { monotonic?: Duration; boottime?: Duration } = {};
  for (const line of text.split('\n').filter((line) => line.trim() !== '')) {
    const [, word, seconds, nanoseconds] = /^\s*(\w+)\s+(-?\d+)\s+(\d+)\s*$/.exec(line) ?? [];
    const clock = CLOCK_OF_WORD.get(word);
    if (!clock) throw new SpecError('timens_offsets', `cannot read the line ${JSON.stringify(line)}`);
    offsets[clock] = { seconds: Number(seconds), nanoseconds: Number(nanoseconds) };
  }
  return offsets;
}

/**
 * Refuses what the kernel refuses with ERANGE: an offset that would make a clock of the new namespace negative, or
 * put it beyond half of {@link KTIME_SEC_MAX} (146 years). The error names the clock's present value and the
 * smallest (or largest) offset allowed. Time passes in between, but only makes more negative offsets possible.
 *
 * @param now The initial namespace's clocks. A caller inside a time namespace subtracts its own offsets first.
 * @param prefix What precedes `monotonic` or `boottime` in the error's field, `clocks.` for example.
 */
export function checkOffsets(offsets: ClockOffsets, now: ClockReadings, prefix = ''): void {
  for (const clock of CLOCKS) {
    const offset = offsets[clock];
    if (offset) checkOffset(offset, now[clock], prefix + clock);
  }
}

function checkOffset(offset: Duration, now: Duration, field: string): void {
  const nowNanoseconds = durationToNanoseconds(now);
  const moved = durationFromNanoseconds(nowNanoseconds + durationToNanoseconds(offset));
  const tooSmall = moved.seconds < 0;
  if (!tooSmall && moved.seconds <= CLOCK_SEC_MAX) return;
  // The upper limit is named to the second: unlike the lower one it shrinks while time passes.
  const limit = tooSmall
    ? durationFromNanoseconds(-nowNanoseconds)
    : durationFromNanoseconds(BigInt(CLOCK_SEC_MAX) * 1_000_000_000n - nowNanoseconds);
  throw new SpecError(
    field,
    `an offset of ${formatDuration(offset)} would ${tooSmall ? 'make the clock negative' : 'move the clock beyond 146 years'}` +
      ` (the kernel says ERANGE): it stands at ${formatDuration(now)} now,` +
      ` so the ${tooSmall ? 'smallest' : 'largest'} offset allowed is ${formatDuration(limit)}`,
  );
}
