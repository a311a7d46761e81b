/** What isol8 unshare and isol8 enter have in common with each other and with util-linux. */
import { SpecError } from '../../foundation/errors.js';
import { KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import { DEFAULT_PATH } from '../../sandbox/compile/program.js';
import type { Facts } from '../../sandbox/facts.js';
import type { InPlaceProgram } from '../../sandbox/in-place/program.js';
import type { Plan } from '../../syscalls/plan.js';
import type { Parsed } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import type { CommandSpec } from '../options.js';
import { STDOUT, write } from '../output.js';
import { PROGRAM } from '../usage-error.js';

/** --help and --version; undefined when neither was asked for. */
export async function commonAnswer(options: Parsed, command: CommandSpec): Promise<number | undefined> {
  if (await answersHelp(options, command)) return 0;
  if (!options.has('version')) return undefined;
  const { VERSION } = await import('../version.js');
  write(STDOUT, `${PROGRAM} ${command.name} ${VERSION}\n`);
  return 0;
}

/** --explain[=FORMAT]: the plan as text instead of running it. */
export async function printPlan(plan: Plan, options: Parsed, facts: Facts): Promise<number> {
  const { explainPlan } = await import('../../sandbox/explain/explain.js');
  const format = (options.last('explain') ?? 'strace') as 'strace';
  const { architecture, environment } = facts;
  write(STDOUT, explainPlan(plan, { format, architecture, environment }));
  return 0;
}

/** The operands, or the shell as a login shell, which is what a leading dash says. */
export function programOf(
  operands: readonly string[],
  env: readonly string[],
  descriptors: readonly number[],
): InPlaceProgram {
  const path = env.find((variable) => variable.startsWith('PATH='))?.slice(5) ?? DEFAULT_PATH;
  const [file] = operands;
  if (file !== undefined) return { file, argv: operands, env, path, descriptors };
  const shell = process.env.SHELL || '/bin/sh';
  return { file: shell, argv: [`-${shell.slice(shell.lastIndexOf('/') + 1)}`], env, path, descriptors };
}

export const environmentOf = (variables: Readonly<Record<string, string | undefined>>): string[] =>
  Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));

/** The kinds whose options were given, with the files. */
export function kindsGiven(options: Parsed): Partial<Record<NamespaceKind, string | undefined>> {
  const kinds = (Object.keys(KINDS) as NamespaceKind[]).filter((kind) => options.has(KINDS[kind].option));
  return Object.fromEntries(kinds.map((kind) => [kind, options.last(KINDS[kind].option)?.replace(/^=/, '')]));
}

/** An id as util-linux parses one. The kernel takes the last number, -1, for none. */
export function parseUnsigned(text: string, option: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 32 - 1) return value;
  throw new SpecError(option, `failed to parse '${text}'`);
}
