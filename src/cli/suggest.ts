/**
 * How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other
 * (Damerau-Levenshtein in its optimal string alignment form: a swapped pair is not edited again).
 */
export function editDistance(from: string, to: string): number {
  let older: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let best = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + (same ? 0 : 1),
      );
      if (from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        best = Math.min(best, at(older, column - 2) + 1);
      }
      current.push(best);
    }
    older = above;
    above = current;
  }
  return at(above, to.length);
}

/** Outside the table no path leads anywhere. */
function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

/**
 * The candidate the user probably meant, or undefined when none is near: at most one edit for every three letters
 * and no more than two, which finds typing errors and leaves other words alone. Of equally near ones the first.
 */
export function closest(typed: string, candidates: Iterable<string>): string | undefined {
  const word = typed.toLowerCase();
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length);
    const limit = Math.min(Math.floor(longer / 3), 2);
    if (Math.abs(word.length - candidate.length) > limit) continue;
    const distance = editDistance(word, candidate.toLowerCase());
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
