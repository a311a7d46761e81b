import { isNamespaceKind, type NamespaceKind } from '../../namespaces/kinds.js';
import { compileFilter, type Predicate } from '../filter.js';
import type { Parsed } from '../getopt.js';
import { closest } from '../suggest.js';
import { UsageError } from '../usage-error.js';
import { LS_COLUMNS, type LsColumn } from './ls-columns.js';
import type { Relation } from './ls-lines.js';
import type { lsCommand } from './ls-options.js';

export type LsOptions = Parsed<(typeof lsCommand)['options'][number]['name']>;

/** What isol8 ls is asked for. */
export interface LsRequest {
  readonly kinds: ReadonlySet<NamespaceKind>;
  readonly task: number | undefined;
  /** The inode of the namespace whose processes are asked for. */
  readonly namespace: number | undefined;
  readonly persistent: boolean;
  readonly filter: Predicate | undefined;
  readonly format: 'table' | 'raw' | 'json';
  readonly relation: Relation | undefined;
  readonly columns: readonly LsColumn[];
}

const COMMAND = 'ls';

/** Throws UsageError, and FilterError. */
export function requestOf(options: LsOptions): LsRequest {
  for (const [one, other] of [
    ['json', 'raw'],
    ['task', 'persistent'],
  ] as const) {
    if (options.has(one) && options.has(other)) fail(`--${one} and --${other} exclude each other`);
  }
  const [namespace, ...rest] = options.operands;
  if (rest[0] !== undefined) fail(`unexpected argument '${rest[0]}'`);
  if (namespace !== undefined && options.has('task')) fail('--task is mutually exclusive with <namespace>');
  const task = options.last('task');
  const filter = options.last('filter');
  return {
    kinds: new Set(options.all('type').flatMap((list) => list.split(',').filter(isNamespaceKind))),
    task: task === undefined ? undefined : numberOf(task, 'PID'),
    namespace: namespace === undefined ? undefined : numberOf(namespace, 'namespace'),
    persistent: options.has('persistent'),
    filter:
      filter === undefined
        ? undefined
        : compileFilter(
            filter,
            LS_COLUMNS.map(({ name }) => name),
          ),
    format: options.has('json') ? 'json' : options.has('raw') ? 'raw' : 'table',
    relation: relationOf(options),
    columns: columnsOf(options),
  };
}

function relationOf(options: LsOptions): Relation | undefined {
  if (!options.has('tree')) return options.has('list') || options.has('raw') ? undefined : 'process';
  const value = (options.last('tree') ?? 'owner').replace(/^=/, ''); // lsns(8) takes -T=owner
  if (value === 'owner' || value === 'parent' || value === 'process') return value;
  return fail(`unknown tree relation: ${value}`, closest(value, ['owner', 'parent', 'process']));
}

function columnsOf(options: LsOptions): LsColumn[] {
  const usual = options.has('output-all') ? LS_COLUMNS.map(({ name }) => name) : usualColumns(options);
  const output = options.last('output');
  if (output === '') fail('--output names no column');
  const named = output?.replace(/^\+/, '').split(',') ?? [];
  const names = output === undefined ? usual : output.startsWith('+') ? [...usual, ...named] : named;
  return names.map((name) => {
    const column = LS_COLUMNS.find((each) => each.name === name.toUpperCase());
    return (
      column ??
      fail(
        `unknown column: ${name}`,
        closest(
          name,
          LS_COLUMNS.map((each) => each.name),
        ),
      )
    );
  });
}

function usualColumns(options: LsOptions): string[] {
  if (options.operands.length > 0) return ['PID', 'PPID', 'USER', 'COMMAND'];
  const net = options.all('type').some((list) => list.split(',').includes('net'));
  const extra = net ? ['NETNSID', 'NSFS'] : [];
  const last = options.has('persistent') ? ['KEPT-BY'] : ['COMMAND'];
  return ['NS', 'TYPE', 'NPROCS', 'PID', 'USER', ...extra, ...last];
}

function numberOf(text: string, what: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : fail(`invalid ${what} argument: '${text}'`);
}

function fail(problem: string, suggestion?: string): never {
  throw new UsageError(problem, { command: COMMAND, suggestion });
}
