import type { ClockReadings } from '../clocks/offsets.js';
import { checkOffsets, parseTimensOffsets } from '../clocks/offsets.js';
import { type Duration, durationFromNanoseconds, durationToNanoseconds } from '../foundation/duration.js';
import { SpecError } from '../foundation/errors.js';
import { ALL_KINDS } from '../namespaces/kinds.js';
import { isOwnedBy, openNamespace, ownInode } from '../namespaces/open.js';
import { closeDescriptor, syscall } from '../syscalls/binding.js';
import { RLIMIT } from '../syscalls/constants.js';
import { readTextFileIfAny, S_IFDIR, S_IFMT, statFile } from '../syscalls/files.js';
import { workingDirectory } from '../syscalls/given-texts.js';
import { callerFacts } from './caller-facts.js';
import type { CallerFacts, Facts, JoinFact, ThreadPlace } from './facts.js';
import { readLimit } from './limits.js';
import type { ParsedSandbox } from './parsed-spec.js';
import { umaskOf } from './umask.js';

/** Facts, and the descriptors in them, which are the receiver's to close once the launcher has copies. */
export interface Gathered {
  readonly facts: Facts;
  readonly owned: readonly number[];
  readonly caller: CallerFacts;
  /** The spec asked for no facts of its own: whatever else has the same spec and caller has the same facts. */
  readonly callerOnly: boolean;
}

/**
 * Reads from the machine what compiling this spec needs, and opens the namespaces that it joins. `place` is closed when it
 * throws.
 */
export function gatherFacts(spec: ParsedSandbox, place?: ThreadPlace): Gathered {
  const caller = callerFacts();
  if (!place && !asksMore(spec)) return callerOnly(caller);
  const opened = place ? [place.mnt, place.cwd] : [];
  try {
    const { joins, ...more } = gatherMore(spec);
    const facts = { ...caller, environment: process.env, ...more, joins, place };
    return { facts, owned: [...joins.map(({ fd }) => fd), ...opened], caller, callerOnly: false };
  } catch (error) {
    for (const descriptor of opened) closeDescriptor(descriptor);
    throw error;
  }
}

function gatherMore(spec: ParsedSandbox): Omit<Facts, keyof CallerFacts | 'environment' | 'place'> {
  const clocks = spec.timeOffsets && readClocks();
  if (spec.timeOffsets && clocks) checkOffsets(spec.timeOffsets, clocks, 'timeOffsets.');
  checkRoot(spec);
  return {
    hardLimits: Object.fromEntries(spec.rlimits.map(({ name }) => [name, readLimit(RLIMIT[name]).hard])),
    clocks,
    sourceIsDirectory: sourceKinds(spec),
    umask: readUmask(spec),
    cwd: coveredDirectory(spec),
    joins: openJoins(spec), // last, since it leaves descriptors to be closed
  };
}

/** Facts about the caller and the machine alone. */
export const gatherCaller = (): Facts => callerOnly(callerFacts()).facts;

let last: Gathered | undefined;

function callerOnly(caller: CallerFacts): Gathered {
  if (last?.caller === caller) return last;
  const nothingMore = { hardLimits: {}, clocks: undefined, sourceIsDirectory: {}, joins: [] };
  const facts = { ...caller, environment: process.env, ...nothingMore };
  last = { facts, owned: [], caller, callerOnly: true };
  return last;
}

function asksMore(spec: ParsedSandbox): boolean {
  const { timeOffsets, rlimits, mounts, root, namespaces } = spec;
  if (timeOffsets || rlimits.length > 0 || mounts.length > 0 || root !== undefined) return true;
  for (const kind of ALL_KINDS) if (typeof namespaces[kind] === 'object') return true;
  return coveredDirectory(spec) !== undefined;
}

const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

/** In the initial time namespace, which is what offsets count from. */
function readClocks(): ClockReadings {
  const own = parseTimensOffsets(readTextFileIfAny('/proc/self/timens_offsets') ?? '');
  return {
    monotonic: readClock(CLOCK_MONOTONIC, own.monotonic),
    boottime: readClock(CLOCK_BOOTTIME, own.boottime),
  };
}

function readClock(clock: number, own: Duration | undefined): Duration {
  const time = new Uint8Array(16);
  syscall('clock_gettime', [clock, time], 'a clock');
  const view = new DataView(time.buffer);
  const shown = view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
  return durationFromNanoseconds(shown - (own ? durationToNanoseconds(own) : 0n));
}

function readUmask({ root, mounts, umask }: ParsedSandbox): number | undefined {
  if (umask !== undefined || (root === undefined && mounts.length < 2)) return undefined;
  return umaskOf('/proc/thread-self');
}

function coveredDirectory({ root, mounts, proc, cwd }: ParsedSandbox): string | undefined {
  if (cwd !== undefined || root !== undefined || (mounts.length === 0 && !proc)) return undefined;
  try {
    const own = workingDirectory();
    return mounts.length > 0 || `${own}/`.startsWith('/proc/') ? own : undefined;
  } catch {
    return undefined; // it has been removed, so nothing can be mounted on it
  }
}

/** Also before anything is started: the first that would fail otherwise is a mount point inside. */
function checkRoot({ root }: ParsedSandbox): void {
  if (root === undefined) return;
  const stat = statFile(root);
  if (!stat) throw new SpecError('root', `${root} cannot be found`);
  if ((stat.mode & S_IFMT) !== S_IFDIR) throw new SpecError('root', `${root} is not a directory`);
}

/** A bind of what is not there is refused before anything is started. */
function sourceKinds({ mounts }: ParsedSandbox): Record<number, boolean> {
  const kinds: Record<number, boolean> = {};
  for (const [index, mount] of mounts.entries()) {
    if (mount.type !== 'bind') continue;
    const stat = statFile(mount.source);
    if (!stat) throw new SpecError(`mounts[${index}].source`, `${mount.source} cannot be found`);
    kinds[index] = (stat.mode & S_IFMT) === S_IFDIR;
  }
  return kinds;
}

/** Paths may vanish, and do after setns(mnt), so what is joined is held by descriptors from here on. */
function openJoins({ namespaces }: ParsedSandbox): JoinFact[] {
  const opened: ReturnType<typeof openNamespace>[] = [];
  try {
    for (const kind of ALL_KINDS) {
      const choice = namespaces[kind];
      if (typeof choice === 'object') opened.push(openNamespace(choice, kind, `namespaces.${kind}`));
    }
    const user = opened.find(({ kind }) => kind === 'user');
    return opened.map((namespace) => ({
      kind: namespace.kind,
      fd: namespace.fd,
      own: namespace.inode === ownInode(namespace.kind),
      ownedByJoinedUser: isOwnedBy(namespace, user),
    }));
  } catch (error) {
    for (const { fd } of opened) closeDescriptor(fd);
    throw error;
  }
}
