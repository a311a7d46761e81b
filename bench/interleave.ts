/** Something that is measured beside others. */
export interface Contestant {
  readonly what: string;
  /** Milliseconds, usually. */
  measure(): Promise<number>;
}

export interface Rounds {
  readonly warmUp: number;
  readonly count: number;
}

/**
 * Measures every contestant once per round (A B C, B C A, C A B, …), so that what else the machine does, and what
 * the kernel still cleans up after the one before, meets all of them alike.
 */
export async function interleave(
  contestants: readonly Contestant[],
  rounds: Rounds,
): Promise<Map<string, number[]>> {
  const samples = new Map(contestants.map(({ what }) => [what, [] as number[]]));
  for (let round = -rounds.warmUp; round < rounds.count; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const first = Math.abs(round) % contestants.length;
      const contestant = contestants[(first + turn) % contestants.length] as Contestant;
      const sample = await contestant.measure();
      if (round >= 0) samples.get(contestant.what)?.push(sample);
    }
  }
  return samples;
}
