/** Subordinate ids, control groups, terminal: what is there besides namespaces. */
import { accessSync, constants } from 'node:fs';
import { userInfo } from 'node:os';
import { ID_WORDS, type IdMapNames } from '../ids/facts.js';
import { freeSubordinate } from '../ids/subordinate.js';
import { parseMountinfo } from '../mounts/mountinfo.js';
import { callerFacts, findIdHelper, ID_HELPER_FOLDERS } from '../sandbox/caller-facts.js';
import { closeDescriptor, cString, trySyscall } from '../syscalls/binding.js';
import { AT, O } from '../syscalls/constants.js';
import { readTextFileIfAny, statFile } from '../syscalls/files.js';
import { type Finding, lack, note, ok } from './finding.js';
import { installCommand } from './packages.js';
import { tryAutoMap } from './trials.js';

/** /etc/subuid, /etc/subgid, newuidmap and newgidmap, and whether they do together. */
export async function subordinateIds(): Promise<Finding[]> {
  const { users, groups } = callerFacts();
  if (users.privileged && groups.privileged)
    return [ok('ids', 'This user may map any id, without newuidmap(1).')];
  const files = [
    { file: '/etc/subuid', spans: users.subordinate, option: '--add-subuids' },
    { file: '/etc/subgid', spans: groups.subordinate, option: '--add-subgids' },
  ].map(({ file, spans, option }) => {
    const ranges = spans.map(({ start, count }) => `${start} to ${start + count - 1}`).join(', ');
    if (ranges !== '') return ok(file, `gives this user ${ranges}.`);
    const free = freeSubordinate(readTextFileIfAny(file) ?? '');
    const range = free === undefined ? 'FIRST-LAST' : `${free.start}-${free.start + free.count - 1}`;
    return note(
      file,
      'gives this user no ids: only its own can be mapped.',
      `usermod ${option} ${range} ${userName()}`,
    );
  });
  const helpers = (['user', 'group'] as const).map(helper);
  const ready = [...files, ...helpers].every(({ state }) => state === 'ok');
  if (!ready) return [...files, ...helpers];
  const trial = await tryAutoMap();
  const all = trial.works ? ok('mapping them', 'works.') : lack('mapping them', trial.failure ?? '');
  return [...files, ...helpers, all];
}

const SET_USER_ID = 0o4000;

/** Some distributions give it capabilities of the file instead of the bit: then the trial tells. */
function helper(kind: IdMapNames['kind']): Finding {
  const name = ID_WORDS[kind].helper;
  const path = findIdHelper(kind);
  if (path === undefined) {
    const where = ID_HELPER_FOLDERS.join(', ');
    return note(name, `is in none of ${where}; it maps subordinate ids.`, installCommand('uidmap'));
  }
  const isSetUserId = ((statFile(path)?.mode ?? 0) & SET_USER_ID) !== 0;
  return ok(name, isSetUserId ? `${path}, set-user-ID` : `${path}, without the set-user-ID bit`);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `${process.getuid?.()}`; // the uid has no name
  }
}

/** v1, v2 or both, and whether this user may make control groups below its own. */
export function controlGroups(): Finding[] {
  const mounts = parseMountinfo(readTextFileIfAny('/proc/self/mountinfo') ?? '');
  const v2 = mounts.find(({ type }) => type === 'cgroup2');
  const v1 = mounts.some(({ type }) => type === 'cgroup');
  if (!v2) return [note('set-up', v1 ? 'Version 1 alone.' : 'No control groups are mounted.')];
  const setup = v1 ? 'Hybrid: version 1 with the controllers, and version 2.' : 'Version 2 alone.';
  const [, own = '/'] = /^0::(.*)$/m.exec(readTextFileIfAny('/proc/self/cgroup') ?? '') ?? [];
  const folder = `${v2.path}${own === '/' ? '' : own}`;
  const controllers = readTextFileIfAny(`${folder}/cgroup.controllers`)?.trim();
  const delegated = mayWrite(folder) && mayWrite(`${folder}/cgroup.procs`);
  return [
    ok('set-up', setup),
    delegated
      ? ok('delegation', `This user may make groups in ${folder}, with ${controllers || 'no controller'}.`)
      : note(
          'delegation',
          `This user may not make groups in ${folder}.`,
          'systemd-run --user --scope -p Delegate=yes $SHELL',
        ),
  ];
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether `isol8 run -t` can make a pseudo terminal, and whether a shared one is safe. */
export function terminal(): Finding[] {
  const flags = O.RDWR | O.NOCTTY | O.CLOEXEC;
  const ptmx = trySyscall('openat', AT.FDCWD, cString('/dev/ptmx'), flags, 0);
  if (ptmx >= 0) closeDescriptor(ptmx);
  const legacy = readTextFileIfAny('/proc/sys/dev/tty/legacy_tiocsti')?.trim();
  return [
    ptmx >= 0
      ? ok('-t', 'Pseudo terminals can be made.')
      : lack(
          '-t',
          'No pseudo terminal can be made: /dev/ptmx does not open.',
          'mount -t devpts devpts /dev/pts',
        ),
    legacy === '0'
      ? ok('TIOCSTI', 'Programs that share a terminal cannot type into it.')
      : note(
          'TIOCSTI',
          'A program that shares your terminal (no -t) can type into it.',
          'sysctl dev.tty.legacy_tiocsti=0',
        ),
  ];
}
