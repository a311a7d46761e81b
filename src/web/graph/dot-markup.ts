/** What every picture in Graphviz's language has in common. */

/** What HTML changes in the dark, by these exact values. */
export const SURFACES = {
  page: '#ffffff',
  box: '#fdfdfd',
  user: '#f3f4f6',
  line: '#6b7280',
  dim: '#71767d',
  bad: '#c92a2a',
} as const;
/** Graphviz knows its widths; a reader without it may have a wider one, for which there is room. */
export const FONT = 'Arial';
/** Of the legend. */
const LEGEND_SIZE = 11;
export const INK = '#1a1a1a';
/** Of the font's size, as DejaVu Sans has it, which is wide. */
const LETTER_WIDTH = 0.6;
const BOLD_LETTER_WIDTH = 0.7;

/** In points, so that a wider font than Graphviz counts with does not run out of its box, nor into the next. */
export function roomFor(words: string, { size = 10, bold = false } = {}): number {
  const letter = size * (bold ? BOLD_LETTER_WIDTH : LETTER_WIDTH);
  return Math.ceil([...words].length * letter) + 6;
}

/** Text of an HTML-like label, in which `\N` would be the name of the node. */
export function text(words: string, color?: string): string {
  const escaped = words
    .replaceAll('\\', '\\\\')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  // Graphviz refuses a FONT around nothing.
  return color === undefined || words === '' ? escaped : `<FONT COLOR="${color}">${escaped}</FONT>`;
}

/** A cell of the legend. */
export function legendCell(words: string, color?: string): string {
  const look = color === undefined ? '' : ` BGCOLOR="${color}"`;
  const width = roomFor(words, { size: LEGEND_SIZE });
  return `<TD WIDTH="${width}"${look}>${text(words, color === undefined ? undefined : INK)}</TD>`;
}
