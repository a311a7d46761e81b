/** What a bench measures and what it is held against; printing is in table.ts. */

/** One row of a table. */
export interface Figure {
  readonly what: string;
  readonly samples: readonly number[];
  readonly targets?: readonly Target[];
}

/** What the median of a figure should be, by itself or beside the median of another figure. */
export interface Target {
  /** As it is printed: `<= 1.25`. */
  readonly text: string;
  /** The `what` of the figure that it is compared with. */
  readonly of?: string;
  readonly met: (value: number, reference: number) => boolean;
}

export interface Skipped {
  readonly what: string;
  readonly reason: string;
}

export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly figures: readonly Figure[];
  readonly skipped?: readonly Skipped[];
}

/** A target and what became of it; `ratio` is missing when the target stands by itself. */
export interface Verdict {
  readonly target: Target;
  readonly ratio?: number;
  /** Undefined when the figure to compare with was skipped. */
  readonly met?: boolean;
}

export const atMost = (limit: number): Target => ({ text: `<= ${limit}`, met: (value) => value <= limit });

export const atLeast = (limit: number): Target => ({ text: `>= ${limit}`, met: (value) => value >= limit });

export const atMostTimes = (factor: number, of: string): Target => ({
  text: `<= ${factor} x`,
  of,
  met: (value, reference) => value <= factor * reference,
});

export const atLeastTimes = (factor: number, of: string): Target => ({
  text: `>= ${factor} x`,
  of,
  met: (value, reference) => value >= factor * reference,
});

export const atMostOver = (extra: number, of: string): Target => ({
  text: `<= it + ${extra}`,
  of,
  met: (value, reference) => value <= reference + extra,
});

/** For context: the ratio is printed, nothing is asked of it. */
export const beside = (of: string): Target => ({ text: '', of, met: () => true });

/** The value that `share` (0 to 1) of the samples do not exceed. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export function judge(figure: Figure, table: Table): Verdict[] {
  const value = median(figure.samples);
  return (figure.targets ?? []).map((target) => {
    if (target.of === undefined) return { target, met: target.met(value, Number.NaN) };
    const other = table.figures.find(({ what }) => what === target.of);
    if (!other) return { target };
    const reference = median(other.samples);
    return { target, ratio: value / reference, met: target.met(value, reference) };
  });
}
