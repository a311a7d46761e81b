/** The first few, and how many more there are. One more is as short as saying so. */
export function few<Item>(items: readonly Item[], most: number): { shown: readonly Item[]; more: number } {
  const shown = items.length === most + 1 ? items : items.slice(0, most);
  return { shown, more: items.length - shown.length };
}

export function fewWords(words: readonly string[], most: number, what: string): string[] {
  const { shown, more } = few(words, most);
  return more === 0 ? [...shown] : [...shown, `and ${more} more ${what}`];
}

const MOST_LETTERS = 90;

/** A line that does not make everything wide. */
export function shortened(words: string): string {
  const letters = [...words];
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS - 1).join('')}…` : words;
}

/**
 * Names without anything that a terminal or a browser would obey, or that turns the direction of writing: `\u{1b}`. The kernel
 * allows nearly everything in the name of a link.
 */
export function plain(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`);
}
