/** What forbids namespaces here: sysctls, AppArmor, container engines. */
import { parseMountinfo } from '../mounts/mountinfo.js';
import { ALL_KINDS } from '../namespaces/kinds.js';
import { zeroLimit } from '../namespaces/limits.js';
import { type Locks, readLocks } from '../sandbox/locks.js';
import { COVERED_PROC, type Obstacle, SECCOMP_FILTER, userNamespaceObstacle } from '../sandbox/obstacles.js';
import { readTextFileIfAny, statFile } from '../syscalls/files.js';
import { type Finding, lack, note, ok } from './finding.js';

/** `works`: isol8 run does, so that whatever is found here is no more than good to know. */
export function permissions(works: boolean, locks: Locks = readLocks()): Finding[] {
  return [userNamespaces(locks, works), ...limits(locks), seccomp(locks, works), ...container(), proc(works)];
}

const state = (works: boolean): typeof lack => (works ? note : lack);
const found = (about: string, { what, mend }: Obstacle, works: boolean): Finding =>
  state(works)(about, what, mend);

function userNamespaces(locks: Locks, works: boolean): Finding {
  const obstacle = userNamespaceObstacle(locks);
  if (obstacle) return found('user namespaces', obstacle, works);
  return ok('user namespaces', 'No sysctl and no AppArmor restriction keeps users from them.');
}

function limits(locks: Locks): Finding[] {
  const zero = ALL_KINDS.filter((kind) => locks.limit(kind) === 0).map(zeroLimit);
  if (zero.length > 0) return zero.map((obstacle) => found('limits', obstacle, false));
  return [ok('limits', 'No limit of /proc/sys/user/max_*_namespaces is 0.')];
}

function seccomp(locks: Locks, works: boolean): Finding {
  if (locks.filtered) return found('seccomp', SECCOMP_FILTER, works);
  return ok('seccomp', 'No filter is in force.');
}

/** Files that Docker and podman put into theirs, and systemd's word. */
function container(): Finding[] {
  const engine = statFile('/.dockerenv')
    ? 'Docker'
    : statFile('/run/.containerenv')
      ? 'podman'
      : readTextFileIfAny('/run/systemd/container')?.trim();
  return engine === undefined ? [] : [note('container', `This is a container of ${engine}.`)];
}

/** Where binfmt_misc is mounted the directory is an empty one, which covers nothing. */
const HARMLESS = '/proc/sys/fs/binfmt_misc';

function proc(works: boolean): Finding {
  const mounts = parseMountinfo(readTextFileIfAny('/proc/self/mountinfo') ?? '');
  const covered = mounts.filter(({ path }) => path.startsWith('/proc/') && path !== HARMLESS);
  if (covered.length > 0) return found('/proc', COVERED_PROC, works);
  return ok('/proc', 'Nothing in it is covered.');
}
