import type { ClockOffsets } from '../../clocks/offsets.js';
import type { IdRange } from '../../ids/ranges.js';
import type { NamespaceKind } from '../../namespaces/kinds.js';
import type { Propagation } from '../spec.js';
import type { InPlaceProgram } from './program.js';

/** What --map-users takes: ranges, or what /etc/subuid or the present namespace has. */
export type IdBlock = IdRange | 'auto' | 'subids' | 'all';

export interface UnshareIds {
  /** The present effective id is this one inside. */
  readonly own: number | undefined;
  readonly blocks: readonly IdBlock[];
}

/** unshare(1)'s options with their values, and what they imply filled in. */
export interface UnshareSpec {
  readonly program: InPlaceProgram;
  readonly kinds: readonly NamespaceKind[];
  /** Where namespaces are kept: files that are there already, as unshare(1) wants them. */
  readonly files: Readonly<Partial<Record<NamespaceKind, string>>>;
  readonly fork: boolean;
  readonly forwardSignals: boolean;
  /** The signal that the child gets when this process ends. */
  readonly killChild: number | undefined;
  readonly users: UnshareIds;
  readonly groups: UnshareIds;
  readonly setgroups: 'allow' | 'deny' | undefined;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly propagation: Propagation;
  readonly mountProc: string | undefined;
  readonly mountBinfmt: string | undefined;
  /** A line for the register file of binfmt_misc. */
  readonly interpreter: string | undefined;
  readonly root: string | undefined;
  readonly directory: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly offsets: ClockOffsets;
  readonly keepCapabilities: boolean;
}
