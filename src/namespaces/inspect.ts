import { parseTimensOffsets } from '../clocks/offsets.js';
import { Isol8Error, SpecError } from '../foundation/errors.js';
import { parseIdMap } from '../ids/ranges.js';
import { currentArchitecture } from '../syscalls/architecture.js';
import { closeDescriptor, cString, SystemCallError, syscall } from '../syscalls/binding.js';
import { AT, O } from '../syscalls/constants.js';
import { tryOpenDirectory } from '../syscalls/directory.js';
import { errnoName } from '../syscalls/errno.js';
import { readDescriptor, readTextFileIfAny } from '../syscalls/files.js';
import { StatusReader } from '../syscalls/statx.js';
import type { NamespaceIdentity, NamespaceLinkName, ProcessInspection } from './inspect/inspection.js';
import { parseCgroups, parseStatus } from './inspect/parse-proc.js';
import { ALL_KINDS } from './kinds.js';
import { parseCommandLine, parseStat } from './list/processes.js';
import { readUserNames } from './user-names.js';

const LINKS: readonly NamespaceLinkName[] = [...ALL_KINDS, 'pid_for_children', 'time_for_children'];
/** USER_HZ of both processors, in which /proc/PID/stat counts: time(7). */
const TICKS_PER_SECOND = 100;
/** A zombie's offsets are no text at all. */
const UNMOVED = { monotonic: { seconds: 0, nanoseconds: 0 }, boottime: { seconds: 0, nanoseconds: 0 } };

/**
 * Tells what the kernel says about a process: its ten links of /proc/PID/ns, id maps, clock offsets, cgroups, command,
 * user, numbers in nested pid namespaces, capabilities and start time. Everything is of one process, also when its
 * number is given to another meanwhile. What this user may not see is undefined and named in `hidden`. See proc(5).
 *
 * @param pid In the pid namespace that /proc is of.
 * @throws UnsupportedError anywhere but on Linux on a processor that isol8 knows.
 * @throws SpecError when `pid` is no positive integer.
 * @throws Isol8Error with the code ESRCH when there is no such process (any more), EACCES or EPERM when this user may
 * see nothing of it.
 */
export function inspect(pid: number): ProcessInspection {
  currentArchitecture(); // before all: on another system that is what is wrong
  if (!Number.isSafeInteger(pid) || pid < 1) throw new SpecError('pid', `${pid} is not a positive integer`);
  const directory = tryOpenDirectory(AT.FDCWD, `/proc/${pid}`, O.PATH);
  if (directory < 0) throw failure(pid, errnoName(-directory));
  try {
    return read(new ProcessFolder(pid, directory));
  } finally {
    closeDescriptor(directory);
  }
}

function read(folder: ProcessFolder): ProcessInspection {
  const { name, ppid, startTicks } = parseStat(folder.needed('stat'));
  const { uid, effectiveUid, pids, capabilities } = parseStatus(folder.needed('status'));
  return {
    pid: folder.pid,
    ppid,
    name,
    command: folder.text('command', 'cmdline', parseCommandLine),
    started: new Date((bootTime() + startTicks / TICKS_PER_SECOND) * 1000),
    user: { uid, effectiveUid, name: readUserNames().get(uid) },
    pids,
    namespaces: folder.namespaces(),
    uidMap: folder.text('uidMap', 'uid_map', parseIdMap),
    gidMap: folder.text('gidMap', 'gid_map', (text) => parseIdMap(text, 'gid_map')),
    setgroups: folder.text('setgroups', 'setgroups', (text) => (text.startsWith('deny') ? 'deny' : 'allow')),
    clocks: folder.text('clocks', 'timens_offsets', (text) => ({
      ...UNMOVED,
      ...parseTimensOffsets(text),
    })),
    cgroups: folder.text('cgroups', 'cgroup', parseCgroups),
    capabilities,
    hidden: folder.hidden,
  };
}

/** /proc/PID, kept open: it stands for one process even when its number is given to another. */
class ProcessFolder {
  readonly hidden: (keyof ProcessInspection)[] = [];

  constructor(
    readonly pid: number,
    readonly directory: number,
  ) {}

  needed(file: string): string {
    try {
      return this.#read(file);
    } catch (error) {
      throw failure(this.pid, codeOf(error), error);
    }
  }

  text<T>(field: keyof ProcessInspection, file: string, parse: (text: string) => T): T | undefined {
    try {
      return parse(this.#read(file));
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EACCES' || code === 'EPERM') this.hidden.push(field);
      else if (code !== 'ENOENT' && code !== 'EINVAL') throw failure(this.pid, code, error);
      return undefined;
    }
  }

  namespaces(): ProcessInspection['namespaces'] {
    const status = new StatusReader();
    const found: Partial<Record<NamespaceLinkName, NamespaceIdentity>> = {};
    for (const name of LINKS) {
      const result = status.read(this.directory, cString(`ns/${name}`));
      if (result === 0) {
        found[name] = { inode: status.inode, device: status.device };
        continue;
      }
      const code = errnoName(-result);
      if (code === 'ESRCH') throw failure(this.pid, code);
      if (code !== 'EACCES' && code !== 'EPERM') continue;
      this.hidden.push('namespaces');
      return undefined;
    }
    return found;
  }

  #read(file: string): string {
    const path = `/proc/${this.pid}/${file}`;
    const descriptor = syscall('openat', [this.directory, cString(file), O.RDONLY | O.CLOEXEC, 0], path);
    try {
      return readDescriptor(descriptor, path);
    } finally {
      closeDescriptor(descriptor);
    }
  }
}

/** Seconds since 1970. */
function bootTime(): number {
  return Number(/^btime (\d+)$/m.exec(readTextFileIfAny('/proc/stat') ?? '')?.[1] ?? 0);
}

function codeOf(error: unknown): string {
  if (error instanceof SystemCallError) return error.code;
  throw error;
}

/** procfs says ENOENT for a number that no process has, and ESRCH once it has gone. */
function failure(pid: number, errno: string, cause?: unknown): Isol8Error {
  const gone = errno === 'ENOENT' || errno === 'ESRCH';
  const code = gone ? 'ESRCH' : errno;
  const why = gone
    ? 'There is no such process, or it has ended, or /proc is mounted with hidepid and shows this user its own only. ' +
      'isol8 ls lists those there are.'
    : "/proc shows this user nothing of other users' processes (its option hidepid): be root.";
  return new Isol8Error(code, `inspect process ${pid}: ${code}. ${why}`, { cause });
}
