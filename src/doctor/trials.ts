/** What works is found out by doing it, in processes that end at once. */
import { Isol8Error } from '../foundation/errors.js';
import { ALL_KINDS, type NamespaceKind } from '../namespaces/kinds.js';
import type { Namespace } from '../namespaces/namespace.js';
import { createNamespaces } from '../sandbox/create-namespaces.js';
import { readLocks } from '../sandbox/locks.js';
import { run } from '../sandbox/run.js';
import { spawn } from '../sandbox/spawn.js';
import type { NamespaceChoice } from '../sandbox/spec.js';
import { StepError } from '../sandbox/step-error.js';

/** How a trial went; without a `failure` it worked. */
export interface Trial {
  readonly works: boolean;
  /** The errno, or isol8's own word. */
  readonly code?: string;
  readonly failure?: string;
}

export interface KindTrials {
  readonly kind: NamespaceKind;
  /** Made by this user as it is. */
  readonly direct: Trial;
  /** Made together with a user namespace. Undefined for user itself. */
  readonly inside: Trial | undefined;
  /** Joined, having been made in either way. */
  readonly joined: Trial;
  /** user.max_KIND_namespaces: how many this user may have. */
  readonly limit: number | undefined;
}

/** A path that every system has; when it is missing, all that was to be tried has worked by then. */
const PROGRAM = ['/bin/true'];

/** What `isol8 run` does: all eight, with a /proc of its own. */
export const tryRun = (): Promise<Trial> => attempt(() => run(PROGRAM));

/** Whether the subordinate ids can be mapped. */
export const tryAutoMap = (): Promise<Trial> =>
  attempt(() => run(PROGRAM, { namespaces: ['user'], mapUsers: 'auto', mapGroups: 'auto' }));

export async function tryKinds(): Promise<KindTrials[]> {
  const locks = readLocks();
  const trials: KindTrials[] = [];
  for (const kind of ALL_KINDS) {
    trials.push({
      kind,
      direct: await attempt(() => make([kind])),
      inside: kind === 'user' ? undefined : await attempt(() => make(['user', kind])),
      joined: await attempt(() => (kind === 'pid' ? joinPid() : join(kind))),
      limit: locks.limit(kind),
    });
  }
  return trials;
}

async function attempt(work: () => Promise<unknown>): Promise<Trial> {
  try {
    await work();
    return { works: true };
  } catch (error) {
    if (error instanceof StepError && error.syscall === 'execve') return { works: true };
    if (!(error instanceof Isol8Error)) throw error;
    return { works: false, code: error.code, failure: error.message };
  }
}

async function make(kinds: readonly NamespaceKind[]): Promise<void> {
  if (kinds.includes('pid')) await run(PROGRAM, { namespaces: kinds });
  else (await createNamespaces(kinds))[Symbol.dispose]();
}

/** Without the right to make it with a user namespace, or with nothing but root, the other way may do. */
async function join(kind: Exclude<NamespaceKind, 'pid'>): Promise<void> {
  const both: NamespaceKind[] = kind === 'user' ? ['user'] : ['user', kind];
  using made = await createNamespaces(both).catch(() => createNamespaces([kind]));
  const choices: Partial<Record<NamespaceKind, NamespaceChoice>> = { [kind]: made[kind] as Namespace };
  if (made.user) choices.user = made.user;
  await run(PROGRAM, { namespaces: { ...SHARED, ...choices } });
}

async function joinPid(): Promise<void> {
  const start = (namespaces: NamespaceKind[]): ReturnType<typeof spawn> =>
    spawn(['cat'], { namespaces, stdio: ['pipe', 'ignore', 'ignore'] });
  const withUser = await start(['user', 'pid']).catch(() => undefined);
  await using first = withUser ?? (await start(['pid']));
  const { pid } = first;
  const namespaces = { ...SHARED, pid: { pid }, ...(withUser === undefined ? {} : { user: { pid } }) };
  await run(PROGRAM, { namespaces });
}

const SHARED = Object.fromEntries(ALL_KINDS.map((kind) => [kind, 'shared'])) as Record<
  NamespaceKind,
  'shared'
>;
