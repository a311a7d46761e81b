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

/** Each file is read when it is asked for. */
export function readLocks(): Locks {
  return {
    get unprivilegedClone() {
      return readNumber('/proc/sys/kernel/unprivileged_userns_clone');
    },
    get apparmorRestriction() {
      return readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns');
    },
    get filtered() {
      return /^Seccomp:\s*2$/m.test(readTextFileIfAny('/proc/self/status') ?? '');
    },
    limit: (kind) => readNumber(`/proc/sys/user/max_${kind}_namespaces`),
  };
}

function readNumber(path: string): number | undefined {
  const text = readTextFileIfAny(path);
  return text === undefined ? undefined : Number(text);
}
