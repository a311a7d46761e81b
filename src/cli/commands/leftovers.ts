import type { NetworkLeftover } from '../../network/sweep.js';

/** What was removed because nobody needs it, or would be, or could not be. */
export interface Leftover {
  readonly what: string;
  readonly path: string;
  readonly why: string;
  readonly error?: string | undefined;
}

/** One of a network: a member by the network and its address. */
export function ofNetwork({ network, member, ...rest }: NetworkLeftover): Leftover {
  if (member === undefined) return { what: 'network', path: network, ...rest };
  return { what: 'member', path: `${network} ${member}`, ...rest };
}

/** A row of what gc prints. */
export function leftoverRow({ what, path, why, error }: Leftover, dryRun: boolean): string[] {
  if (error !== undefined) return [`could not remove ${what}`, path, `${why}: ${error}`];
  return [`${dryRun ? 'would remove' : 'removed'} ${what}`, path, why];
}

/** The exit status of gc. */
export const leftoverStatus = (all: readonly Pick<Leftover, 'error'>[]): number =>
  all.some(({ error }) => error !== undefined) ? 1 : 0;
