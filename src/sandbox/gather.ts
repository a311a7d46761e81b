import type { ClockReadings } from '../clocks/offsets.js';
import { checkOffsets, parseTimensOffsets } from '../clocks/offsets.js';
import { type Duration, durationFromNanoseconds, durationToNanoseconds } from '../foundation/duration.js';
import { SpecError } from '../foundation/errors.js';
import type { IdFacts, IdMapNames } from '../ids/facts.js';
import { parseIdMap } from '../ids/ranges.js';
import { parseSubordinate } from '../ids/subordinate.js';
import { ALL_KINDS } from '../namespaces/kinds.js';
import { openNamespace, ownerInode, ownInode } from '../namespaces/open.js';
import { currentArchitecture } from '../syscalls/architecture.js';
import { closeDescriptor, syscall, trySyscall } from '../syscalls/binding.js';
import { CAPABILITIES, RLIMIT } from '../syscalls/constants.js';
import { errnoNumber } from '../syscalls/errno.js';
import { readTextFile, readTextFileIfAny, S_IFDIR, S_IFMT, statFile } from '../syscalls/files.js';
import type { Facts, JoinFact } from './facts.js';
import type { ParsedSpec } from './parsed-spec.js';

/** Facts, and the descriptors in them, which are the receiver's to close once the launcher has copies. */
export interface Gathered {
  readonly facts: Facts;
  readonly owned: readonly number[];
}

/** Reads from the machine what compiling this spec needs, and opens the namespaces that it joins. */
export function gatherFacts(spec: ParsedSpec): Gathered {
  const capabilities = effectiveCapabilities();
  const machine = machineFacts();
  const clocks = spec.timeOffsets && readClocks();
  if (spec.timeOffsets && clocks) checkOffsets(spec.timeOffsets, clocks, 'timeOffsets.');
  const rest = {
    ...machine,
    users: idFacts('user', capabilities),
    groups: idFacts('group', capabilities),
    capabilities,
    environment: process.env,
    hardLimits: Object.fromEntries(spec.rlimits.map(({ name }) => [name, readLimit(RLIMIT[name]).hard])),
    clocks,
    sourceIsDirectory: sourceKinds(spec),
  };
  const joins = openJoins(spec);
  return { facts: { ...rest, joins }, owned: joins.map(({ fd }) => fd) };
}

type MachineFacts = Pick<Facts, 'architecture' | 'lastCapability' | 'clone3' | 'nofile'>;
let machine: MachineFacts | undefined;

/** What does not change while this process lives. */
function machineFacts(): MachineFacts {
  machine ??= {
    architecture: currentArchitecture(),
    lastCapability: Number(readTextFileIfAny('/proc/sys/kernel/cap_last_cap') ?? CAPABILITIES.length - 1),
    clone3: trySyscall('clone3', null, 0) !== -errnoNumber('ENOSYS'),
    nofile: originalNofile(),
  };
  return machine;
}

const bit = (set: bigint, name: (typeof CAPABILITIES)[number]): boolean =>
  ((set >> BigInt(CAPABILITIES.indexOf(name))) & 1n) === 1n;

function effectiveCapabilities(): bigint {
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, 0x20080522, true); // _LINUX_CAPABILITY_VERSION_3
  const data = new Uint8Array(24);
  syscall('capget', [header, data], 'this process');
  const view = new DataView(data.buffer);
  return (BigInt(view.getUint32(12, true)) << 32n) | BigInt(view.getUint32(0, true));
}

const maps = new Map<IdMapNames['kind'], ReturnType<typeof parseIdMap>>();

function idFacts(kind: IdMapNames['kind'], capabilities: bigint): IdFacts {
  const user = kind === 'user';
  const id = (user ? process.geteuid?.() : process.getegid?.()) ?? 0;
  const privileged = bit(capabilities, user ? 'SETUID' : 'SETGID');
  const available = maps.get(kind) ?? parseIdMap(readTextFile(`/proc/self/${user ? 'uid' : 'gid'}_map`));
  maps.set(kind, available);
  const common = { id, privileged, setfcap: bit(capabilities, 'SETFCAP'), available };
  if (privileged) return { ...common, subordinate: [], newidmap: undefined };
  return { ...common, ...subordinateFacts(kind) };
}

/** /etc/subgid goes by the user too, not by the group. */
function subordinateFacts(kind: IdMapNames['kind']): Pick<IdFacts, 'subordinate' | 'newidmap'> {
  const [file, helper] = kind === 'user' ? ['/etc/subuid', 'newuidmap'] : ['/etc/subgid', 'newgidmap'];
  const uid = process.getuid?.() ?? 0;
  const newidmap = ['/usr/bin', '/bin', '/usr/local/bin']
    .map((directory) => `${directory}/${helper}`)
    .find((path) => statFile(path) !== undefined);
  const text = readTextFileIfAny(file) ?? '';
  return { subordinate: parseSubordinate(text, { name: userName(uid), id: uid }), newidmap };
}

function userName(uid: number): string | undefined {
  const line = (readTextFileIfAny('/etc/passwd') ?? '')
    .split('\n')
    .find((row) => row.split(':')[2] === `${uid}`);
  return line?.split(':')[0];
}

function readLimit(resource: number, pid = 0): { soft: bigint; hard: bigint } {
  const limit = new Uint8Array(16);
  syscall('prlimit64', [pid, resource, null, limit], 'its limits');
  const view = new DataView(limit.buffer);
  return { soft: view.getBigUint64(0, true), hard: view.getBigUint64(8, true) };
}

/**
 * Node and Bun raise their own soft limit to the hard one. What it was is not known any more; the parent's is the best
 * guess, and 1024, which every system starts with, the next best.
 */
function originalNofile(): Facts['nofile'] {
  const now = readLimit(RLIMIT.nofile);
  if (now.soft !== now.hard) return undefined;
  const text = readTextFileIfAny(`/proc/${process.ppid}/limits`);
  const [, soft, hard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(text ?? '') ?? [];
  const known = hard !== undefined && BigInt(hard) === now.hard ? BigInt(soft as string) : 1024n;
  return known < now.soft ? { soft: known, hard: now.hard } : undefined;
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

/** A bind of what is not there is refused before anything is started. */
function sourceKinds({ mounts }: ParsedSpec): Record<number, boolean> {
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
function openJoins({ namespaces }: ParsedSpec): JoinFact[] {
  const opened: ReturnType<typeof openNamespace>[] = [];
  try {
    for (const kind of ALL_KINDS) {
      const choice = namespaces[kind];
      if (typeof choice === 'object') opened.push(openNamespace(choice, kind, `namespaces.${kind}`));
    }
    const user = opened.find(({ kind }) => kind === 'user')?.inode;
    return opened.map(({ kind, fd, inode }) => ({
      kind,
      fd,
      own: inode === ownInode(kind),
      ownedByJoinedUser: user !== undefined && kind !== 'user' && ownerInode(fd) === user,
    }));
  } catch (error) {
    for (const { fd } of opened) closeDescriptor(fd);
    throw error;
  }
}
