import { encodeText } from './byte-text.js';

/** Text of which nothing is left that a terminal would obey: each control character is its bytes, `\x1b`, as is what is no UTF-8. */
export function escapeControls(text: string): string {
  return PRINTABLE.test(text) ? text : text.replace(CONTROL, escapeBytes);
}

export function escapeBytes(text: string): string {
  return [...encodeText(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** Most texts. */
const PRINTABLE = /^[\x20-\x7e]*$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\udc80-\udcff]/gu;
