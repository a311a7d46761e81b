/** Text and bytes as string literals of C, which are strace's too, and as words of sh(1). */
import { encodeText } from '../../foundation/byte-text.js';

const SHORT: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

export const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? encodeText(text) : text;

/** `"…"` with escapes; of more than `limit` bytes the first ones and `...`, as strace marks it. */
export function quoteC(text: string | Uint8Array, limit = Number.POSITIVE_INFINITY): string {
  const bytes = bytesOf(text);
  const shown = bytes.length > limit ? bytes.subarray(0, limit) : bytes;
  let quoted = '';
  for (const [index, byte] of shown.entries()) quoted += SHORT[byte] ?? letter(byte, shown[index + 1]);
  return `"${quoted}"${shown.length < bytes.length ? '...' : ''}`;
}

/** Octal, as short as it can be without taking in the digit that follows. */
function letter(byte: number, next: number | undefined): string {
  if (byte >= 32 && byte < 127) return String.fromCharCode(byte);
  const digitFollows = next !== undefined && next >= 48 && next <= 57;
  return `\\${byte.toString(8).padStart(digitFollows ? 3 : 1, '0')}`;
}

/** A word that sh(1) takes as it is. */
export function quoteShell(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command line; a first word such as `A=b` would be taken for an assignment, so it is quoted. */
export function quoteCommand(argv: readonly string[]): string {
  return argv
    .map((word, i) =>
      i === 0 && word.includes('=') ? `'${word.replaceAll("'", "'\\''")}'` : quoteShell(word),
    )
    .join(' ');
}
