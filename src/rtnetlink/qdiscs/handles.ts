/** The numbers of queueing disciplines and classes, as tc(8) writes them: `1:`, `1:10` in hexadecimal. */
import { SpecError } from '../../foundation/errors.js';

const ROOT = 0xffffffff;
/** Where the qdiscs ingress and clsact are. */
export const INGRESS = 0xfffffff1;

/** Of `root`, `1:` or `1:10`. Throws SpecError. */
export function handleNumber(value: unknown, name: string): number {
  if (value === 'root') return ROOT;
  const match = typeof value === 'string' ? /^([\da-f]{1,4}):([\da-f]{0,4})$/i.exec(value) : null;
  if (match === null)
    throw new SpecError(name, `${JSON.stringify(value)} is no handle as tc(8) has them: root, 1: or 1:10`);
  return Number.parseInt(match[1] as string, 16) * 0x10000 + Number.parseInt(match[2] || '0', 16);
}

export function handleText(handle: number): string {
  if (handle === ROOT) return 'root';
  const minor = handle & 0xffff;
  return `${(handle >>> 16).toString(16)}:${minor === 0 ? '' : minor.toString(16)}`;
}
