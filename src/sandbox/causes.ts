/** What an errno of a plan's step means, and what helps: first match wins. */
import { syscallOf } from '../syscalls/encode.js';
import { TOO_MANY_DESCRIPTORS } from '../syscalls/errno.js';
import type { FailureCause } from '../syscalls/failure-table.js';
import type { Step } from '../syscalls/plan.js';
import type { SyscallName } from '../syscalls/table.js';
import type { Cause, Circumstances } from './causes/cause.js';
import { MOUNT_CAUSES } from './causes/mounts.js';
import { NAMESPACE_CAUSES } from './causes/namespaces.js';
import { PROCESS_CAUSES } from './causes/process.js';
import type { Facts } from './facts.js';
import { type Locks, readLocks } from './locks.js';
import { dockerOptions, SECCOMP_FILTER } from './obstacles.js';

/** An errno of a call, and what it means. */
export interface ExplainedErrno {
  readonly errno: string;
  readonly text: string;
}

/** All that a launcher may have to tell of a plan: first what is so for a step, then for a call. */
export function causesOfPlan(
  steps: readonly Step[],
  facts: Facts,
  textOf: (cause: ExplainedErrno) => string,
): FailureCause[] {
  const locks = readLocks();
  const calls = new Set(steps.flatMap((step) => (step.kind === 'supervise' ? [] : [syscallOf(step)])));
  const rows = (where: FailureCause['where'], causes: readonly ExplainedErrno[]): FailureCause[] =>
    causes.map((cause) => ({ where, errno: cause.errno, text: textOf(cause) }));
  return [
    ...steps.flatMap((step, index) => rows({ step: index }, specificCauses({ step, facts, locks }))),
    ...[...calls].flatMap((call) => rows({ call }, generalCauses(call, locks))),
  ];
}

/** What holds for this step in particular; comes before {@link generalCauses}. */
function specificCauses(circumstances: Circumstances): ExplainedErrno[] {
  const { step, locks } = circumstances;
  if (step.kind === 'supervise') return [];
  return causesOf(syscallOf(step)).flatMap(({ errnos, explain }) => {
    const text = typeof explain === 'string' ? undefined : explain(circumstances);
    return text === undefined ? [] : errnos.map((errno) => maybeFiltered({ errno, text }, locks));
  });
}

/** What holds for every step that makes this call. */
function generalCauses(call: SyscallName, locks: Locks): ExplainedErrno[] {
  const known = causesOf(call).flatMap(({ errnos, explain }) =>
    typeof explain === 'string' ? errnos.map((errno) => maybeFiltered({ errno, text: explain }, locks)) : [],
  );
  if (!locks.filtered) return known;
  return [...known, ...FILTERED.map((errno) => maybeFiltered({ errno, text: '' }, locks))];
}

/** What seccomp filters answer with. */
const FILTERED: readonly string[] = ['EPERM', 'ENOSYS'];

/** Under a seccomp filter any call may fail although the kernel would do it. */
function maybeFiltered({ errno, text }: ExplainedErrno, locks: Locks): ExplainedErrno {
  if (!locks.filtered || !FILTERED.includes(errno) || text.includes(dockerOptions(SECCOMP_FILTER)))
    return { errno, text };
  const filter = `the seccomp filter that is in force forbids it (in Docker: ${dockerOptions(SECCOMP_FILTER)}).`;
  return { errno, text: text === '' ? `Perhaps ${filter}` : `${text} Or ${filter}` };
}

/** The table by call: `isol8 run` asks for every step of a plan while nothing of it is compiled yet. */
const byCall = new Map<string, Cause[]>();
for (const entry of [...NAMESPACE_CAUSES, ...MOUNT_CAUSES, ...PROCESS_CAUSES]) {
  for (const call of entry.calls) byCall.set(call, [...(byCall.get(call) ?? []), entry]);
}

const causesOf = (call: string): readonly Cause[] => byCall.get(call) ?? [];

/** The likely cause and what helps, or '' for an errno that says it all. */
export function likelyCause(circumstances: Circumstances, errno: string): string {
  const { step } = circumstances;
  if (step.kind === 'supervise') return '';
  const causes = [...specificCauses(circumstances), ...generalCauses(syscallOf(step), circumstances.locks)];
  return causes.find((cause) => cause.errno === errno)?.text ?? '';
}

/** The same for the launcher's own start, which makes no namespace yet. */
export function launcherCause(errno: string, locks: Locks): string {
  if (errno === 'EFBIG') return 'The plan is more than a file may have: raise RLIMIT_FSIZE (ulimit -f).';
  if (errno === 'EMFILE' || errno === 'ENFILE') return TOO_MANY_DESCRIPTORS;
  if (![...FILTERED, 'EAGAIN'].includes(errno)) return '';
  return generalCauses('clone', locks).find((cause) => cause.errno === errno)?.text ?? '';
}
