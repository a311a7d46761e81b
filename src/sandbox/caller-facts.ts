import { ID_WORDS, type IdFacts, type IdMapNames } from '../ids/facts.js';
import { parseIdMap } from '../ids/ranges.js';
import { parseSubordinate } from '../ids/subordinate.js';
import { currentArchitecture } from '../syscalls/architecture.js';
import { bindSyscall, trySyscall } from '../syscalls/binding.js';
import { CAPABILITIES, RLIMIT } from '../syscalls/constants.js';
import { errnoNumber } from '../syscalls/errno.js';
import { findProgram, readTextFile, readTextFileIfAny, statFile } from '../syscalls/files.js';
import { inheritedOpenFiles } from '../syscalls/inherited.js';
import type { CallerFacts, Facts } from './facts.js';
import { readLimit } from './limits.js';

let known: { readonly signs: string; readonly facts: CallerFacts } | undefined;

/** Facts about the machine and the caller. As long as they do not change, it is the same object. */
export function callerFacts(): CallerFacts {
  const signs = callerSigns();
  if (known?.signs !== signs) known = { signs, facts: readCallerFacts() };
  return known.facts;
}

const capHeader = Int32Array.of(0x20080522, 0); // _LINUX_CAPABILITY_VERSION_3, this thread
const capData = new Int32Array(6);
let capget: ReturnType<typeof bindSyscall> | undefined;

/** Differs whenever a fact may: ids and capabilities, and for those who need them the files of subordinate ids. */
function callerSigns(): string {
  capget ??= bindSyscall('capget');
  capget(capHeader, capData); // of this thread, which is always there
  const low = capData[0] as number;
  const signs = `${low} ${capData[3]} ${process.getuid?.()} ${process.geteuid?.()} ${process.getegid?.()}`;
  if ((low & SETS_IDS) === SETS_IDS) return signs;
  return `${signs} ${stamp('/etc/subuid')} ${stamp('/etc/subgid')}`;
}

function stamp(path: string): string {
  const stat = statFile(path);
  return `${stat?.inode} ${stat?.modified}`;
}

/** CAP_SETUID and CAP_SETGID */
const SETS_IDS = (1 << CAPABILITIES.indexOf('SETUID')) | (1 << CAPABILITIES.indexOf('SETGID'));

const effectiveCapabilities = (): bigint =>
  (BigInt(capData[3] as number) << 32n) | BigInt((capData[0] as number) >>> 0);

/** Whether a set of capabilities(7), such as that of {@link CallerFacts}, has this one. */
export const hasCapability = (set: bigint, name: (typeof CAPABILITIES)[number]): boolean =>
  ((set >> BigInt(CAPABILITIES.indexOf(name))) & 1n) === 1n;

type MachineFacts = Pick<Facts, 'architecture' | 'lastCapability' | 'clone3' | 'nofile'>;
let machine: MachineFacts | undefined;

function readCallerFacts(): CallerFacts {
  const capabilities = effectiveCapabilities();
  machine ??= readMachineFacts();
  return {
    ...machine,
    users: idFacts('user', capabilities),
    groups: idFacts('group', capabilities),
    capabilities,
  };
}

/** What does not change while this process lives. */
function readMachineFacts(): MachineFacts {
  return {
    architecture: currentArchitecture(),
    lastCapability: Number(readTextFileIfAny('/proc/sys/kernel/cap_last_cap') ?? CAPABILITIES.length - 1),
    clone3: trySyscall('clone3', null, 0) !== -errnoNumber('ENOSYS'),
    nofile: originalNofile(),
  };
}

function idFacts(kind: IdMapNames['kind'], capabilities: bigint): IdFacts {
  const user = kind === 'user';
  const id = (user ? process.geteuid?.() : process.getegid?.()) ?? 0;
  const privileged = hasCapability(capabilities, user ? 'SETUID' : 'SETGID');
  const available = parseIdMap(readTextFile(`/proc/self/${user ? 'uid' : 'gid'}_map`));
  const common = { id, privileged, setfcap: hasCapability(capabilities, 'SETFCAP'), available };
  if (privileged) return { ...common, subordinate: [], newidmap: undefined };
  return { ...common, ...subordinateFacts(kind) };
}

/** PATH is not asked: {@link callerSigns} would have to say that it has changed. */
export const ID_HELPER_FOLDERS: readonly string[] = ['/usr/bin', '/bin', '/usr/local/bin'];

/** Where newuidmap or newgidmap is. */
export const findIdHelper = (kind: IdMapNames['kind']): string | undefined =>
  findProgram(ID_WORDS[kind].helper, ID_HELPER_FOLDERS);

/** /etc/subgid goes by the user too, not by the group. */
function subordinateFacts(kind: IdMapNames['kind']): Pick<IdFacts, 'subordinate' | 'newidmap'> {
  const uid = process.getuid?.() ?? 0;
  const text = readTextFileIfAny(ID_WORDS[kind].file) ?? '';
  return {
    subordinate: parseSubordinate(text, { name: userName(uid), id: uid }),
    newidmap: findIdHelper(kind),
  };
}

function userName(uid: number): string | undefined {
  const line = (readTextFileIfAny('/etc/passwd') ?? '')
    .split('\n')
    .find((row) => row.split(':')[2] === `${uid}`);
  return line?.split(':')[0];
}

/**
 * Node and Bun raise their own soft limit to the hard one. Where nobody has noted what it was, the parent's is the best
 * guess, and 1024, which every system starts with, the next best.
 */
function originalNofile(): Facts['nofile'] {
  const now = readLimit(RLIMIT.nofile);
  if (now.soft !== now.hard) return undefined;
  const before = inheritedOpenFiles() ?? guessedOpenFiles(now.hard);
  return before < now.soft ? { soft: before, hard: now.hard } : undefined;
}

function guessedOpenFiles(ownHard: bigint): bigint {
  const text = readTextFileIfAny(`/proc/${process.ppid}/limits`);
  const [, soft, hard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(text ?? '') ?? [];
  return hard !== undefined && BigInt(hard) === ownHard ? BigInt(soft as string) : 1024n;
}
