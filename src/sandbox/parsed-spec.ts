import type { ClockOffsets } from '../clocks/offsets.js';
import type { IdMapChoice } from '../ids/resolve.js';
import type { NamespaceKind } from '../namespaces/kinds.js';
import type { RLIMIT } from '../syscalls/constants.js';
import type { MountSpec, Propagation } from './spec.js';

export type JoinTarget = { readonly path: string } | { readonly pid: number } | { readonly fd: number };

export type ParsedChoice = 'new' | 'shared' | JoinTarget;

export interface ParsedLimit {
  readonly name: keyof typeof RLIMIT;
  readonly soft: bigint;
  readonly hard: bigint;
}

/** A spec that has been checked and whose defaults, as far as they need no facts, are filled in. */
export interface ParsedSpec {
  readonly command: readonly [string, ...string[]];
  readonly namespaces: Readonly<Record<NamespaceKind, ParsedChoice>>;
  readonly hostname: string | undefined;
  readonly domainname: string | undefined;
  readonly mapUsers: IdMapChoice;
  readonly mapGroups: IdMapChoice;
  readonly setgroups: 'allow' | 'deny' | undefined;
  readonly root: string | undefined;
  readonly readOnlyRoot: boolean;
  readonly mounts: readonly MountSpec[];
  readonly proc: boolean;
  readonly propagation: Propagation;
  readonly loopback: boolean;
  readonly timeOffsets: ClockOffsets | undefined;
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly groups: readonly number[] | undefined;
  readonly umask: number | undefined;
  readonly nice: number | undefined;
  readonly rlimits: readonly ParsedLimit[];
  readonly noNewPrivileges: boolean;
  readonly keepCapabilities: boolean;
  readonly init: boolean;
  readonly dieWithParent: boolean;
}

export type ParsedProgram = Pick<ParsedSpec, 'command' | 'env'>;

/** What a spec says apart from the program. */
export type ParsedSandbox = Omit<ParsedSpec, keyof ParsedProgram>;
