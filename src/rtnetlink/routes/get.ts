import { AttributeWriter } from '../../netlink/attribute-writer.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { AF, RTM } from '../constants.js';
import { checkBoolean, checkedIpBytes, checkIndex, checkInteger, checkNames } from '../fields.js';
import { ofFamily, RTA } from './encode.js';

/** What is to be sent somewhere. */
export interface RouteQuestion {
  readonly destination: string;
  /** The address it is sent from. */
  readonly from?: string | undefined;
  readonly mark?: number | undefined;
  readonly tos?: number | undefined;
  /** The user that sends it. */
  readonly uid?: number | undefined;
  /** It comes in by this link instead of being sent from here. By interface index, as the next one. */
  readonly inputLink?: number | undefined;
  /** The link that the socket is bound to. */
  readonly outputLink?: number | undefined;
  /** Ask for the route in the table instead of what is made of it. */
  readonly fibMatch?: boolean | undefined;
}

const NAMES = ['destination', 'from', 'mark', 'tos', 'uid', 'inputLink', 'outputLink', 'fibMatch'];
const RTM_F = { LOOKUP_TABLE: 0x1000, FIB_MATCH: 0x2000 } as const;

/** Asks which way something would take: `ip route get`. Throws SpecError. */
export function getRoute(question: RouteQuestion): NetlinkRequest {
  checkNames(question, NAMES, '');
  const { destination, from, mark, tos, uid, inputLink, outputLink } = question;
  const to = checkedIpBytes(destination, 'destination');
  const header = Buffer.alloc(12);
  header.writeUInt8(to.length === 4 ? AF.INET : AF.INET6, 0);
  header.writeUInt8(8 * to.length, 1);
  header.writeUInt8(from === undefined ? 0 : 8 * to.length, 2);
  header.writeUInt8(checkInteger(tos ?? 0, 0xff, 'tos'), 3);
  const match = checkBoolean(question.fibMatch ?? false, 'fibMatch');
  const lookup = to.length === 4 ? RTM_F.LOOKUP_TABLE : 0; // IPv6 says the table anyway
  header.writeUInt32LE(lookup | (match ? RTM_F.FIB_MATCH : 0), 8);
  const writer = new AttributeWriter().raw(header).bytesOf(RTA.DST, to);
  if (from !== undefined) writer.bytesOf(RTA.SRC, ofFamily(from, to.length, 'from'));
  if (inputLink !== undefined) writer.u32(RTA.IIF, checkIndex(inputLink, 'inputLink'));
  if (outputLink !== undefined) writer.u32(RTA.OIF, checkIndex(outputLink, 'outputLink'));
  if (mark !== undefined) writer.u32(RTA.MARK, checkInteger(mark, 0xffffffff, 'mark'));
  if (uid !== undefined) writer.u32(RTA.UID, checkInteger(uid, 0xfffffffe, 'uid'));
  return {
    type: RTM.GETROUTE,
    flags: 0,
    body: writer.bytes,
    what: `get the route to ${destination}`,
    remedies: { ENETUNREACH: 'There is no route to it' },
  };
}
