import { Isol8Error, SpecError } from '../../foundation/errors.js';
import { addKept } from '../../kept/add.js';
import { type KeptNamespace, listKept } from '../../kept/list.js';
import { keptPath } from '../../namespaces/kept-path.js';
import { ALL_KINDS, type NamespaceKind } from '../../namespaces/kinds.js';
import { Namespace } from '../../namespaces/namespace.js';
import { statFile } from '../../syscalls/files.js';
import { inColumns } from '../aligned.js';
import { type Parsed, parseOptions } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import { STDOUT, write } from '../output.js';
import { closest } from '../suggest.js';
import { UsageError } from '../usage-error.js';
import { isForAdd, nsCommand } from './ns-options.js';
import { inOptions } from './option-names.js';
import { specOf } from './run-spec.js';

type Action = (names: readonly string[], options: Parsed) => Promise<void> | void;
const ACTIONS: Readonly<Record<string, Action>> = { add, rm, ls };

/** isol8 ns. */
export async function ns(argv: readonly string[]): Promise<number> {
  const options: Parsed = parseOptions(nsCommand, argv);
  if (await answersHelp(options, nsCommand)) return 0;
  const [name = '', ...names] = options.operands;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) {
    const problem =
      name === '' ? 'give one of add, rm, ls' : `there is no '${name}': choose from add, rm, ls`;
    throw usage(problem, closest(name, Object.keys(ACTIONS)));
  }
  const foreign = options.values.find(({ option }) => isForAdd(option));
  if (foreign && action !== add) throw usage(`option '${foreign.name}' is for add alone`);
  await action(names, options);
  return 0;
}

async function add(names: readonly string[], options: Parsed): Promise<void> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) throw usage('add takes one name');
  const kinds = kindsOf(options);
  if (kinds.length === 0) throw usage('add needs --kind, as in --kind net,uts');
  if (kinds.includes('pid')) {
    throw new SpecError(
      '--kind',
      'a pid namespace lives as long as its first process, so it cannot be kept without one: start that with isol8 ' +
        'run, and join it by its pid, with isol8 run --join pid=PID',
    );
  }
  const { namespaces: _, ...spec } = specOf(options);
  try {
    const added = await addKept(name, kinds, spec);
    if (options.has('json')) printJson(added);
  } catch (error) {
    throw inOptions(error, options);
  }
}

function rm(names: readonly string[], options: Parsed): void {
  if (names.length === 0) throw usage('rm needs a name');
  const kinds = kindsOf(options);
  const all = listKept();
  const removed = names.flatMap((name) => chosen(all, name, kinds));
  for (const { path } of removed) Namespace.release(path);
  if (options.has('json')) printJson(removed);
}

/** Those of a name, or of it the kinds that were asked for, each of which must be there. */
function chosen(
  all: readonly KeptNamespace[],
  name: string,
  kinds: readonly NamespaceKind[],
): KeptNamespace[] {
  const named = all.filter((kept) => kept.name === name);
  const found = kinds.length === 0 ? named : named.filter(({ kind }) => kinds.includes(kind));
  const missing = kinds.find((kind) => !named.some((kept) => kept.kind === kind));
  if (missing === undefined && found.length > 0) return found;
  const looked = missing === undefined ? ALL_KINDS : [missing];
  const leftover = looked.map((kind) => keptPath(name, kind)).find((path) => statFile(path) !== undefined);
  throw new Isol8Error(
    'ENOENT',
    `no ${missing ?? ''} namespace is kept as ${name}`.replace('  ', ' ') +
      (leftover === undefined
        ? '. See what is: isol8 ns ls'
        : `, but a crash has left ${leftover}. Remove it: isol8 gc`),
  );
}

function ls(names: readonly string[], options: Parsed): void {
  if (names.length > 0) throw usage(`unexpected argument '${names[0]}'`);
  const kinds = kindsOf(options);
  const kept = listKept().filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  if (options.has('json')) {
    printJson(kept);
    return;
  }
  const rows = kept.map(({ name, kind, inode, path }) => [name, `${kind}:[${inode}]`, path]);
  if (rows.length > 0) write(STDOUT, inColumns([['NAME', 'NAMESPACE', 'PATH'], ...rows]));
}

const printJson = (kept: readonly KeptNamespace[]): void =>
  write(STDOUT, `${JSON.stringify(kept, null, 2)}\n`);

const kindsOf = (options: Parsed): NamespaceKind[] => {
  const given = options.all('kind').flatMap((list) => list.split(','));
  return ALL_KINDS.filter((kind) => given.includes(kind));
};

const usage = (problem: string, suggestion?: string): UsageError =>
  new UsageError(problem, { command: 'ns', suggestion });
