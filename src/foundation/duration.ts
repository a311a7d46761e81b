import { SpecError } from './errors.js';

/**
 * A span of time as the kernel writes it in a timespec and in /proc/PID/timens_offsets: `seconds` may be negative,
 * `nanoseconds` counts forward from there and is always 0 to 999,999,999. Half a second back is
 * `{ seconds: -1, nanoseconds: 500_000_000 }`. See time_namespaces(7).
 */
export interface Duration {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** The kernel's KTIME_SEC_MAX: the most whole seconds that fit its 64-bit count of nanoseconds (292 years). */
export const KTIME_SEC_MAX = 9_223_372_036;

const NANOSECONDS_PER_SECOND = 1_000_000_000n;

/** Largest first: a duration is written in this order. */
const UNITS: readonly (readonly [unit: string, nanoseconds: bigint])[] = [
  ['w', 604_800n * NANOSECONDS_PER_SECOND],
  ['d', 86_400n * NANOSECONDS_PER_SECOND],
  ['h', 3_600n * NANOSECONDS_PER_SECOND],
  ['m', 60n * NANOSECONDS_PER_SECOND],
  ['s', NANOSECONDS_PER_SECOND],
  ['ms', 1_000_000n],
  ['us', 1_000n],
  ['ns', 1n],
];
const UNIT_NAMES = UNITS.map(([unit]) => unit).join(' ');

/** Longer than any duration the kernel can hold, short enough that hostile text costs nothing. */
const LONGEST_TEXT = 64;
const HOW_TO_WRITE = 'write seconds (-604800, 1.5) or units from large to small (-7d, 1h30m, 250ms)';

/**
 * Reads a duration: an optional sign, then plain seconds with an optional fraction (`-604800`, `1.5`) or numbers
 * with units, large to small, each at most once: w d h m s ms us ns (`-7d`, `1h30m`, `-1h30m0.5s`, `250ms`). Only
 * the last number may have a fraction, of at most nine digits, and it must come out at whole nanoseconds. Exact.
 *
 * @param field What the error names: a field of a spec or an option.
 * @throws SpecError when the text is none of these, or is beyond ±{@link KTIME_SEC_MAX} seconds.
 */
export function parseDuration(text: string, field = 'duration'): Duration {
  if (text === '') throw new SpecError(field, `the duration is empty; ${HOW_TO_WRITE}`);
  const [, sign, body] = (text.length <= LONGEST_TEXT && /^([+-]?)([0-9a-z.]+)$/i.exec(text)) || [];
  if (body === undefined) {
    throw new SpecError(field, `${quote(text)} is not a duration; ${HOW_TO_WRITE}`);
  }
  const parts = splitParts(/^[0-9.]+$/.test(body) ? `${body}s` : body, text, field);
  const total = parts.reduce((sum, part) => sum + partToNanoseconds(part, text, field), 0n);
  return checkLimit(durationFromNanoseconds(sign === '-' ? -total : total), field);
}

/**
 * A duration from what a spec may hold: text as {@link parseDuration} reads it, a number of seconds (rounded to the
 * nearest nanosecond), or a {@link Duration}.
 *
 * @throws SpecError as parseDuration does; for a number that is not finite; for a Duration whose fields are not
 * integers or whose nanoseconds are not 0 to 999,999,999 (the kernel refuses negative ones too).
 */
export function toDuration(value: string | number | Duration, field: string): Duration {
  if (typeof value === 'string') return parseDuration(value, field);
  if (typeof value === 'number') return fromSeconds(value, field);
  if (typeof value !== 'object' || value === null) {
    throw new SpecError(
      field,
      `a duration is text, a number of seconds or {seconds, nanoseconds}, not ${value}`,
    );
  }
  const { seconds, nanoseconds } = value;
  if (!Number.isInteger(seconds)) {
    throw new SpecError(field, `seconds must be an integer, not ${seconds}`);
  }
  if (!Number.isInteger(nanoseconds) || nanoseconds < 0 || nanoseconds > 999_999_999) {
    const hint = '; nanoseconds count forward: -0.5 s is {seconds: -1, nanoseconds: 500000000}';
    throw new SpecError(
      field,
      `nanoseconds must be an integer from 0 to 999999999, not ${nanoseconds}${hint}`,
    );
  }
  return checkLimit({ seconds: seconds + 0, nanoseconds: nanoseconds + 0 }, field);
}

/** Shortest exact form in days, hours, minutes and seconds (`-7d`, `1h30m0.5s`, `0s`); parseDuration reads it back. */
export function formatDuration(duration: Duration): string {
  const total = durationToNanoseconds(duration);
  let rest = total < 0n ? -total : total;
  let text = '';
  for (const [unit, size] of UNITS.slice(1, 4)) {
    if (rest >= size) text += `${rest / size}${unit}`;
    rest %= size;
  }
  if (rest > 0n || text === '') {
    const fraction = (rest % NANOSECONDS_PER_SECOND).toString().padStart(9, '0').replace(/0+$/, '');
    text += `${rest / NANOSECONDS_PER_SECOND}${fraction && `.${fraction}`}s`;
  }
  return total < 0n ? `-${text}` : text;
}

/**
 * Whole milliseconds for a timer, rounded up: a timeout never fires early, and one shorter than a millisecond does
 * not become none.
 */
export function durationToMilliseconds(duration: Duration): number {
  // "+ 0" turns the -0 that Math.ceil gives for -0.5 ms into 0.
  return Math.ceil(duration.seconds * 1000 + duration.nanoseconds / 1_000_000) + 0;
}

/** The whole span as one exact count of nanoseconds. */
export function durationToNanoseconds(duration: Duration): bigint {
  return BigInt(duration.seconds) * NANOSECONDS_PER_SECOND + BigInt(duration.nanoseconds);
}

/** The normalised duration of that many nanoseconds. */
export function durationFromNanoseconds(total: bigint): Duration {
  // The remainder of a negative bigint is negative; a timespec counts forward.
  const nanoseconds = ((total % NANOSECONDS_PER_SECOND) + NANOSECONDS_PER_SECOND) % NANOSECONDS_PER_SECOND;
  return {
    seconds: Number((total - nanoseconds) / NANOSECONDS_PER_SECOND),
    nanoseconds: Number(nanoseconds),
  };
}

interface Part {
  readonly digits: string;
  readonly fraction: string;
  /** Index in UNITS. */
  readonly unit: number;
}

function splitParts(body: string, text: string, field: string): Part[] {
  const refuse = (problem: string) => new SpecError(field, `${quote(text)} ${problem}; ${HOW_TO_WRITE}`);
  const parts: Part[] = [];
  let position = 0;
  for (const match of body.matchAll(/(\d+)(?:\.(\d+))?([a-z]+)/gi)) {
    const [whole, digits = '', fraction = '', name = ''] = match;
    if (match.index !== position) break;
    position += whole.length;
    const unit = UNITS.findIndex(([known]) => known === name);
    const previous = parts.at(-1);
    if (unit < 0) throw refuse(`has the unknown unit '${name}' (known: ${UNIT_NAMES})`);
    if (previous && previous.unit === unit) throw refuse(`names the unit '${name}' twice`);
    if (previous && previous.unit > unit) throw refuse(`has its units out of order (${UNIT_NAMES})`);
    if (previous?.fraction) throw refuse('has a fraction before its last unit');
    parts.push({ digits, fraction, unit });
  }
  if (position !== body.length) throw refuse('is not a duration');
  return parts;
}

function partToNanoseconds({ digits, fraction, unit }: Part, text: string, field: string): bigint {
  const scaled = BigInt(digits + fraction) * (UNITS[unit]?.[1] ?? 0n);
  const scale = 10n ** BigInt(fraction.length);
  if (fraction.length > 9 || scaled % scale !== 0n) {
    throw new SpecError(
      field,
      `${quote(text)} is finer than a nanosecond, the smallest step of the kernel's clocks`,
    );
  }
  return scaled / scale;
}

function fromSeconds(seconds: number, field: string): Duration {
  if (!Number.isFinite(seconds)) throw new SpecError(field, `${seconds} is not a number of seconds`);
  // Beyond the limit toFixed may switch to an exponent, which parseDuration would report as a strange text.
  if (Math.abs(seconds) > KTIME_SEC_MAX + 1) throw beyondLimit(field, `${seconds} s`);
  return parseDuration(seconds.toFixed(9), field);
}

function checkLimit(duration: Duration, field: string): Duration {
  if (Math.abs(duration.seconds) > KTIME_SEC_MAX) throw beyondLimit(field, `${duration.seconds} s`);
  return duration;
}

function beyondLimit(field: string, value: string): SpecError {
  return new SpecError(
    field,
    `${value} is beyond the kernel's limit of ${KTIME_SEC_MAX} seconds (about 292 years)`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);
}
