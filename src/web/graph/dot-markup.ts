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
export const INK = '#1a1a1a';
const LETTER_WIDTH = 6;

/** So that a wider font than Graphviz counts with does not run out of its box. */
export const roomFor = (words: string): number => [...words].length * LETTER_WIDTH + 6;

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

/** A string of the language. */
export const quote = (words: string): string => `"${words.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
