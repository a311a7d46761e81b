import type { JoinFact } from '../facts.js';
import type { InPlaceProgram } from './program.js';

/** nsenter(1)'s options with what they lead to, opened: all descriptors are of this process, which closes none of them. */
export interface EnterSpec {
  readonly program: InPlaceProgram;
  readonly namespaces: readonly EnteredNamespace[];
  /** Directories that were opened outside. */
  readonly root: OpenedFile | undefined;
  readonly directory: OpenedFile | undefined;
  /** A path that is looked up inside. */
  readonly directoryInside: string | undefined;
  /** cgroup.procs of the cgroup to join. */
  readonly cgroup: OpenedFile | undefined;
  readonly securityContext: string | undefined;
  /** Where a network namespace is entered by its name. */
  readonly netns: NetnsView | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Where its user namespace denies setgroups(2), the groups stay, instead of an error as nsenter(1) has it. */
  readonly keepsDeniedGroups: boolean;
  readonly fork: boolean;
  readonly keepCapabilities: boolean;
}

export interface OpenedFile {
  readonly fd: number;
  readonly path: string;
}

/** What `ip netns exec` shows of a named network namespace, in mounts that nobody else sees: ip-netns(8). */
export interface NetnsView {
  readonly name: string;
  /** What is bound over files and directories in /etc. */
  readonly files: readonly {
    readonly source: string;
    readonly destination: string;
    readonly readOnly?: boolean;
  }[];
  /** Whether the /sys that is replaced cannot be written. */
  readonly readOnlySys: boolean;
}

export interface EnteredNamespace extends Omit<JoinFact, 'own'> {
  /** What error messages call it: its path. */
  readonly name: string;
  /** Where it was opened; undefined when it was found otherwise. */
  readonly path?: string;
}
