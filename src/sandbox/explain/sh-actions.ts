/** What a plan comes down to in terms of shell commands, in the order of the one process that becomes the program. */
import { CLONE } from '../../syscalls/constants.js';
import type { ExecStep } from '../../syscalls/plan.js';

export interface MapRange {
  readonly inner: string;
  readonly outer: string;
  readonly count: string;
}

export interface IdMaps {
  uid?: readonly MapRange[];
  gid?: readonly MapRange[];
  setgroups?: string;
  /** newuidmap(1) or newgidmap(1) writes them; a direct write otherwise. */
  readonly helpers: Partial<Record<'uid' | 'gid', string>>;
}

/** One unshare(1). */
export interface UnshareAction {
  readonly kind: 'unshare';
  flags: number;
  fork: boolean;
  killChild: boolean;
  propagation?: string;
  offsets: { clock: string; seconds: string; nanoseconds: string }[];
  readonly maps: IdMaps;
  /** Where namespaces are kept, by their options. */
  readonly files: Record<string, string>;
  readonly why: string[];
}

export type Action =
  | UnshareAction
  /** A command of its own; `text` when words cannot say it (redirections). */
  | { readonly kind: 'line'; readonly text: string; readonly why: string; readonly tolerated: boolean }
  /** A command that runs the rest: nsenter, setpriv, setsid. */
  | { readonly kind: 'wrap'; readonly argv: readonly string[]; readonly why: string }
  /** A terminal of its own for all the rest: script(1). */
  | { readonly kind: 'terminal' }
  /** The shell stays as PID 1 and the program becomes its child. */
  | { readonly kind: 'init' }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'exec'; readonly step: ExecStep };

export function newUnshare(): UnshareAction {
  return {
    kind: 'unshare',
    flags: 0,
    fork: false,
    killChild: false,
    offsets: [],
    maps: { helpers: {} },
    files: {},
    why: [],
  };
}

/** Namespace flags of clone(2). */
export const NAMESPACE_FLAGS =
  CLONE.NEWUSER |
  CLONE.NEWNS |
  CLONE.NEWPID |
  CLONE.NEWNET |
  CLONE.NEWUTS |
  CLONE.NEWIPC |
  CLONE.NEWCGROUP |
  CLONE.NEWTIME;

/** Commands that take another command as their last arguments. */
const WRAPPERS = new Set(['unshare', 'nsenter', 'setpriv', 'setsid', 'nice', 'chroot', 'env', 'choom']);

export const isWrapper = (argv: readonly string[]): boolean => WRAPPERS.has(argv[0] ?? '');
