/** Link-layer addresses as text. */
import { SpecError } from '../foundation/errors.js';

/** The six bytes of `02:00:00:00:00:01`. Throws SpecError. */
export function macBytes(value: unknown, name: string): Uint8Array {
  if (typeof value !== 'string' || !/^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(value))
    throw new SpecError(name, `${JSON.stringify(value)} is not a link-layer address as 02:00:00:00:00:01`);
  return Buffer.from(value.replaceAll(':', ''), 'hex');
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** As ip-link(8) prints it; of tunnels it has other lengths than six. */
export function macText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += text === '' ? HEX[byte] : `:${HEX[byte]}`;
  return text;
}
