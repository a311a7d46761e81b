/** credentials(7): ids, capabilities, and what prctl(2) sets. */
import { mapToInner, mapToOuter } from '../../../src/ids/ranges.js';
import { PR, PR_CAP_AMBIENT, RLIMIT, SIGNALS } from '../../../src/syscalls/constants.js';
import { credentialsChanged, type IdKind, KernelError, need, type Process } from './process.js';
import { numberOf, u32sOf, type Value } from './values.js';

/** The id that the process has inside; undefined when its map leaves it out. */
export function innerId(process: Process, kind: IdKind): number | undefined {
  const id = process.ids[kind];
  const { origin, maps } = process.userNamespace;
  if (origin === 'caller') return id;
  if (origin === 'joined') return id < 0 ? -1 - id : undefined;
  return mapToInner(maps[kind] ?? [], id);
}

function outerId(process: Process, kind: IdKind, inner: number): number {
  const { origin, maps } = process.userNamespace;
  if (origin === 'caller') return inner;
  if (origin === 'joined') return -1 - inner;
  const outer = mapToOuter(maps[kind] ?? [], inner);
  if (outer === undefined) throw new KernelError('EINVAL', `the map does not have the id ${inner}`);
  return outer;
}

/** Before its maps are written a process is nobody, and what it does with ids or files goes wrong. */
export function checkMapped(process: Process): void {
  const { users, groups } = process.userNamespace.maps;
  if ((users || groups) && !process.mapped)
    throw new KernelError('EINVAL', 'the maps may not be written yet');
}

function setIds(process: Process, kind: IdKind, args: readonly Value[]): number {
  checkMapped(process);
  const [real, effective, saved] = args.map(numberOf);
  if (real !== effective || real !== saved) throw new KernelError('EINVAL', 'three ids that differ');
  const wasRoot = innerId(process, 'users') === 0;
  const outer = outerId(process, kind, real as number);
  if (outer === process.ids[kind]) return 0;
  const capability = kind === 'users' ? 'SETUID' : 'SETGID';
  need(process, { owner: process.userNamespace, capability, onlyHere: true });
  process.ids = { ...process.ids, [kind]: outer };
  process.dumpable = false;
  credentialsChanged(process);
  if (kind === 'users' && wasRoot && real !== 0) loseRoot(process);
  return 0;
}

/** capabilities(7), "Effect of user ID changes on capabilities". */
function loseRoot(process: Process): void {
  const { permitted, inheritable } = process.capabilities;
  const kept = process.keepCapabilities ? permitted : 0n;
  process.capabilities = { permitted: kept, effective: 0n, inheritable, ambient: 0n };
}

export function setgroups(process: Process, [count, list]: readonly Value[]): number {
  checkMapped(process);
  const { origin, maps, setgroups: policy } = process.userNamespace;
  if (origin === 'new' && (policy === 'deny' || !maps.groups)) {
    throw new KernelError('EPERM', 'setgroups is denied in this user namespace');
  }
  need(process, { owner: process.userNamespace, capability: 'SETGID', onlyHere: true });
  const groups = count === 0 ? [] : u32sOf(list);
  if (groups.length !== count) throw new KernelError('EFAULT', 'fewer groups than said');
  for (const group of groups) outerId(process, 'groups', group);
  return 0;
}

export const setresuid = (process: Process, args: readonly Value[]): number => setIds(process, 'users', args);
export const setresgid = (process: Process, args: readonly Value[]): number =>
  setIds(process, 'groups', args);

export function capset(process: Process, [, data]: readonly Value[]): number {
  const words = u32sOf(data).map(BigInt) as [bigint, bigint, bigint, bigint, bigint, bigint];
  const set = (low: number): bigint => (words[low] as bigint) | ((words[low + 3] as bigint) << 32n);
  const [effective, permitted, inheritable] = [set(0), set(1), set(2)] as [bigint, bigint, bigint];
  const old = process.capabilities;
  if (permitted & ~old.permitted) throw new KernelError('EPERM', 'capset adds to what is permitted');
  if (effective & ~permitted) throw new KernelError('EPERM', 'capset with more effective than permitted');
  if (inheritable & ~(old.inheritable | old.permitted)) throw new KernelError('EPERM', 'capset: inheritable');
  process.capabilities = {
    permitted,
    effective,
    inheritable,
    ambient: old.ambient & permitted & inheritable,
  };
  return 0;
}

function changeAmbient(process: Process, action: number, capability: number): number {
  if (action === PR_CAP_AMBIENT.CLEAR_ALL) {
    process.capabilities.ambient = 0n;
    return 0;
  }
  if (action !== PR_CAP_AMBIENT.RAISE) throw new KernelError('EINVAL', 'only raising and clearing are known');
  const bit = 1n << BigInt(capability);
  const { permitted, inheritable } = process.capabilities;
  if ((permitted & inheritable & bit) === 0n) throw new KernelError('EPERM', 'not permitted and inheritable');
  process.capabilities.ambient |= bit;
  return 0;
}

export function prctl(process: Process, args: readonly Value[]): number {
  const [option, value, third] = args.map((argument) => (typeof argument === 'number' ? argument : 0));
  if (option === PR.SET_DUMPABLE) process.dumpable = value !== 0;
  else if (option === PR.SET_KEEPCAPS) process.keepCapabilities = value === 1;
  else if (option === PR.SET_NO_NEW_PRIVS) process.noNewPrivileges = value === 1;
  else if (option === PR.CAP_AMBIENT) return changeAmbient(process, value as number, third as number);
  else if (option === PR.SET_PDEATHSIG) {
    if (value !== SIGNALS.SIGKILL) throw new KernelError('EINVAL', 'it must be SIGKILL');
    process.parentDeathSignal = true;
    process.guarded = false;
  } else if (option !== PR.SET_NAME) throw new KernelError('EINVAL', `prctl ${option} is not known`);
  return 0;
}

export function setpriority(process: Process, [, , nice]: readonly Value[]): number {
  if (numberOf(nice) >= 0) return 0;
  const { host } = process.machine;
  need(process, { owner: host, capability: 'SYS_NICE', onlyHere: true });
  return 0;
}

export function prlimit64(process: Process, [, resource, limit]: readonly Value[]): number {
  const { host, facts } = process.machine;
  if (limit === null || typeof limit !== 'object' || !('words' in limit))
    throw new KernelError('EFAULT', 'no limit');
  const [soft, hard] = limit.words as [bigint, bigint];
  if (soft > hard) throw new KernelError('EINVAL', 'the soft limit is above the hard one');
  const name = Object.keys(RLIMIT)[numberOf(resource)] as string;
  if (hard > (facts.hardLimits[name] ?? hard))
    need(process, { owner: host, capability: 'SYS_RESOURCE', onlyHere: true });
  return 0;
}
