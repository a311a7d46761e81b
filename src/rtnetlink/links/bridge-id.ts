import type { Field } from '../fields.js';
import { macText } from '../mac.js';

/** struct ifla_bridge_id, which only the kernel writes. */
export const bridgeId = (attribute: number): Field<string> => ({
  write: () => {},
  read: (attributes) => {
    const bytes = attributes.bytes(attribute, 8);
    return bytes && `${bytes.readUInt16BE(0).toString(16).padStart(4, '0')}.${macText(bytes.subarray(2))}`;
  },
});
