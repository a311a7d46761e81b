import { SpecError } from '../../foundation/errors.js';

/** What dev_valid_name() of the kernel takes. Throws SpecError. */
export function checkName(value: unknown, name: string): string {
  const valid = typeof value === 'string' && /^[^\s/:\0]+$/.test(value) && value !== '.' && value !== '..';
  if (valid && Buffer.byteLength(value) <= 15) return value;
  throw new SpecError(
    name,
    `${JSON.stringify(value)} cannot be the name of a link: 1 to 15 bytes, without "/", ":" and white space`,
  );
}
