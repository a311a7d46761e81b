/** The steps of a plan as statements of C, a function for each process. */

import { CLONE } from '../../syscalls/constants.js';
import { forkArguments } from '../../syscalls/encode.js';
import type { CallStep, ExecStep, ForkStep, Step, SuperviseStep } from '../../syscalls/plan.js';
import { cFlags, cValue, type Needs, resultVariable } from './c-values.js';
import { formatsOf } from './call-formats.js';
import { describeChild } from './describe.js';
import { quoteC } from './quote.js';

export interface Processes {
  readonly text: string;
  readonly variables: string[];
  readonly prototypes: string[];
}

const STACK_SIZE = 65536;

/** main() with the preamble first, then the children in the order of the steps that make them. */
export function cProcesses(steps: readonly Step[], preamble: readonly string[], needs: Needs): Processes {
  const variables = new Set<string>();
  const prototypes: string[] = [];
  const first = stepLines(steps, needs);
  const attached = leavesChildren(needs) || preamble.some((line) => line.startsWith('lifeline_slot('));
  const texts = attached ? [attachedMain(preamble), process('launcher', first)] : [main(preamble, first)];
  if (attached) prototypes.push(prototype('launcher'));
  for (const step of needs.context.steps) {
    if (step.kind === 'fork') {
      const name = functionName(step, needs);
      prototypes.push(prototype(name));
      if (step.call === 'vfork')
        variables.add(`static char stack_of_${name}[${STACK_SIZE}] __attribute__((aligned(16)));`);
      const about = `/* ${comment(describeChild(step, needs.context))} */`;
      texts.push(`${about}\n${process(name, stepLines(step.child, needs))}`);
    }
    const variable = variableOf(step, needs);
    if (variable !== undefined) variables.add(`static long ${variable};`);
  }
  return { text: texts.join('\n\n'), variables: [...variables], prototypes };
}

const main = (preamble: readonly string[], lines: readonly string[]): string =>
  `int main(void)\n{\n${statements([...preamble, ...lines])}\n}`;

const prototype = (name: string): string => `static __attribute__((noreturn)) int ${name}(void *unused);`;

const process = (name: string, lines: readonly string[]): string =>
  `static int ${name}(void *unused)\n{\n${statements(['(void)unused;', ...lines])}\n}`;

/** CLONE_PARENT: the children belong to the caller of the first process, which is a child itself, as with a lifeline. */
const leavesChildren = ({ context }: Needs): boolean =>
  context.steps.some((step) => step.kind === 'fork' && (step.flags & CLONE.PARENT) !== 0);

function attachedMain(preamble: readonly string[]): string {
  const about = '/* This process stands for the one that calls isol8: all children are its own. */';
  return `${about}\n${main(preamble, ['if (fork() == 0)', '\tlauncher(NULL);', 'return reap_all();'])}`;
}

const statements = (lines: readonly string[]): string =>
  lines.map((line) => (line.startsWith('#') ? line : `\t${line}`)).join('\n');

const comment = (text: string): string => text.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ');

function variableOf(step: Step, needs: Needs): string | undefined {
  if (step.id !== undefined) return resultVariable({ result: step.id }, needs.context);
  return step.kind === 'fork' ? `pid_${numberOf(step, needs)}` : undefined;
}

const numberOf = (step: Step, { context }: Needs): number => context.number.get(step) ?? 0;

const functionName = (step: ForkStep, needs: Needs): string => `process_${numberOf(step, needs)}`;

function stepLines(steps: readonly Step[], needs: Needs): string[] {
  return steps.flatMap((step) => {
    const about = `/* ${numberOf(step, needs)}. ${comment(step.why)} */`;
    if (step.kind === 'call') return [about, ...callLines(step, needs)];
    if (step.kind === 'fork') return [about, ...forkLines(step, needs)];
    if (step.kind === 'exec') return [about, ...execLines(step, needs)];
    return [about, ...superviseLines(step, needs)];
  });
}

