/**
 * Runs a plan in a model of the kernel: the rules that the order of its calls has to keep, each process by itself.
 * The rules are those of namespaces(7), user_namespaces(7), time_namespaces(7), credentials(7), capabilities(7),
 * pivot_root(2) and prctl(2), and what isol8 promises of PID 1 and the program; what a rule is about stands beside it in
 * kernel/.
 */
import { errnoNumber } from '../../src/syscalls/errno.js';
import type { CallStep, ExecStep, ForkStep, Step, SuperviseStep } from '../../src/syscalls/plan.js';
import { HANDLERS } from './kernel/calls.js';
import { checkGuarded, checkInit, checkProgram, checkRun } from './kernel/checks.js';
import { createFirst, forkProcess, type Run } from './kernel/machine.js';
import { runNewidmap } from './kernel/namespaces.js';
import { KernelError, type Machine, type Process } from './kernel/process.js';
import { cellOf, numberOf, resolveArgument, resultOf, textOf } from './kernel/values.js';

export interface Outcome {
  /** `refused`: the caller may not do what the spec asks for, in whatever order. */
  readonly outcome: 'runs' | 'refused';
  readonly reason?: string;
  readonly machine: Machine;
}

/** Throws an Error that names the step which breaks a rule. */
export function simulate(run: Run): Outcome {
  const first = createFirst(run);
  first.machine.pids.set(0, first);
  try {
    runBlock(first, run.compiled.plan.steps);
  } catch (error) {
    if (!(error instanceof KernelError) || !error.inherent) throw error;
    return { outcome: 'refused', reason: error.message, machine: first.machine };
  }
  checkRun(first.machine);
  return { outcome: 'runs', machine: first.machine };
}

/** Parents go first, up to where they wait: a child finds its maps written, if its gate says that it may look. */
function runBlock(process: Process, steps: readonly Step[]): void {
  for (const [index, step] of steps.entries()) {
    process.machine.done.push({ step, process });
    try {
      if (runStep(process, step) === 'ended') {
        if (index !== steps.length - 1) throw new KernelError('EINVAL', 'steps behind the end of a block');
        runWaiting(process);
        return;
      }
    } catch (error) {
      throw located(error, step, process);
    }
  }
  throw new Error('a block runs on into the next');
}

function located(error: unknown, step: Step, process: Process): unknown {
  if (!(error instanceof KernelError) || error.inherent || error.message.includes('\n')) return error;
  const what = step.kind === 'call' || step.kind === 'fork' ? step.call : step.kind;
  return new Error(`${what} (${step.why}) in ${nameOf(process)}: ${error.message}\n`);
}

const nameOf = (process: Process): string =>
  process.parent ? `a ${process.how} of ${nameOf(process.parent)}` : 'the first process';

function runStep(process: Process, step: Step): 'goes on' | 'ended' {
  if (process.signalsOpen && step.kind !== 'exec')
    throw new KernelError('EINVAL', 'a signal could end it by now');
  if (step.id !== undefined && process.results.has(step.id))
    throw new KernelError('EINVAL', `two steps ${step.id}`);
  switch (step.kind) {
    case 'fork':
      return runFork(process, step);
    case 'exec':
      return runExec(process, step);
    case 'supervise':
      return runSupervise(process, step);
    case 'call':
      return runCall(process, step);
  }
}

function runFork(process: Process, step: ForkStep): 'goes on' {
  checkGuarded(process);
  const { machine } = process;
  const child = forkProcess(process, step);
  const pid = machine.pids.size + 1000;
  machine.pids.set(pid, child);
  if (step.call === 'vfork') runBlock(child, step.child);
  else machine.waiting.set(pid, step.child);
  if (step.id !== undefined) process.results.set(step.id, pid);
  return 'goes on';
}

function runWaiting(process: Process): void {
  const { waiting, pids } = process.machine;
  for (const pid of waiting.keys()) if (pids.get(pid)?.parent === process) runChild(process, pid);
}

function runChild({ machine }: Process, pid: number): void {
  const steps = machine.waiting.get(pid);
  const child = machine.pids.get(pid);
  if (!steps || !child) throw new KernelError('ECHILD', `there is no child ${pid}`);
  machine.waiting.delete(pid);
  runBlock(child, steps);
}

function runExec(process: Process, step: ExecStep): 'ended' {
  const argv = step.argv.map((argument) => textOf(resolveArgument(process, argument)));
  const { users, groups } = process.machine.facts;
  const [path] = step.candidates;
  if (
    path !== undefined &&
    (path === users.newidmap || path === groups.newidmap) &&
    process.how === 'fork' &&
    !process.signalsOpen
  ) {
    if (process.descriptors.size > 0) throw new KernelError('EINVAL', 'the helper gets descriptors');
    runNewidmap(process, argv);
  } else checkProgram(process, argv);
  return 'ended';
}

function runSupervise(process: Process, step: SuperviseStep): 'goes on' | 'ended' {
  resultOf(process, step.child.result);
  checkGuarded(process);
  if (step.as === 'init') {
    checkInit(process);
    return 'ended';
  }
  if (step.id !== undefined) process.results.set(step.id, 0);
  return 'goes on';
}

function runCall(process: Process, step: CallStep): 'goes on' | 'ended' {
  const args = step.args.map((argument) => resolveArgument(process, argument));
  if (step.call === 'exit_group') {
    numberOf(args[0]);
    return 'ended';
  }
  let result: number;
  try {
    result = step.call === 'wait4' ? waitFor(process, args) : handle(process, step, args);
  } catch (error) {
    if (!(error instanceof KernelError) || !step.tolerate?.includes(error.errno)) throw error;
    result = -errnoNumber(error.errno);
  }
  checkExpected(process, step, result);
  if (step.id !== undefined) process.results.set(step.id, result);
  return 'goes on';
}

function handle(process: Process, step: CallStep, args: ReturnType<typeof resolveArgument>[]): number {
  const handler = HANDLERS[step.call];
  if (!handler) throw new KernelError('ENOSYS', `the model does not know ${step.call}`);
  return handler(process, args);
}

/** For newuidmap and newgidmap, which have to end before the child is let go. */
function waitFor(process: Process, [pid, status]: ReturnType<typeof resolveArgument>[]): number {
  for (const { open } of process.descriptors.values()) {
    if (open.kind === 'pipe' && open.pipe.opened)
      throw new KernelError('EPERM', 'the child was let go before');
  }
  runChild(process, numberOf(pid));
  process.cells.set((status as { memory: string }).memory, [0]);
  return numberOf(pid);
}

function checkExpected(process: Process, { expect }: CallStep, result: number): void {
  if (!expect || result < 0) return;
  const given = expect.cell ? cellOf(process, expect.cell.cell, expect.cell.at) : result;
  if (given !== expect.equals)
    throw new KernelError(expect.errno, `${given} where ${expect.equals} is expected`);
}
