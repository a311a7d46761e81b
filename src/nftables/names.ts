import { SpecError } from '../foundation/errors.js';

/**
 * A name of a table, chain or set that nft(8) could type as well: the kernel itself takes anything of up to 255 bytes.
 *
 * @throws SpecError
 */
export function checkName(name: string, field: string): string {
  if (/^[A-Za-z_.][\w./-]{0,254}$/.test(name)) return name;
  throw new SpecError(
    field,
    `${JSON.stringify(name)} is no name: at most 255 letters, digits, _ . / and -, beginning with no digit`,
  );
}

/** Throws SpecError for what is no signed number of 32 bits. */
export function checkPriority(priority: number, field: string): void {
  if (!Number.isInteger(priority) || (priority | 0) !== priority)
    throw new SpecError(field, `must be a whole number of 32 bits, not ${priority}`);
}

/** What nft(8) takes for a comment. Throws SpecError. */
export function checkComment(comment: string | undefined, field: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (comment === undefined || (Buffer.byteLength(comment) < 128 && !/["\\\x00-\x1f\x7f]/.test(comment)))
    return;
  throw new SpecError(field, 'a comment has at most 127 bytes, no quotation mark and no control character');
}

/** As nft(8) keeps comments in what the kernel stores unread: type 0, length, text, NUL. */
export function commentBytes(comment: string): Uint8Array {
  const text = Buffer.from(`${comment}\0`);
  return Buffer.concat([Buffer.from([0, text.length]), text]);
}

/** undefined where there is none; `type` is what the object has comments under. */
export function commentOf(userdata: Buffer | undefined, type = 0): string | undefined {
  if (userdata === undefined) return undefined;
  for (let at = 0; at + 2 <= userdata.length; ) {
    const size = userdata.readUInt8(at + 1);
    if (at + 2 + size > userdata.length) return undefined;
    if (userdata.readUInt8(at) === type)
      return userdata.toString('utf8', at + 2, at + 2 + size).replace(/\0.*$/s, '');
    at += 2 + size;
  }
  return undefined;
}