function callLines(step: CallStep, needs: Needs): string[] {
  const args = formatsOf(step).map((format, i) => cValue(step.args[i] ?? 0, format, needs));
  // unlike the raw call, the compiler knows that this one does not return
  if (step.call === 'exit_group') return [`_exit(${args.join(', ')});`];
  const call = `syscall(${[`SYS_${step.call}`, ...args].join(', ')})`;
  const lines = [`${assignment(step, needs)}${must(step, call, needs)}`];
  if (!step.expect) return lines;
  const { cell, equals, errno } = step.expect;
  const place = `${numberOf(step, needs)}, ${quoteC(step.call)}`;
  if (cell) return [...lines, `expect(${place}, ${cValue(cell, 'number', needs)}, ${equals}, ${errno});`];
  const made = must(step, call, needs).slice(0, -1);
  const variable = variableOf(step, needs);
  if (variable === undefined) return [`expect(${place}, ${made}, ${equals}, ${errno});`];
  return [...lines, `expect(${place}, ${variable}, ${equals}, ${errno});`];
}

function assignment(step: Step, needs: Needs): string {
  const variable = variableOf(step, needs);
  return variable === undefined ? '' : `${variable} = `;
}

function must(step: CallStep | ForkStep, call: string, needs: Needs): string {
  const tolerated = step.kind === 'call' ? (step.tolerate ?? []) : [];
  return `must(${[numberOf(step, needs), quoteC(step.call), call, ...tolerated, 0].join(', ')});`;
}

function forkLines(step: ForkStep, needs: Needs): string[] {
  const name = functionName(step, needs);
  const args = forkArguments(step);
  const variable = variableOf(step, needs);
  if (step.call === 'vfork') {
    needs.headers.add('sched.h');
    const flags = cFlags('cloneold', Number(args[0]), needs);
    const call = `clone(${name}, stack_of_${name} + sizeof stack_of_${name}, ${flags}, NULL)`;
    return [`${variable} = ${must(step, call, needs)}`];
  }
  const call =
    step.call === 'clone3'
      ? `syscall(SYS_clone3, ${cValue(args[0] ?? 0, 'struct:cloneargs', needs)}, 88)`
      : `syscall(SYS_clone, ${cFlags('cloneold', Number(args[0]), needs)}, NULL, NULL, NULL, NULL)`;
  return [`${variable} = ${must(step, call, needs)}`, `if (${variable} == 0)`, `\t${name}(NULL);`];
}

function execLines(step: ExecStep, needs: Needs): string[] {
  const number = numberOf(step, needs);
  const { showEnvironment } = needs.context;
  const words = step.argv.map((word) => cValue(word, 'text', needs));
  const paths = [...step.candidates.map((path) => quoteC(path)), 'NULL'];
  const lines = [
    `const char *const paths_${number}[] = {${paths.join(', ')}};`,
    `char *const argv_${number}[] = {${[...words, 'NULL'].join(', ')}};`,
  ];
  const environment = showEnvironment ? `env_${number}` : 'environ';
  if (showEnvironment) {
    lines.push(
      `char *const env_${number}[] = {${[...step.env.map((text) => quoteC(text)), 'NULL'].join(', ')}};`,
    );
  } else {
    lines.push(
      `/* the environment of this program instead of: ${variableNames(step)} */`,
      '/* values are shown with --show-env (showEnvironment) alone */',
    );
  }
  return [...lines, `exec_first(${number}, paths_${number}, argv_${number}, ${environment});`];
}

const variableNames = (step: ExecStep): string =>
  comment(step.env.map((text) => text.split('=', 1)[0]).join(' ')) || 'an empty one';

function superviseLines(step: SuperviseStep, needs: Needs): string[] {
  const call = `supervise(${cValue(step.child, 'number', needs)})`;
  if (step.as === 'init') return [`_exit(${call});`];
  const lines = [`${assignment(step, needs)}${call};`];
  if (!step.terminal) return lines;
  const { fd, group, settings } = step.terminal;
  const kept = [group, settings].map((part) => cValue(part, 'address', needs)).join(', ');
  return [...lines, `take_terminal_back(${fd}, ${kept});`];
}
