/** What keeps a machine's users from namespaces: what errors (causes.ts) and isol8 doctor both say of it. */
import type { Locks } from './locks.js';

export interface Obstacle {
  /** A sentence. */
  readonly what: string;
  /** The command that takes it away, run by root unless it says otherwise. */
  readonly mend: string;
  /** Another way, as a half sentence. */
  readonly or?: string;
}

/** What forbids user namespaces to all but root. */
export function userNamespaceObstacle(locks: Locks): Obstacle | undefined {
  if (locks.unprivilegedClone === 0) {
    return {
      what: 'This system lets only root make user namespaces.',
      mend: 'sysctl kernel.unprivileged_userns_clone=1',
    };
  }
  if (locks.apparmorRestriction) {
    return {
      what: 'AppArmor keeps ordinary users from making user namespaces here.',
      mend: 'sysctl kernel.apparmor_restrict_unprivileged_userns=0',
      or: 'give this program an AppArmor profile with userns',
    };
  }
  return undefined;
}

/** Docker's default profile forbids clone and unshare with namespaces, mount, setns and more without CAP_SYS_ADMIN. */
export const SECCOMP_FILTER: Obstacle = {
  what: 'A seccomp filter is in force, as container engines set one, and most forbid new namespaces.',
  mend: 'docker run --security-opt seccomp=unconfined',
};

export const COVERED_PROC: Obstacle = {
  what: 'Parts of /proc are covered, as container engines do it, so no new proc may be mounted in a user namespace.',
  mend: 'docker run --security-opt systempaths=unconfined',
};

/** The sentence and the command in one text. */
export function describeObstacle({ what, mend, or }: Obstacle, lead = 'Allow it'): string {
  return `${what} ${lead}: ${mend}${or === undefined ? '' : `, or ${or}`}`;
}

/** What follows `docker run`. */
export const dockerOptions = ({ mend }: Obstacle): string => mend.replace(/^docker run /, '');
