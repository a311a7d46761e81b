/** The plan of an entry for somebody who has no descriptors of this process, and who has nsenter(1). */
import { KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import { AT, O } from '../../syscalls/constants.js';
import type { CallStep, Plan, Step } from '../../syscalls/plan.js';
import { call, result } from '../../syscalls/steps.js';
import type { Facts } from '../facts.js';
import { firstDescriptor } from './become-plan.js';
import { compileEnter } from './enter.js';
import type { EnterSpec, OpenedFile } from './enter-spec.js';

/** The same plan, but that it opens what {@link compileEnter} counts on: as far as `spec` has paths. */
export function explainedEnter(spec: EnterSpec, facts: Facts): Plan {
  const { plan, passed, descriptors } = compileEnter(spec, facts);
  const files = descriptors.flatMap((fd, i) => {
    const file = fileOf(spec, fd);
    return file ? [{ ...file, slot: firstDescriptor(passed) + i }] : [];
  });
  const opens = files.map(({ path, id, flags }) =>
    call('openat', [AT.FDCWD, path, flags | O.CLOEXEC, 0], 'open it outside', { id }),
  );
  return { ...plan, steps: [...opens, ...plan.steps.map((step) => ofPaths(step, { spec, files }))] };
}

interface PlannedFile extends OpenedFile {
  readonly id: string;
  readonly flags: number;
  readonly slot: number;
}

function fileOf({ namespaces, root, directory, cgroup }: EnterSpec, fd: number) {
  const namespace = namespaces.find((one) => one.fd === fd);
  if (namespace?.path !== undefined) return { fd, path: namespace.path, id: namespace.kind, flags: O.RDONLY };
  if (root?.fd === fd) return { ...root, id: 'root', flags: O.PATH };
  if (directory?.fd === fd) return { ...directory, id: 'directory', flags: O.PATH };
  return cgroup?.fd === fd ? { ...cgroup, id: 'cgroup.procs', flags: O.WRONLY } : undefined;
}

interface Opened {
  readonly spec: EnterSpec;
  readonly files: readonly PlannedFile[];
}

function ofPaths(step: Step, opened: Opened): Step {
  if (step.kind === 'fork') return { ...step, child: step.child.map((one) => ofPaths(one, opened)) };
  if (step.kind !== 'call') return step;
  const file = opened.files.find(({ slot }) => slot === step.args[0]);
  const args = file ? [result(file.id), ...step.args.slice(1)] : step.args;
  const shell = wordsOf(step, opened.spec, file);
  return { ...step, args, ...(shell && { shell }) };
}

/** Options of one nsenter(1), which opens all before it enters anything; none where another step's say it too. */
function wordsOf(step: CallStep, spec: EnterSpec, file: PlannedFile | undefined): string[] | undefined {
  const { root, directory, directoryInside } = spec;
  const entersUser = spec.namespaces.some(({ kind }) => kind === 'user');
  const [value] = step.args;
  switch (step.call) {
    case 'setns':
      return joining(step, spec, file);
    case 'fchdir':
      return file && ['nsenter', `--${file.path === root?.path ? 'root' : 'wd'}=${file.path}`];
    case 'chroot': // nsenter stays where it is, outside of its root
      return root && !directory && directoryInside === undefined ? ['nsenter', `--wd=${root.path}`] : [];
    case 'chdir':
      return ['nsenter', `--wdns=${value}`];
    case 'setgroups':
      return entersUser ? [] : undefined;
    case 'setresgid':
      return entersUser ? ['nsenter', `--setgid=${value}`] : undefined;
    case 'setresuid':
      return entersUser ? ['nsenter', `--setuid=${value}`] : undefined;
    default:
      return undefined;
  }
}

function joining(
  { args }: CallStep,
  { namespaces, fork, uid, gid }: EnterSpec,
  file: PlannedFile | undefined,
): string[] | undefined {
  const kind = namespaces.find((one) => KINDS[one.kind].flag === args[1])?.kind as NamespaceKind;
  const keeps = kind === 'user' && (uid === undefined || gid === undefined);
  return (
    file && [
      'nsenter',
      `--${KINDS[kind].option}=${file.path}`,
      ...(keeps ? ['--preserve-credentials'] : []),
      ...(kind === 'pid' && !fork ? ['--no-fork'] : []),
    ]
  );
}
