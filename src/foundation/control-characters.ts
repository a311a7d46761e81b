/** Text of which nothing is left that a terminal would obey: each control character is its bytes, `\x1b`. */
export function escapeControls(text: string): string {
  return PRINTABLE.test(text) ? text : text.replace(CONTROL, escapeBytes);
}

export function escapeBytes(text: string): string {
  return [...Buffer.from(text, 'utf8')].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Most texts. */
const PRINTABLE = /^[\x20-\x7e]*$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;
