import { readTextFileIfAny } from '../syscalls/files.js';

/** What a machine may forbid about namespaces, as its files say it; undefined where a file is not there. */
export interface Locks {
  /** Debian's and Arch's sysctl kernel.unprivileged_userns_clone. */
  readonly unprivilegedClone: number | undefined;
  /** Ubuntu 23.10 and later: kernel.apparmor_restrict_unprivileged_userns. */
  readonly apparmorRestriction: number | undefined;
  /** The sysctl user.max_KIND_namespaces of this user namespace. */
  limit(kind: string): number | undefined;
  /** Seccomp mode 2 in /proc/self/status: a filter, as container engines set one, is in force. */
  readonly filtered: boolean;
}

/** Each file is read when it is asked for, and once: every step of a plan asks. */
export function readLocks(): Locks {
  const known = new Map<string, number | undefined>();
  const number = (path: string): number | undefined => {
    if (!known.has(path)) known.set(path, readNumber(path));
    return known.get(path);
  };
  let filtered: boolean | undefined;
  return {
    get unprivilegedClone() {
      return number('/proc/sys/kernel/unprivileged_userns_clone');
    },
    get apparmorRestriction() {
      return number('/proc/sys/kernel/apparmor_restrict_unprivileged_userns');
    },
    get filtered() {
      filtered ??= /^Seccomp:\s*2$/m.test(readTextFileIfAny('/proc/self/status') ?? '');
      return filtered;
    },
    limit: (kind) => number(`/proc/sys/user/max_${kind}_namespaces`),
  };
}

function readNumber(path: string): number | undefined {
  const text = readTextFileIfAny(path);
  return text === undefined ? undefined : Number(text);
}
