import type { Figure, Table, Verdict } from './figures.js';
import { judge, median, quantile } from './figures.js';

const HEAD = ['what', 'p10', 'median', 'p90', 'beside', 'ratio', 'target', ''];
const TEXT_COLUMNS = new Set([0, 4, 6, 7]);

/** The table as text, columns aligned. */
export function printTable(table: Table): string {
  const rows = [HEAD, ...table.figures.flatMap((figure) => rowsOf(figure, table))];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `  ${alignRow(row, widths)}`.trimEnd());
  const skipped = (table.skipped ?? []).map(({ what, reason }) => `  ${what}: skipped, ${reason}`);
  return [`${table.title} [${table.unit}]`, ...lines, ...skipped, ''].join('\n');
}

function rowsOf(figure: Figure, table: Table): string[][] {
  const numbers = [quantile(figure.samples, 0.1), median(figure.samples), quantile(figure.samples, 0.9)];
  const verdicts = judge(figure, table);
  const first = [figure.what, ...numbers.map(printNumber)];
  if (verdicts.length === 0) return [first];
  return verdicts.map((verdict, i) => [...(i === 0 ? first : ['', '', '', '']), ...printVerdict(verdict)]);
}

function printVerdict({ target, ratio, met }: Verdict): string[] {
  const shown = [target.of ?? '', ratio === undefined ? '' : ratio.toFixed(2), target.text];
  if (target.text === '') return [...shown, ''];
  if (met === undefined) return [...shown, 'not measured'];
  return [...shown, met ? 'ok' : 'missed'];
}

/** Three or four digits that count. */
function printNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 2 : value >= 0.1 ? 3 : 4);
}

function alignRow(row: readonly string[], widths: readonly number[]): string {
  return widths
    .map((width, column) => {
      const cell = row[column] ?? '';
      return TEXT_COLUMNS.has(column) ? cell.padEnd(width) : cell.padStart(width);
    })
    .join('  ');
}
