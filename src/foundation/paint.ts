/** A text between the SGR of console_codes(4) that is asked for and the one that ends it; nothing for no text, or without colour. */
export const paint = (text: string, code: string, isColored: boolean): string =>
  isColored && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
