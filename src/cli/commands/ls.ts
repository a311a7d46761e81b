import { Isol8Error } from '../../foundation/errors.js';
import type { ListedNamespace, NamespaceList } from '../../namespaces/list/namespace.js';
import { ProcessReader } from '../../namespaces/list/processes.js';
import { list } from '../../namespaces/list.js';
import { type Layout, type Line, renderJson, renderRaw, renderTable } from '../columns.js';
import { parseOptions } from '../getopt.js';
import { answersHelp } from '../help-option.js';
import { STDERR, STDOUT, terminalSize, write } from '../output.js';
import { LS_COLUMNS, type LsColumn, type Row } from './ls-columns.js';
import { flatLines, processLines, relationLines, withAncestors } from './ls-lines.js';
import { lsCommand } from './ls-options.js';
import { type LsOptions, type LsRequest, requestOf } from './ls-request.js';

/** isol8 ls. */
export async function ls(argv: readonly string[]): Promise<number> {
  const options = parseOptions(lsCommand, argv);
  if (await answersHelp(options, lsCommand)) return 0;
  if (options.has('version')) {
    const { VERSION } = await import('../version.js');
    write(STDOUT, `isol8 ls ${VERSION}\n`);
    return 0;
  }
  const request = requestOf(options);
  const draw = () => render(list(), request, options);
  if (options.has('watch')) {
    const { watch } = await import('./ls-watch.js');
    return watch(draw);
  }
  const { text, note } = draw();
  write(STDOUT, text);
  write(STDERR, note);
  return 0;
}

function render(
  found: NamespaceList,
  request: LsRequest,
  options: LsOptions,
): { text: string; note: string } {
  const lines =
    request.namespace === undefined ? namespaceLines(found, request) : memberLines(found, request);
  const layout = layoutOf(request, options);
  return { text: print(lines, layout, request.format), note: noteOn(found) };
}

function print(lines: readonly Line[], layout: Layout, format: LsRequest['format']): string {
  if (format === 'json') return renderJson(lines, layout.columns);
  return format === 'raw' ? renderRaw(lines, layout) : renderTable(lines, layout);
}

function noteOn({ unreadable }: NamespaceList): string {
  if (unreadable === 0) return '';
  const processes = unreadable === 1 ? '1 process' : `${unreadable} processes`;
  const remedy = process.getuid?.() === 0 ? '' : ' Root may see more.';
  return `isol8 ls: the namespaces of ${processes} may not be seen by this user.${remedy}\n`;
}

function layoutOf({ columns, relation }: LsRequest, options: LsOptions): Layout {
  const width = options.has('notruncate') ? undefined : terminalSize(STDOUT)?.columns || undefined;
  const locale = process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '';
  const tree = relation && (relation === 'process' || !hasColumn(columns, 'NS') ? 'COMMAND' : 'NS');
  return {
    columns,
    headings: !options.has('noheadings'),
    tree,
    width,
    flat: options.has('nowrap'),
    ascii: !/utf-?8/i.test(locale),
  };
}

const hasColumn = (columns: readonly LsColumn[], name: string): boolean =>
  columns.some((column) => column.name === name);

function namespaceLines({ namespaces }: NamespaceList, request: LsRequest): Line[] {
  const { columns, relation } = request;
  const chosen = namespaces.filter((namespace) => isChosen(namespace, request));
  const isRelated = relation === 'owner' || relation === 'parent';
  const isNarrowed = request.filter !== undefined || request.persistent || request.task !== undefined;
  const shown = isRelated && !isNarrowed ? withAncestors(chosen, namespaces, relation) : chosen;
  const rows = shown
    .map((namespace) => ({ namespace, process: namespace.representative }))
    .filter(passes(request));
  if (isRelated) return relationLines(rows, columns, relation);
  return relation && hasColumn(columns, 'COMMAND') ? processLines(rows, columns) : flatLines(rows, columns);
}

function isChosen(namespace: ListedNamespace, { kinds, task, persistent }: LsRequest): boolean {
  if (kinds.size > 0 && !kinds.has(namespace.kind)) return false;
  if (task !== undefined && !namespace.processes.includes(task)) return false;
  return !persistent || namespace.processes.length === 0;
}

function passes({ filter }: LsRequest): (row: Row) => boolean {
  if (filter === undefined) return () => true;
  return (row) => filter((name) => cellOf(row, name));
}

function cellOf(row: Row, name: string): string | number | undefined {
  return LS_COLUMNS.find((column) => column.name === name)?.value(row);
}

/** The processes of one namespace. */
function memberLines({ namespaces }: NamespaceList, request: LsRequest): Line[] {
  const namespace = namespaces.find(({ inode }) => inode === request.namespace);
  if (namespace === undefined) {
    throw new Isol8Error('ENOENT', `not found namespace: ${request.namespace}`);
  }
  const reader = new ProcessReader();
  const rows = namespace.processes
    .flatMap((pid) => reader.read(pid) ?? [])
    .map((process) => ({ namespace, process }))
    .filter(passes(request));
  return request.relation === undefined
    ? flatLines(rows, request.columns)
    : processLines(rows, request.columns);
}
