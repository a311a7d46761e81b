/** The packet scheduler's clock, in whose ticks the kernel takes times. */

/** What /proc/net/psched says. */
export interface Psched {
  /** Ticks in a microsecond. */
  readonly ticksPerMicrosecond: number;
}

/** That of every kernel since 2.6.31: a tick is 64 nanoseconds. */
export const PSCHED: Psched = { ticksPerMicrosecond: 1000 / 64 };

const NANOSECONDS = 1_000_000_000;
const MICROSECONDS = 1_000_000;

/** Reads /proc/net/psched: nanoseconds in a microsecond, in a tick, the resolution; undefined for what it cannot be. */
export function parsePsched(text: string): Psched | undefined {
  const numbers = text
    .trim()
    .split(/\s+/)
    .map((word) => Number.parseInt(word, 16));
  const [microsecond = 0, tick = 0, resolution = 0] = numbers;
  if (!(microsecond > 0) || !(tick > 0) || !(resolution > 0)) return undefined;
  // So a kernel with a clock of nanoseconds says it.
  const whole = resolution === NANOSECONDS ? tick : microsecond;
  return { ticksPerMicrosecond: (whole / tick) * (resolution / MICROSECONDS) };
}

const MAX = 0xffffffff;

/** Rounded as tc(8) does. */
export const ticksOf = (microseconds: number, { ticksPerMicrosecond }: Psched): number =>
  Math.min(MAX, Math.trunc(Math.trunc(microseconds) * ticksPerMicrosecond));

export const microsecondsOf = (ticks: number, { ticksPerMicrosecond }: Psched): number =>
  Math.trunc(ticks / ticksPerMicrosecond);

/** How long it takes to send so many bytes at so many a second. */
export const sendingTicks = (rate: number, bytes: number, psched: Psched): number =>
  ticksOf(MICROSECONDS * (bytes / rate), psched);

export const bytesSentIn = (rate: number, ticks: number, psched: Psched): number =>
  Math.trunc((rate * microsecondsOf(ticks, psched)) / MICROSECONDS);
