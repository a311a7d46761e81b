/** IFLA_VLAN_* of linux/if_link.h. */
import { SpecError } from '../../foundation/errors.js';
import {
  checkBoolean,
  checkInteger,
  checkNames,
  type Field,
  type Fields,
  join,
  named,
  type Some,
  u16,
} from '../fields.js';
import { VLAN_PROTOCOLS, type VlanProtocol } from './bridge.js';

/** VLAN_FLAG_* of linux/if_vlan.h. */
export interface VlanFlags {
  /** Default true. */
  readonly reorderHeader: boolean;
  readonly gvrp: boolean;
  readonly looseBinding: boolean;
  readonly mvrp: boolean;
  readonly bridgeBinding: boolean;
}

/** A priority inside the machine and the one of a frame's tag. */
export interface QosMapping {
  readonly from: number;
  readonly to: number;
}

/** A link for one VLAN of another; see ip-link(8), "VLAN Type Support". */
export interface VlanOptions {
  /** Default 802.1Q. */
  readonly protocol: VlanProtocol;
  /** 0 to 4094. */
  readonly id: number;
  readonly flags: Some<VlanFlags>;
  readonly ingressQos: readonly QosMapping[];
  readonly egressQos: readonly QosMapping[];
}

const BITS: Readonly<Record<keyof VlanFlags, number>> = {
  reorderHeader: 1,
  gvrp: 2,
  looseBinding: 4,
  mvrp: 8,
  bridgeBinding: 16,
};
const NAMES = Object.keys(BITS) as (keyof VlanFlags)[];

/** struct ifla_vlan_flags: the values and which of them count. */
const flags = (attribute: number): Field<Some<VlanFlags>> => ({
  write: (writer, value, path) => {
    checkNames(value, NAMES, path);
    let [set, counted] = [0, 0];
    for (const name of NAMES) {
      if (value[name] === undefined) continue;
      counted |= BITS[name];
      if (checkBoolean(value[name], join(path, name))) set |= BITS[name];
    }
    writer.bytesOf(attribute, new Uint8Array(new Uint32Array([set, counted]).buffer));
  },
  read: (attributes) => {
    const bits = attributes.bytes(attribute, 8)?.readUInt32LE(0);
    return bits === undefined
      ? undefined
      : Object.fromEntries(NAMES.map((name) => [name, (bits & BITS[name]) !== 0]));
  },
});

const IFLA_VLAN_QOS_MAPPING = 1;

const mappings = (attribute: number): Field<readonly QosMapping[]> => ({
  write: (writer, value, path) => {
    if (!Array.isArray(value)) throw new SpecError(path, 'must be an array');
    writer.nest(attribute, (list) => {
      for (const [i, { from, to }] of (value as readonly QosMapping[]).entries()) {
        const pair = [
          checkInteger(from, 0xffffffff, `${path}[${i}].from`),
          checkInteger(to, 0xffffffff, `${path}[${i}].to`),
        ];
        list.bytesOf(IFLA_VLAN_QOS_MAPPING, new Uint8Array(new Uint32Array(pair).buffer));
      }
    });
  },
  read: (attributes) =>
    attributes
      .nest(attribute)
      ?.entries()
      .filter(({ bytes }) => bytes.length === 8)
      .map(({ bytes }) => ({ from: bytes.readUInt32LE(0), to: bytes.readUInt32LE(4) })),
});

export const VLAN: Fields<VlanOptions> = {
  protocol: named('be16', 5, VLAN_PROTOCOLS),
  id: u16(1, 4094),
  egressQos: mappings(3),
  ingressQos: mappings(4),
  flags: flags(2),
};
