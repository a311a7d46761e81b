import type { IdRange } from './ranges.js';
import type { IdSpan } from './spans.js';

/** What must be known about the caller to judge a map of user ids, or of group ids. */
export interface IdFacts {
  /** Effective uid or gid of the caller, in its own user namespace. */
  readonly id: number;
  /** CAP_SETUID for user ids, CAP_SETGID for group ids: effective in the caller's user namespace. */
  readonly privileged: boolean;
  /** CAP_SETFCAP likewise; since Linux 5.12 nobody maps user id 0 of the parent without it. Undefined: not known. */
  readonly setfcap?: boolean;
  /** The caller's own /proc/self/uid_map or gid_map. Its inner ids are all the ids the caller's namespace has. */
  readonly available: readonly IdRange[];
  /** What /etc/subuid or /etc/subgid gives the caller. */
  readonly subordinate: readonly IdSpan[];
  /** Path of newuidmap or newgidmap; undefined when not installed. */
  readonly newidmap: string | undefined;
}

/** Which of the two maps is meant, and what the spec calls it. */
export interface IdMapNames {
  readonly field: 'mapUsers' | 'mapGroups';
  readonly kind: 'user' | 'group';
}

/** What the system calls the things that the two kinds of id have each their own of. */
export interface IdWords {
  readonly file: string;
  readonly helper: string;
  readonly capability: string;
  readonly usermod: string;
}

export const ID_WORDS: Readonly<Record<IdMapNames['kind'], IdWords>> = {
  user: { file: '/etc/subuid', helper: 'newuidmap', capability: 'CAP_SETUID', usermod: '--add-subuids' },
  group: { file: '/etc/subgid', helper: 'newgidmap', capability: 'CAP_SETGID', usermod: '--add-subgids' },
};

/** How a user without subordinate ids gets some. */
export function howToGetSubordinateIds({ file, usermod }: IdWords): string {
  return `an administrator adds some to ${file} with: usermod ${usermod} 100000-165535 USER (where somebody has these: others)`;
}
