/** Processes as the kernel sees them, as far as the rules that a plan must keep are about them. */
import type { IdRange } from '../../../src/ids/ranges.js';
import type { NamespaceKind } from '../../../src/namespaces/kinds.js';
import type { CompileOptions } from '../../../src/sandbox/compile/context.js';
import type { Facts } from '../../../src/sandbox/facts.js';
import type { ParsedSpec } from '../../../src/sandbox/parsed-spec.js';
import { CAPABILITIES } from '../../../src/syscalls/constants.js';
import type { Step } from '../../../src/syscalls/plan.js';

export type Origin = 'caller' | 'joined' | 'new';
export type OwnedKind = Exclude<NamespaceKind, 'user'>;
export type IdKind = 'users' | 'groups';

export interface UserNamespace {
  readonly origin: Origin;
  readonly parent: UserNamespace | undefined;
  /** Undefined: not written (or not known, for a joined one). */
  readonly maps: { users?: readonly IdRange[]; groups?: readonly IdRange[] };
  setgroups: 'allow' | 'deny';
}

export interface Attached {
  readonly what: string;
  readonly at: string;
  readonly readOnly: boolean;
}

export interface Namespace {
  readonly kind: OwnedKind;
  readonly origin: Origin;
  readonly owner: UserNamespace;
  /** time: nothing may change once a process is inside. */
  offsets?: string;
  entered?: boolean;
  /** mnt */
  propagation?: 'unchanged' | 'private' | 'slave' | 'shared';
  /** The place of proc is private, whatever the rest is. */
  procInside?: boolean;
  attached: Attached[];
  readOnly?: boolean;
  pivoted?: boolean;
  oldRootGone?: boolean;
}

export interface Pipe {
  /** What the parent had written when it let the child go on. */
  opened?: boolean;
  readonly maker: Process;
}

export type Open =
  | { readonly kind: 'program' | 'status' | 'lifeline' | 'directory' | 'socket' }
  | { readonly kind: 'namespace'; readonly join: NamespaceKind }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly end: 'read' | 'write' }
  | { readonly kind: 'proc'; readonly of: Namespace }
  | {
      readonly kind: 'proc-file';
      readonly name: string;
      readonly target: Process;
      readonly opener: UserNamespace;
    }
  | { readonly kind: 'filesystem'; readonly type: string; created: boolean }
  | {
      readonly kind: 'mount';
      readonly what: string;
      readonly of?: Namespace;
      place?: string;
      readOnly: boolean;
    }
  | { readonly kind: 'place'; readonly path: string; readonly root: boolean };

export interface Descriptor {
  readonly open: Open;
  cloexec: boolean;
}

export interface Process {
  readonly machine: Machine;
  readonly parent: Process | undefined;
  readonly how: 'first' | 'fork' | 'vfork';
  /** The first process of a new pid namespace. */
  readonly isInit: boolean;
  userNamespace: UserNamespace;
  readonly namespaces: Record<OwnedKind, Namespace>;
  readonly forChildren: { pid: Namespace; time: Namespace };
  /** As the calling process numbers ids; below 0 what only a joined namespace can tell. */
  ids: { users: number; groups: number };
  capabilities: { permitted: bigint; effective: bigint; inheritable: bigint; ambient: bigint };
  keepCapabilities: boolean;
  dumpable: boolean;
  parentDeathSignal: boolean;
  /** The lifeline was looked at after the parent-death signal was asked for. */
  guarded: boolean;
  /** It knows that its maps are written. */
  mapped: boolean;
  noNewPrivileges: boolean;
  filter: Uint8Array | undefined;
  signalsOpen: boolean;
  session: boolean;
  cwd: string;
  /** Undefined: as the caller had it. */
  umask: number | undefined;
  readonly descriptors: Map<number, Descriptor>;
  readonly results: Map<string, number>;
  readonly cells: Map<string, number[]>;
}

/** What all processes of one run share, and what is looked at when it is over. */
export interface Machine {
  readonly spec: ParsedSpec;
  readonly facts: Facts;
  readonly options: CompileOptions;
  /** Where the program's user namespace is from; a join of one's own is none. */
  readonly user: Origin;
  readonly host: UserNamespace;
  readonly joined: { readonly [kind in OwnedKind]?: Namespace };
  readonly joinedUser: UserNamespace;
  readonly pids: Map<number, Process>;
  readonly waiting: Map<number, readonly Step[]>;
  readonly records: { kind: number; process: Process }[];
  readonly done: { readonly step: Step; readonly process: Process }[];
  program: Process | undefined;
  ends: number;
}

/** What the kernel answers; a plan that does not tolerate it breaks one of the kernel's rules. */
export class KernelError extends Error {
  readonly errno: string;
  /** No order of calls would have helped: the caller may not do what the spec asks for. */
  readonly inherent: boolean;

  constructor(errno: string, reason: string, inherent = false) {
    super(`${errno}: ${reason}`);
    this.errno = errno;
    this.inherent = inherent;
  }
}

export const ALL_CAPABILITIES = (facts: Facts): bigint => (1n << BigInt(facts.lastCapability + 1)) - 1n;

export const capabilityBit = (name: (typeof CAPABILITIES)[number]): bigint =>
  1n << BigInt(CAPABILITIES.indexOf(name));

export const isWithin = (inner: UserNamespace, outer: UserNamespace): boolean =>
  inner === outer || (inner.parent !== undefined && isWithin(inner.parent, outer));

export interface Need {
  readonly owner: UserNamespace;
  readonly capability: (typeof CAPABILITIES)[number];
  /** It could be done nowhere else: not inside of a new user namespace, for example. */
  readonly onlyHere: boolean;
}

/** ns_capable: effective in the process's own user namespace, when that is the owner or around it. */
export function need(process: Process, { owner, capability, onlyHere }: Need): void {
  const { host, user } = process.machine;
  if (!isWithin(owner, process.userNamespace)) {
    throw new KernelError('EPERM', `CAP_${capability} over what belongs to a user namespace further out`);
  }
  if (process.capabilities.effective & capabilityBit(capability)) return;
  const callersOwn = process.userNamespace === host && (onlyHere || user === 'caller');
  const isOwner = owner.parent === process.userNamespace; // its creator may do all in it
  if (isOwner) return;
  throw new KernelError('EPERM', `CAP_${capability} is not effective`, callersOwn);
}

export function descriptor(process: Process, number: unknown, kinds?: readonly Open['kind'][]): Open {
  const found = typeof number === 'number' ? process.descriptors.get(number) : undefined;
  if (!found) throw new KernelError('EBADF', `descriptor ${String(number)} is not open`);
  if (kinds && !kinds.includes(found.open.kind)) {
    throw new KernelError('EINVAL', `descriptor ${String(number)} is a ${found.open.kind}`);
  }
  return found.open;
}

export function openDescriptor(process: Process, open: Open, cloexec: boolean): number {
  let number = 0;
  while (process.descriptors.has(number)) number++;
  process.descriptors.set(number, { open, cloexec });
  return number;
}

/** commit_creds: another id, or capabilities that the old ones did not cover, clear both. */
export function credentialsChanged(process: Process): void {
  process.parentDeathSignal = false;
  process.guarded = false;
}
