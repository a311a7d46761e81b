/** Requests that make and remove routing rules; linux/fib_rules.h. */
import { SpecError } from '../../foundation/errors.js';
import type { IpFamily } from '../../foundation/ip.js';
import { AttributeWriter } from '../../netlink/attribute-writer.js';
import { NLM_F } from '../../netlink/constants.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { AF, RTM } from '../constants.js';
import {
  bool,
  checkBoolean,
  checkedIpBytes,
  checkInteger,
  checkNames,
  type Field,
  type Fields,
  type Named,
  named,
  numberOf,
  text,
  u8,
  u32,
  writeFields,
} from '../fields.js';
import { ROUTE_PROTOCOLS, type RouteProtocol, type RouteTable, TABLES } from '../scopes.js';

/** FR_ACT_*: what becomes of what the rule is for. */
export const RULE_ACTIONS = { table: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
/** FR_ACT_* of linux/fib_rules.h: what a rule does with packets that it is for. */
export type RuleAction = Named<typeof RULE_ACTIONS>;

/** From the first to the last, both included. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** What a rule has in attributes of their own. */
export interface RuleOptions {
  /** The name of the link that packets come in by; of what is sent from here it is lo. */
  readonly inputLink: string;
  /** The name of the link that the sending socket is bound to. */
  readonly outputLink: string;
  readonly fwmark: number;
  /** The bits of the mark that count. Default all. */
  readonly fwmask: number;
  /** The number of an IP protocol: 6 for TCP, 17 for UDP. */
  readonly ipProtocol: number;
  readonly sourcePorts: NumberRange;
  readonly destinationPorts: NumberRange;
  /** Users, of sockets here. */
  readonly uids: NumberRange;
  /** Routes that are less specific than one of this length do not count. */
  readonly suppressPrefixLength: number;
  /** Routes by a link of this group do not count. */
  readonly suppressGroup: number;
  readonly protocol: RouteProtocol;
  /** Routing realms: 16 bits of source, 16 of destination. */
  readonly realms: number;
  readonly tunnelId: bigint;
  /** With action goto: the priority of the rule to go on with. */
  readonly target: number;
  /** Rules are looked at from the smallest up. Default one less than the smallest but 0 that there is. */
  readonly priority: number;
  /** The table of the VRF that the packet belongs to. */
  readonly l3mdev: boolean;
}

/** A rule that says which table is asked for a route; see ip-rule(8). */
export interface RuleSpec
  extends Partial<{ readonly [Name in keyof RuleOptions]: RuleOptions[Name] | undefined }> {
  /** Needed where no address says it. Default inet. */
  readonly family?: IpFamily | undefined;
  readonly from?: string | undefined;
  /** Default all bits. */
  readonly fromLength?: number | undefined;
  readonly to?: string | undefined;
  readonly toLength?: number | undefined;
  readonly tos?: number | undefined;
  /** For all that the rest does not fit. */
  readonly not?: boolean | undefined;
  /** Default table. */
  readonly action?: RuleAction | undefined;
  /** With action table. Default main. */
  readonly table?: RouteTable | undefined;
}

export const FRA = { DST: 1, SRC: 2, TABLE: 15 } as const;
export const FIB_RULE_INVERT = 2;

const portRange = (attribute: number, bytes: 4 | 8): Field<NumberRange> => ({
  write: (writer, value, path) => {
    const max = bytes === 4 ? 0xffff : 0xffffffff;
    const first = checkInteger(value.first, max, `${path}.first`);
    const last = checkInteger(value.last, max, `${path}.last`, first);
    const numbers = bytes === 4 ? new Uint16Array([first, last]) : new Uint32Array([first, last]);
    writer.bytesOf(attribute, new Uint8Array(numbers.buffer));
  },
  read: (attributes) => {
    const range = attributes.bytes(attribute, bytes);
    if (range === undefined) return undefined;
    return bytes === 4
      ? { first: range.readUInt16LE(0), last: range.readUInt16LE(2) }
      : { first: range.readUInt32LE(0), last: range.readUInt32LE(4) };
  },
});

const tunnelId: Field<bigint> = {
  write: (writer, value, name) => {
    if (typeof value !== 'bigint' || value < 0n || value >= 1n << 64n)
      throw new SpecError(name, `${value} is not a bigint of 64 bits`);
    writer.be64(12, value);
  },
  read: (attributes) => attributes.be64(12),
};

/** The kernel says -1 where nothing is suppressed. */
const suppression = (attribute: number): Field<number> => ({
  ...u32(attribute),
  read: (attributes) => {
    const value = attributes.s32(attribute);
    return value === undefined || value < 0 ? undefined : value;
  },
});

export const RULE: Fields<RuleOptions> = {
  inputLink: text(3, 15),
  outputLink: text(17, 15),
  fwmark: u32(10),
  fwmask: u32(16),
  ipProtocol: u8(22),
  sourcePorts: portRange(23, 4),
  destinationPorts: portRange(24, 4),
  uids: portRange(20, 8),
  suppressPrefixLength: suppression(14),
  suppressGroup: suppression(13),
  protocol: named('u8', 21, ROUTE_PROTOCOLS),
  realms: u32(11),
  tunnelId,
  l3mdev: bool(19),
  target: u32(4),
  priority: u32(6),
};

const OPTIONS = Object.keys(RULE) as (keyof RuleOptions)[];
const SPEC = [
  ...['family', 'from', 'fromLength', 'to', 'toLength', 'tos', 'not', 'action', 'table'],
  ...OPTIONS,
];

/** What a listed rule says beside: it does not name it. */
const SAID = ['permanent', 'unresolved', 'inputDetached', 'outputDetached'];

/** Makes a rule: `ip rule add`. Throws SpecError. */
export function addRule(spec: RuleSpec): NetlinkRequest {
  const action = numberOf(RULE_ACTIONS, spec.action ?? 'table', 0xff, 'action');
  const table = action === RULE_ACTIONS.table && spec.l3mdev !== true ? 'main' : 0;
  return {
    type: RTM.NEWRULE,
    flags: NLM_F.CREATE | NLM_F.EXCL,
    body: ruleBody(spec, action, table),
    what: `add ${textOf(spec)}`,
    remedies: { EEXIST: 'There is such a rule already' },
  };
}

/** Removes the first rule that has all that is said: `ip rule delete`. Throws SpecError. */
export function removeRule(target: RuleSpec): NetlinkRequest {
  const action = target.action === undefined ? 0 : numberOf(RULE_ACTIONS, target.action, 0xff, 'action');
  return {
    type: RTM.DELRULE,
    flags: 0,
    body: ruleBody(target, action, 0, [...SPEC, ...SAID]),
    what: `remove ${textOf(target)}`,
    remedies: { ENOENT: 'There is no such rule' },
  };
}

function ruleBody(
  spec: RuleSpec,
  action: number,
  defaultTable: RouteTable,
  names: readonly string[] = SPEC,
): Uint8Array {
  checkNames(spec, names, '');
  const from = spec.from === undefined ? undefined : checkedIpBytes(spec.from, 'from');
  const to = spec.to === undefined ? undefined : checkedIpBytes(spec.to, 'to');
  const table = numberOf(TABLES, spec.table ?? defaultTable, 0xffffffff, 'table');
  const writer = new AttributeWriter().raw(ruleHeader(spec, { from, to, action, table }));
  if (from !== undefined) writer.bytesOf(FRA.SRC, from);
  if (to !== undefined) writer.bytesOf(FRA.DST, to);
  if (table > 0xff) writer.u32(FRA.TABLE, table);
  const there = OPTIONS.filter((name) => spec[name] !== undefined);
  writeFields(writer, RULE, Object.fromEntries(there.map((name) => [name, spec[name]])));
  return writer.bytes;
}

interface RuleParts {
  readonly from: Uint8Array | undefined;
  readonly to: Uint8Array | undefined;
  readonly action: number;
  readonly table: number;
}

/** struct fib_rule_hdr. */
function ruleHeader(spec: RuleSpec, { from, to, action, table }: RuleParts): Buffer {
  const size = familySize(spec, from, to);
  const header = Buffer.alloc(12);
  header.writeUInt8(size === 4 ? AF.INET : AF.INET6, 0);
  header.writeUInt8(prefixLength(to, spec.toLength, size, 'to'), 1);
  header.writeUInt8(prefixLength(from, spec.fromLength, size, 'from'), 2);
  header.writeUInt8(checkInteger(spec.tos ?? 0, 0xff, 'tos'), 3);
  header.writeUInt8(table > 0xff ? 0 : table, 4);
  header.writeUInt8(action, 7);
  header.writeUInt32LE(checkBoolean(spec.not ?? false, 'not') ? FIB_RULE_INVERT : 0, 8);
  return header;
}

function familySize(spec: RuleSpec, ...addresses: (Uint8Array | undefined)[]): number {
  if (spec.family !== undefined && spec.family !== 'inet' && spec.family !== 'inet6')
    throw new SpecError('family', `${JSON.stringify(spec.family)} is neither inet nor inet6`);
  const said = spec.family && (spec.family === 'inet' ? 4 : 16);
  return said ?? addresses.find((address) => address !== undefined)?.length ?? 4;
}

function prefixLength(
  address: Uint8Array | undefined,
  length: number | undefined,
  size: number,
  name: string,
): number {
  if (address === undefined && length !== undefined && length !== 0)
    throw new SpecError(`${name}Length`, 'is there without an address');
  if (address === undefined) return 0;
  if (address.length !== size)
    throw new SpecError(name, `is not of the family ${size === 4 ? 'inet' : 'inet6'}`);
  return checkInteger(length ?? 8 * size, 8 * size, `${name}Length`);
}

function textOf({ priority, from, to, table, action }: RuleSpec): string {
  const words = [
    ...['rule', priority, from && `from ${from}`, to && `to ${to}`, action],
    table && `table ${table}`,
  ];
  return words.filter((word) => word !== undefined && word !== '').join(' ');
}
