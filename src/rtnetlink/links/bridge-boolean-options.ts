import { checkBoolean, checkNames, type Field, join, type Some } from '../fields.js';

/** Options of a bridge that the kernel keeps as bits of one number: BR_BOOLOPT_* of linux/if_bridge.h. */
export interface BooleanOptions {
  /** Do not learn addresses from link-local frames. */
  readonly noLinkLocalLearn: boolean;
  /** Snoop on multicast in each VLAN by itself. Since Linux 5.15. */
  readonly multicastVlanSnooping: boolean;
}

const BITS: Readonly<Record<keyof BooleanOptions, number>> = {
  noLinkLocalLearn: 0,
  multicastVlanSnooping: 1,
};
const NAMES = Object.keys(BITS) as (keyof BooleanOptions)[];

/** struct br_boolopt_multi: the values and which of them count. */
export const booleanOptions = (attribute: number): Field<Some<BooleanOptions>> => ({
  write: (writer, value, path) => {
    checkNames(value, NAMES, path);
    const bytes = new Uint32Array(2);
    for (const name of NAMES) {
      if (value[name] === undefined) continue;
      const bit = 1 << BITS[name];
      bytes[0] = (bytes[0] as number) | (checkBoolean(value[name], join(path, name)) ? bit : 0);
      bytes[1] = (bytes[1] as number) | bit;
    }
    writer.bytesOf(attribute, new Uint8Array(bytes.buffer));
  },
  read: (attributes) => {
    const bytes = attributes.bytes(attribute, 8);
    if (bytes === undefined) return undefined;
    const [values, known] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
    const there = NAMES.filter((name) => known & (1 << BITS[name]));
    return Object.fromEntries(there.map((name) => [name, (values & (1 << BITS[name])) !== 0]));
  },
});
