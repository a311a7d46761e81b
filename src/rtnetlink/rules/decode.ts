import type { IpFamily } from '../../foundation/ip.js';
import { attributesOf, trueFlags } from '../../netlink/body.js';
import type { NetlinkMessage } from '../../netlink/message.js';
import { checkedLength, familyName } from '../addresses/decode.js';
import { RTM } from '../constants.js';
import { ipTextOf, nameOf, readFields } from '../fields.js';
import { FIB_RULE_INVERT, FRA, RULE, RULE_ACTIONS, type RuleAction, type RuleOptions } from './encode.js';

/** struct fib_rule_hdr. */
const HEADER = 12;
const FLAGS = {
  permanent: 1,
  not: FIB_RULE_INVERT,
  unresolved: 4,
  inputDetached: 8,
  outputDetached: 16,
} as const;

/** A rule as the kernel has it. */
export interface Rule extends Partial<RuleOptions> {
  readonly family: IpFamily;
  readonly priority: number;
  readonly action: RuleAction;
  readonly table?: number;
  readonly from?: string;
  readonly fromLength?: number;
  readonly to?: string;
  readonly toLength?: number;
  readonly tos?: number;
  readonly not?: true;
  readonly permanent?: true;
  /** Its goto leads to no rule. */
  readonly unresolved?: true;
  /** There is no link of its name. */
  readonly inputDetached?: true;
  readonly outputDetached?: true;
}

/** Reads RTM_NEWRULE or RTM_DELRULE. Throws NetlinkDecodeError. */
export function decodeRule(message: NetlinkMessage): Rule {
  const attributes = attributesOf(message, [RTM.NEWRULE, RTM.DELRULE], HEADER);
  const { body } = message;
  const family = familyName(body.readUInt8(0));
  const from = attributes.bytes(FRA.SRC);
  const to = attributes.bytes(FRA.DST);
  const tos = body.readUInt8(3);
  const table = attributes.u32(FRA.TABLE) ?? body.readUInt8(4);
  return {
    family,
    priority: 0,
    action: nameOf(RULE_ACTIONS, body.readUInt8(7)),
    ...(table === 0 ? {} : { table }),
    ...(from === undefined
      ? {}
      : { from: ipTextOf(from, family), fromLength: checkedLength(body.readUInt8(2), family) }),
    ...(to === undefined
      ? {}
      : { to: ipTextOf(to, family), toLength: checkedLength(body.readUInt8(1), family) }),
    ...(tos === 0 ? {} : { tos }),
    ...readFields(attributes, RULE),
    ...trueFlags(body.readUInt32LE(8), FLAGS),
  };
}
