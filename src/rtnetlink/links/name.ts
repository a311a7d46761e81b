import { SpecError } from '../../foundation/errors.js';

/** What dev_valid_name() of the kernel takes. */
const isName = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^[^\s/:\0]+$/.test(value) &&
  value !== '.' &&
  value !== '..' &&
  Buffer.byteLength(value) <= 15;

/** The kernel would put a number in the place of `%d`, and has `all` and `default` for all links below /proc/sys/net. */
export const isNewName = (value: unknown): value is string =>
  isName(value) && !value.includes('%') && value !== 'all' && value !== 'default';

/** For a link that is there. Throws SpecError. */
export function checkName(value: unknown, name: string): string {
  if (isName(value)) return value;
  throw new SpecError(
    name,
    `${JSON.stringify(value)} cannot be the name of a link: 1 to 15 bytes, without "/", ":" and white space`,
  );
}

/** For a name that a link is to get. Throws SpecError. */
export function checkNewName(value: unknown, name: string): string {
  const checked = checkName(value, name);
  if (isNewName(checked)) return checked;
  throw new SpecError(
    name,
    `${JSON.stringify(value)} cannot be the name of a link: the kernel replaces "%", and "all" and "default" mean all links`,
  );
}
