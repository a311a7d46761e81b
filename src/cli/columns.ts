/** Rows in columns as libsmartcols prints them: a table, raw words, JSON; each flat or as a tree. */

import { escapeBytes, escapeControls } from '../foundation/control-characters.js';

/** Undefined is an empty cell, and null in JSON. */
export type Cell = string | number | undefined;

export interface Column {
  readonly name: string;
  readonly right?: boolean;
  /** Its cells are numbers, also in a filter. */
  readonly numeric?: boolean;
  /** Cut first when the terminal is too narrow. */
  readonly shrinks?: boolean;
  /** A newline divides its cells into lines. */
  readonly lines?: boolean;
}

/** A row and the rows below it in the tree. */
export interface Line {
  readonly cells: readonly Cell[];
  readonly children: Line[];
}

export interface Layout {
  readonly columns: readonly Column[];
  readonly headings: boolean;
  /** The name of the column that shows the tree; none for a flat list. */
  readonly tree?: string | undefined;
  /** The width that a line must not exceed. */
  readonly width?: number | undefined;
  /** Several lines of a cell become one, with commas. */
  readonly flat: boolean;
  /** Draw the tree in ASCII. */
  readonly ascii: boolean;
}

const UTF8 = { more: '├─', last: '└─', through: '│ ', none: '  ' };
const ASCII = { more: '|-', last: '`-', through: '| ', none: '  ' };

/** Columns aligned, with a heading unless there is nothing to show. */
export function renderTable(lines: readonly Line[], layout: Layout): string {
  const rows = textRows(
    lines,
    layout,
    (branch, cell, isList) => branch + printable(cell, { isList, flat: layout.flat }),
  );
  if (rows.length === 0) return '';
  if (layout.headings) rows.unshift(layout.columns.map(({ name }) => name));
  const widths = fit(
    layout,
    layout.columns.map((_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? '')))),
  );
  return rows.flatMap((row) => alignRow(row, { layout, widths })).join('');
}

/** What stands for a cell: behind the branch that leads to it, in the column that shows the tree. */
type CellText = (branch: string, cell: Cell, isList: boolean) => string;

function textRows(lines: readonly Line[], layout: Layout, textOf: CellText): string[][] {
  const glyphs = layout.ascii ? ASCII : UTF8;
  const rows: string[][] = [];
  const walk = (level: readonly Line[], before: string, top: boolean): void => {
    for (const [i, line] of level.entries()) {
      const isLast = i === level.length - 1;
      const own = top ? '' : before + (isLast ? glyphs.last : glyphs.more);
      rows.push(
        line.cells.map((cell, column) => {
          const isTree = layout.columns[column]?.name === layout.tree;
          const isList = layout.columns[column]?.lines === true;
          return textOf(isTree ? own : '', cell, isList);
        }),
      );
      walk(line.children, top ? '' : before + (isLast ? glyphs.none : glyphs.through), false);
    }
  };
  walk(lines, '', true);
  return rows;
}

/** A cell of which nothing is left that a terminal would obey, but newlines where they divide it. */
function printable(cell: Cell, { isList, flat }: { isList: boolean; flat: boolean }): string {
  const text = cell === undefined ? '' : String(cell);
  const lines = isList ? text.split('\n') : [text];
  return lines.map(escapeControls).join(flat ? ',' : '\n');
}

/** Most cells: a letter of them is a place of the terminal. */
const PLAIN = /^[\x20-\x7e]*$/;

const widthOf = (text: string): number =>
  PLAIN.test(text) ? text.length : Math.max(...text.split('\n').map((line) => [...line].length));

/** Takes what a line is too wide from the columns that may shrink, the widest first. */
function fit({ columns, width }: Layout, widths: number[]): number[] {
  if (width === undefined) return widths;
  let excess = widths.reduce((sum, each) => sum + each + 1, -1) - width;
  while (excess > 0) {
    const [widest, second = 0] = columns
      .flatMap(({ shrinks, name }, i) => (shrinks && (widths[i] ?? 0) > name.length ? [i] : []))
      .sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (widest === undefined) break;
    const floor = Math.max(columns[widest]?.name.length ?? 0, (widths[second] ?? 0) - 1);
    const cut = Math.min(excess, Math.max(1, (widths[widest] ?? 0) - floor));
    widths[widest] = (widths[widest] ?? 0) - cut;
    excess -= cut;
  }
  return widths;
}

function alignRow(
  row: readonly string[],
  { layout, widths }: { layout: Layout; widths: readonly number[] },
): string[] {
  const cells = row.map((cell) => cell.split('\n'));
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, i) => {
    const parts = cells.map((lines, column) => {
      const width = widths[column] ?? 0;
      const text = cut(lines[i] ?? '', width);
      const { right, name } = layout.columns[column] ?? { name: '' };
      const padding = ' '.repeat(width - widthOf(text));
      if (right && name !== layout.tree) return padding + text;
      return column === row.length - 1 ? text : text + padding;
    });
    return `${parts.join(' ')}\n`;
  });
}

const cut = (text: string, width: number): string =>
  widthOf(text) <= width ? text : [...text].slice(0, width).join('');

/** Words divided by single spaces; whatever is in a word that could be taken for a space is written as bytes. */
export function renderRaw(lines: readonly Line[], layout: Layout): string {
  const rows = textRows(lines, layout, rawWord);
  if (rows.length > 0 && layout.headings) rows.unshift(layout.columns.map(({ name }) => name));
  return rows.map((row) => `${row.join(' ')}\n`).join('');
}

function rawWord(branch: string, cell: Cell, isList: boolean): string {
  const all = String(cell ?? '');
  const text = isList ? all.replaceAll('\n', ',') : all;
  return (branch + text).replace(/[^\x21-\x5b\x5d-\x7e]/gu, escapeBytes);
}

/** JSON in lsns(8)'s shape: `{"namespaces": [{"ns": 1, …, "children": […]}]}`. */
export function renderJson(lines: readonly Line[], columns: readonly Column[]): string {
  return `{\n   "namespaces": ${jsonList(lines, columns, 1)}\n}\n`;
}

const indent = (depth: number): string => '   '.repeat(depth);

function jsonList(lines: readonly Line[], columns: readonly Column[], depth: number): string {
  if (lines.length === 0) return `[\n\n${indent(depth)}]`;
  const objects = lines.map((line) => {
    const fields = columns.map(
      ({ name }, i) => `"${name.toLowerCase()}": ${JSON.stringify(line.cells[i] ?? null)}`,
    );
    if (line.children.length > 0) fields.push(`"children": ${jsonList(line.children, columns, depth + 2)}`);
    return `{\n${fields.map((field) => indent(depth + 2) + field).join(',\n')}\n${indent(depth + 1)}}`;
  });
  return `[\n${indent(depth + 1)}${objects.join(',')}\n${indent(depth)}]`;
}
