/** Joining and leaving namespaces, and the files in /proc that set them up: namespaces(7). */
import { parseIdMap } from '../../../src/ids/ranges.js';
import { KINDS } from '../../../src/namespaces/kinds.js';
import { CLONE } from '../../../src/syscalls/constants.js';
import { checkNew, createNamespaces } from './machine.js';
import {
  ALL_CAPABILITIES,
  capabilityBit,
  credentialsChanged,
  descriptor,
  isWithin,
  KernelError,
  type Namespace,
  need,
  type Open,
  type OwnedKind,
  type Process,
} from './process.js';
import { numberOf, type Value } from './values.js';

export function setns(process: Process, [fd, flag]: readonly Value[]): number {
  const open = descriptor(process, fd, ['namespace']) as Extract<Open, { kind: 'namespace' }>;
  if (KINDS[open.join].flag !== flag) throw new KernelError('EINVAL', `it is a ${open.join} namespace`);
  if ((open.join === 'user' || open.join === 'pid') && process.dumpable) {
    throw new KernelError('EPERM', 'a process inside could trace this one: dumpable must be 0 first');
  }
  if (process.namespaces.mnt.pivoted) throw new KernelError('EPERM', 'joining after the root changed');
  if (open.join === 'user') joinUser(process);
  else joinOwned(process, open.join);
  return 0;
}

function joinUser(process: Process): void {
  const { joinedUser, facts } = process.machine;
  need(process, { owner: joinedUser, capability: 'SYS_ADMIN', onlyHere: true });
  process.userNamespace = joinedUser;
  const all = ALL_CAPABILITIES(facts);
  process.capabilities = { permitted: all, effective: all, inheritable: 0n, ambient: 0n };
  credentialsChanged(process);
}

function joinOwned(process: Process, kind: OwnedKind): void {
  const namespace = process.machine.joined[kind] as Namespace;
  // in the owner, and in the process's own user namespace too
  need(process, {
    owner: namespace.owner,
    capability: 'SYS_ADMIN',
    onlyHere: namespace.owner.origin === 'caller',
  });
  need(process, {
    owner: process.userNamespace,
    capability: 'SYS_ADMIN',
    onlyHere: namespace.owner.origin === 'caller',
  });
  if (kind === 'pid' || kind === 'time') process.forChildren[kind] = namespace;
  if (kind !== 'pid') process.namespaces[kind] = namespace;
  if (kind === 'mnt') process.cwd = '/';
}

export function unshare(process: Process, [argument]: readonly Value[]): number {
  const flags = numberOf(argument);
  if (flags & CLONE.NEWUSER) throw new KernelError('EINVAL', 'nobody outside could write the maps');
  checkNew(process, flags);
  const made = createNamespaces(process, process.userNamespace, flags);
  for (const [kind, namespace] of Object.entries(made) as [OwnedKind, Namespace][]) {
    if (kind === 'pid' || kind === 'time') process.forChildren[kind] = namespace;
    else process.namespaces[kind] = namespace;
  }
  return 0;
}

/** `/proc/PID/uid_map`, or the same below a descriptor of proc; undefined when the path is another one. */
export function openProcFile(process: Process, directory: Value, path: string): Open | undefined {
  const [, pid, name] = /^(?:\/proc|\.)\/+(\d+|self)\/(\w+)$/.exec(path) ?? [];
  if (pid === undefined || name === undefined) return undefined;
  const of = procOf(process, directory, path);
  const target = pid === 'self' ? process : process.machine.pids.get(Number(pid));
  if (!target) throw new KernelError('ENOENT', `there is no process ${pid}`);
  if (pid !== 'self' && of !== process.namespaces.pid) {
    throw new KernelError('ENOENT', 'in this proc the child has another pid');
  }
  checkProcAccess(process, target);
  return { kind: 'proc-file', name, target, opener: process.userNamespace };
}

function procOf(process: Process, directory: Value, path: string): Namespace {
  if (path.startsWith('/proc/')) {
    if (process.namespaces.mnt.origin === 'joined')
      throw new KernelError('ENOENT', '/proc is another one by now');
    return process.machine.pids.get(0)?.namespaces.pid as Namespace;
  }
  const open = descriptor(process, directory, ['proc', 'mount']);
  const of = open.kind === 'proc' || open.kind === 'mount' ? open.of : undefined;
  if (!of) throw new KernelError('ENOENT', 'not a proc');
  return of;
}

/** task_dump_owner: the files of a process that is not dumpable belong to the root user of whoever executed it. */
function checkProcAccess(process: Process, target: Process): void {
  const { host } = process.machine;
  const capable = process.capabilities.effective & capabilityBit('DAC_OVERRIDE');
  if (target.dumpable || process.ids.users === 0) return;
  if (process.userNamespace === host && capable) return;
  throw new KernelError('EACCES', 'the process is not dumpable, and its files belong to root');
}

export function writeProcFile(
  process: Process,
  file: Extract<Open, { kind: 'proc-file' }>,
  text: string,
): void {
  if (file.name === 'timens_offsets') {
    writeOffsets(file, text);
    return;
  }
  const of = file.target.userNamespace;
  if (of.parent !== process.userNamespace) throw new KernelError('EPERM', 'only the parent namespace may');
  if (file.name === 'setgroups') {
    if (of.maps.groups) throw new KernelError('EPERM', 'setgroups after gid_map');
    of.setgroups = text === 'deny' ? 'deny' : 'allow';
  } else writeMap(process, file, text);
}

function writeMap(
  process: Process,
  { name, target }: Extract<Open, { kind: 'proc-file' }>,
  text: string,
): void {
  const kind = name === 'uid_map' ? 'users' : 'groups';
  const of = target.userNamespace;
  const { privileged } = process.machine.facts[kind];
  if (of.maps[kind]) throw new KernelError('EPERM', `${name} is written already`);
  if (kind === 'groups' && !privileged && of.setgroups !== 'deny') {
    throw new KernelError('EPERM', 'without CAP_SETGID setgroups is denied first');
  }
  of.maps[kind] = parseIdMap(text);
}

function writeOffsets({ target, opener }: Extract<Open, { kind: 'proc-file' }>, text: string): void {
  const { time } = target.forChildren;
  if (time === target.namespaces.time || time.entered)
    throw new KernelError('EACCES', 'the offsets are frozen');
  if (!isWithin(time.owner, opener)) throw new KernelError('EPERM', 'opened without CAP_SYS_TIME over it');
  time.offsets = text;
}

/** newuidmap(1): finds the process by itself, so it must see the same proc, and may not be held back. */
export function runNewidmap(process: Process, argv: readonly string[]): void {
  const [name, pid, ...numbers] = argv;
  const target = process.machine.pids.get(Number(pid));
  const mnt = process.namespaces.mnt.origin;
  if (!target || mnt !== 'caller' || process.namespaces.pid.origin !== 'caller') {
    throw new KernelError('ENOENT', `${name} does not find the process`);
  }
  if (process.noNewPrivileges) throw new KernelError('EPERM', `${name} needs its set-user-ID bit`);
  if (process.userNamespace !== target.userNamespace.parent)
    throw new KernelError('EPERM', 'not in the parent');
  checkProcAccess(process, target);
  const ranges = [];
  for (let i = 0; i < numbers.length; i += 3) {
    const [inner, outer, count] = numbers.slice(i, i + 3).map(Number) as [number, number, number];
    ranges.push({ inner, outer, count });
  }
  target.userNamespace.maps[name === 'newuidmap' ? 'users' : 'groups'] = ranges;
}
