/** A plan as strace(1) would show it when it runs: one line per call, children below the call that makes them. */
import { forkArguments } from '../../syscalls/encode.js';
import type { CallStep, ExecStep, ForkStep, Step, SuperviseStep } from '../../syscalls/plan.js';
import { formatsOf } from './call-formats.js';
import { describeChild, describeOutcome } from './describe.js';
import { quoteC } from './quote.js';
import { type Explained, resultName, shownVariable } from './run-time.js';
import { straceFlags, straceValue } from './strace-values.js';

/** Comments begin here, or two spaces behind a longer call. */
const COMMENT_COLUMN = 72;
const INDENT = '  ';

export function explainAsStrace(steps: readonly Step[], context: Explained): string {
  return `${block(steps, '', context).join('\n')}\n`;
}

function block(steps: readonly Step[], indent: string, context: Explained): string[] {
  return steps.flatMap((step) => {
    const lines = linesOf(step, context);
    const about = lines.findIndex((line) => step.kind !== 'exec' || !line.startsWith('#'));
    const shown = lines.map((line, i) => commented(indent + line, i === about ? commentOf(step) : ''));
    if (step.kind !== 'fork') return shown;
    const inner = indent + INDENT;
    return [...shown, `${inner}# ${describeChild(step, context)}`, ...block(step.child, inner, context)];
  });
}

function commented(line: string, comment: string): string {
  return comment === '' ? line : `${line.padEnd(COMMENT_COLUMN - 2)}  # ${comment}`;
}

function commentOf(step: Step): string {
  const several = step.kind === 'exec' && step.candidates.length > 1 ? 'the first one that is there' : '';
  return [step.why, several, describeOutcome(step)].filter((part) => part !== '').join('; ');
}

function linesOf(step: Step, context: Explained): string[] {
  if (step.kind === 'call') return [straceCall(step, context) + resultOf(step, context)];
  if (step.kind === 'fork') return [straceFork(step, context) + resultOf(step, context)];
  if (step.kind === 'exec') return straceExec(step, context);
  return [straceSupervise(step, context)];
}

function resultOf(step: Step, context: Explained): string {
  return step.id === undefined ? '' : ` = <${resultName({ result: step.id }, context)}>`;
}

export function straceCall(step: CallStep, context: Explained): string {
  const args = formatsOf(step).map((format, i) => straceValue(step.args[i] ?? 0, format, context));
  return `${step.call}(${args.join(', ')})`;
}

function straceFork(step: ForkStep, context: Explained): string {
  const args = forkArguments(step);
  if (step.call === 'clone3') return `clone3(${straceValue(args[0] ?? 0, 'struct:cloneargs', context)}, 88)`;
  const stack = step.call === 'vfork' ? '<own stack>' : 'NULL';
  return `clone(child_stack=${stack}, flags=${straceFlags('cloneold', Number(args[0]), context)})`;
}

/** The environment has a line of its own below: it is as long as the rest of the plan. */
function straceExec(step: ExecStep, context: Explained): string[] {
  const argv = step.argv.map((word) => straceValue(word, 'text', context)).join(', ');
  const variables = step.env.map((variable) => quoteC(shownVariable(variable, context)));
  const environment = context.showEnvironment
    ? `[${variables.join(', ')}]`
    : `0x… /* ${counted(step.env.length)} */`;
  const calls = step.candidates.map((path) => `execve(${quoteC(path)}, [${argv}], ${environment})`);
  const names = `# environment: ${step.env.map((variable) => variable.split('=', 1)[0]).join(' ')}`;
  return context.showEnvironment || step.env.length === 0 ? calls : [names, ...calls];
}

const counted = (count: number): string => `${count} var${count === 1 ? '' : 's'}`;

function straceSupervise({ child, as, terminal }: SuperviseStep, context: Explained): string {
  const pid = `<${resultName(child, context)}>`;
  const loop = `rt_sigtimedwait(~[]), wait4(-1, WNOHANG|__WALL), kill(${pid}, signal): again until ${pid} has ended`;
  if (as === 'init') return `# ${loop}, then exit_group as it did`;
  if (!terminal) return `# ${loop}`;
  const [group, settings] = [terminal.group, terminal.settings].map((part) =>
    straceValue(part, 'address', context),
  );
  const back = `ioctl(${terminal.fd}, TIOCSPGRP, ${group}), ioctl(${terminal.fd}, TCSETS, ${settings})`;
  return `# ${loop}, then ${back} if nobody has the terminal`;
}
