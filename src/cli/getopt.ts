import { type CommandSpec, longNames, type OptionSpec, visibleOptions } from './options.js';
import { closest } from './suggest.js';
import { UsageError } from './usage-error.js';

export interface ParsedOption {
  readonly option: OptionSpec;
  /** As written, with its dashes and without its value: `-w`, `--work`. */
  readonly name: string;
  readonly value?: string;
}

/** `Name` is the union of the option names when the spec is written `as const satisfies CommandSpec`. */
export interface Parsed<Name extends string = string> {
  /** In the order given: later ones win, and mounts are made in this order. */
  readonly values: readonly ParsedOption[];
  readonly operands: readonly string[];
  has(name: Name): boolean;
  /** The last occurrence's value; undefined when the option is absent or, with an optional argument, has none. */
  last(name: Name): string | undefined;
  /** The values given, in order. */
  all(name: Name): string[];
}

interface Cursor {
  readonly spec: CommandSpec;
  readonly argv: readonly string[];
  next: number;
  readonly values: ParsedOption[];
}

/**
 * Parses as getopt_long(3) of glibc does: with a leading `+` in its option string for `operands: 'command'`, and
 * permuting otherwise. `argv` starts after the command's name.
 *
 * @throws UsageError in getopt's words, or for a value that is not among the option's choices.
 */
export function parseOptions<const Spec extends CommandSpec>(
  spec: Spec,
  argv: readonly string[],
): Parsed<Spec['options'][number]['name']> {
  const { values, operands } = scan({ spec, argv, next: 0, values: [] });
  const named = (name: string) => values.filter((value) => value.option.name === name);
  return {
    values,
    operands,
    has: (name) => named(name).length > 0,
    last: (name) => named(name).at(-1)?.value,
    all: (name) => named(name).flatMap(({ value }) => (value === undefined ? [] : [value])),
  };
}

function scan(cursor: Cursor): { values: ParsedOption[]; operands: string[] } {
  const { spec, argv, values } = cursor;
  const operands: string[] = [];
  for (let word = argv[cursor.next]; word !== undefined; word = argv[cursor.next]) {
    const isOperand = !word.startsWith('-') || word === '-';
    if (isOperand && spec.operands === 'command') break;
    cursor.next++;
    if (word === '--') break;
    if (isOperand) operands.push(word);
    else if (word.startsWith('--')) takeLong(cursor, word);
    else takeCluster(cursor, word);
  }
  const all = operands.concat(argv.slice(cursor.next));
  if (spec.operands === 'none' && all[0] !== undefined) fail(spec, `unexpected argument '${all[0]}'`);
  return { values, operands: all };
}

/** `--name`, `--name=value`, `--name value`, and abbreviations of the name. */
function takeLong(cursor: Cursor, word: string): void {
  const equals = word.indexOf('=');
  const typed = word.slice(2, equals < 0 ? undefined : equals);
  const { option, name } = resolveLong(cursor.spec, word, typed);
  const kind = option.argument ?? 'none';
  let value = equals < 0 ? undefined : word.slice(equals + 1);
  if (value !== undefined && kind === 'none') {
    fail(cursor.spec, `option '--${name}' doesn't allow an argument`);
  }
  if (value === undefined && kind === 'required') {
    value = cursor.argv[cursor.next++] ?? fail(cursor.spec, `option '--${name}' requires an argument`);
  }
  record(cursor, { option, name: `--${typed}`, value });
}

function resolveLong(spec: CommandSpec, word: string, typed: string): { option: OptionSpec; name: string } {
  const longs = spec.options.flatMap((option) => longNames(option).map((name) => ({ name, option })));
  const exact = longs.find(({ name }) => name === typed);
  if (exact) return exact;
  const matches = longs.filter(({ name }) => name.startsWith(typed));
  const first = matches[0];
  if (first === undefined) {
    const visible = visibleOptions(spec);
    const called = visible.find(({ elsewhere }) => elsewhere?.includes(typed))?.name;
    const near = called ?? closest(typed, visible.flatMap(longNames));
    fail(spec, `unrecognized option '${word}'`, near === undefined ? undefined : `--${near}`);
  }
  const others = matches.filter(({ option }) => option !== first.option);
  if (others.length > 0) {
    const possibilities = [first, ...others].map(({ name }) => `'--${name}'`).join(' ');
    fail(spec, `option '${word}' is ambiguous; possibilities: ${possibilities}`);
  }
  return first;
}

/** `-pf`, `-w/dir`, `-w /dir`; an optional argument only attached, and then an `=` is part of it. */
function takeCluster(cursor: Cursor, word: string): void {
  for (let index = 1; index < word.length; index++) {
    const letter = String.fromCodePoint(word.codePointAt(index) ?? 0);
    const option =
      cursor.spec.options.find(({ short }) => short === letter) ??
      fail(cursor.spec, `invalid option -- '${letter}'`);
    const kind = option.shortArgument ?? option.argument ?? 'none';
    if (kind === 'none') {
      record(cursor, { option, name: `-${letter}`, value: undefined });
      continue;
    }
    let value: string | undefined = word.slice(index + 1) || undefined;
    if (value === undefined && kind === 'required') {
      value = cursor.argv[cursor.next++] ?? fail(cursor.spec, `option requires an argument -- '${letter}'`);
    }
    record(cursor, { option, name: `-${letter}`, value });
    return;
  }
}

function record(
  cursor: Cursor,
  given: { option: OptionSpec; name: string; value: string | undefined },
): void {
  const { option, name, value } = given;
  if (value === undefined) {
    cursor.values.push({ option, name });
    return;
  }
  if (option.choices && option.open !== true) {
    for (const item of option.list ? value.split(',') : [value]) checkChoice(cursor.spec, given, item);
  }
  cursor.values.push({ option, name, value });
}

function checkChoice(spec: CommandSpec, given: { option: OptionSpec; name: string }, item: string): void {
  const choices = given.option.choices ?? [];
  const fits = (choice: string) => item === choice || (choice.endsWith('=') && item.startsWith(choice));
  if (choices.some(fits)) return;
  const known = choices.map((choice) => (choice.endsWith('=') ? `${choice}...` : choice)).join(', ');
  const problem = `invalid argument '${item}' for '${given.name}': choose from ${known}`;
  fail(spec, problem, closest(item, choices));
}

function fail(spec: CommandSpec, problem: string, suggestion?: string): never {
  throw new UsageError(problem, { command: spec.name, suggestion });
}
