/** `count` consecutive ids, the first of which is `start`. */
export interface IdSpan {
  readonly start: number;
  readonly count: number;
}

/** What of `span` is in none of `holes`, in ascending order. */
export function subtractSpans(span: IdSpan, holes: readonly IdSpan[]): IdSpan[] {
  let pieces: IdSpan[] = [span];
  for (const hole of holes) {
    pieces = pieces.flatMap((piece) =>
      [
        spanBetween(piece.start, Math.min(endOf(piece), hole.start)),
        spanBetween(Math.max(piece.start, endOf(hole)), endOf(piece)),
      ].filter(({ count }) => count > 0),
    );
  }
  return pieces;
}

/**
 * The ids that `spans` and `others` have in common, in the order of `spans`; a piece never crosses from one of `others`
 * into the next.
 */
export function intersectSpans(spans: readonly IdSpan[], others: readonly IdSpan[]): IdSpan[] {
  return spans.flatMap((span) =>
    others
      .map((other) => spanBetween(Math.max(span.start, other.start), Math.min(endOf(span), endOf(other))))
      .filter(({ count }) => count > 0)
      .sort((a, b) => a.start - b.start),
  );
}

/** The same ids in the same order, each once, neighbours joined. */
export function uniteSpans(spans: readonly IdSpan[]): IdSpan[] {
  const united: IdSpan[] = [];
  for (const span of spans) {
    for (const piece of subtractSpans(span, united)) {
      const last = united.at(-1);
      if (last && endOf(last) === piece.start)
        united[united.length - 1] = spanBetween(last.start, endOf(piece));
      else united.push(piece);
    }
  }
  return united;
}

function spanBetween(start: number, end: number): IdSpan {
  return { start, count: end - start };
}

function endOf({ start, count }: IdSpan): number {
  return start + count;
}
