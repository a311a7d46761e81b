/**
 * Texts that carry bytes which are no UTF-8, as arguments, variables and paths of Linux may have them: such a byte is a lone
 * surrogate, U+DC80 to U+DCFF for 0x80 to 0xff, as in Python (PEP 383). What is UTF-8 is the text that it always was.
 */

/** What the runtimes put in the place of bytes that are no UTF-8. */
export const REPLACEMENT = '\uFFFD';

/** With the flag a low surrogate behind a high one is a part of that character, and not found. */
const CARRIED = /[\udc80-\udcff]/u;

export const carriesBytes = (text: string): boolean => CARRIED.test(text);

/** The text of these bytes. {@link encodeText} gives them back. */
export function decodeText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes(REPLACEMENT) ? bytes.toString('latin1').replace(PARTS, decodePart) : text;
}

/** The bytes of a text, which is UTF-8 but for those that it carries. */
export function encodeText(text: string): Buffer {
  if (!carriesBytes(text)) return Buffer.from(text, 'utf8');
  const parts = text.split(/([\udc80-\udcff])/u);
  return Buffer.concat(
    parts.map((part, i) =>
      i % 2 === 1 ? Buffer.of(part.charCodeAt(0) - CARRIER) : Buffer.from(part, 'utf8'),
    ),
  );
}

/** How many bytes {@link encodeText} gives. */
export const byteLength = (text: string): number =>
  carriesBytes(text) ? encodeText(text).length : Buffer.byteLength(text, 'utf8');

const CARRIER = 0xdc00;

/** Well-formed sequences of UTF-8 (table 3-7 of the Unicode standard), or a byte that begins none; a character for each byte. */
const PARTS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is a part of UTF-8
  /((?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+)|[\x80-\xff]/g;

const decodePart = (part: string, wellFormed: string | undefined): string =>
  wellFormed === undefined
    ? String.fromCharCode(CARRIER + part.charCodeAt(0))
    : Buffer.from(wellFormed, 'latin1').toString('utf8');
