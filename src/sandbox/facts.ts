import type { ClockReadings } from '../clocks/offsets.js';
import type { IdFacts } from '../ids/facts.js';
import type { NamespaceKind } from '../namespaces/kinds.js';
import type { Architecture } from '../syscalls/architecture.js';

/** What `compile` must know about the machine and the caller; read beforehand, so that compile is a pure function. */
export interface Facts {
  readonly architecture: Architecture;
  readonly users: IdFacts;
  readonly groups: IdFacts;
  /** Effective capabilities in the caller's user namespace, bit n for capability n of linux/capability.h. */
  readonly capabilities: bigint;
  /** The highest capability the kernel knows. */
  readonly lastCapability: number;
  /** Whether clone3(2) works here: some sandboxes and qemu-user refuse it. */
  readonly clone3: boolean;
  /** Of the caller, read when the set-up may make directories. */
  readonly umask?: number | undefined;
  /** Of the caller, read when mounts may cover it: where it stands is then not what its path leads to. */
  readonly cwd?: string | undefined;
  /** The calling thread, where it stands elsewhere than the one that processes start from. */
  readonly place?: ThreadPlace | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** RLIMIT_NOFILE as it was before the runtime raised it; undefined when it did not. */
  readonly nofile: { readonly soft: bigint; readonly hard: bigint } | undefined;
  /** Hard limits of the caller, for those that a spec sets. */
  readonly hardLimits: Readonly<Record<string, bigint>>;
  /** Read when a spec has time offsets. */
  readonly clocks: ClockReadings | undefined;
  readonly joins: readonly JoinFact[];
  /** For each bind mount, by its place in `mounts`: whether the source is a directory. */
  readonly sourceIsDirectory: Readonly<Record<number, boolean>>;
}

/** A mnt namespace, opened, and a working directory in it, and the umask that goes with them. */
export interface ThreadPlace {
  readonly mnt: number;
  readonly cwd: number;
  readonly umask: number | undefined;
}

/** The part that is about the caller and the machine alone. */
export type CallerFacts = Pick<
  Facts,
  'architecture' | 'lastCapability' | 'clone3' | 'nofile' | 'users' | 'groups' | 'capabilities'
>;

/** An existing namespace, opened. */
export interface JoinFact {
  readonly kind: NamespaceKind;
  /** A descriptor of the namespace in the calling process. */
  readonly fd: number;
  /** It is the caller's own already, so there is nothing to do (and setns(2) into one's own user namespace fails). */
  readonly own: boolean;
  /** Its owner is the user namespace that is joined too, or one below: only after entering that one may it be joined. */
  readonly ownedByJoinedUser: boolean;
}
