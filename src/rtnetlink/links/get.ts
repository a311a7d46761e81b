import { AttributeWriter } from '../../netlink/attribute-writer.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import { IFLA, IFLA_INFO, RTM } from '../constants.js';
import { checkIndex, checkText } from '../fields.js';
import type { LinkTarget } from './spec.js';
import { writeTarget } from './write.js';

/** Asks for one link: `ip link show dev`. Throws SpecError. */
export function getLink(target: LinkTarget): NetlinkRequest {
  const header = Buffer.alloc(16);
  if (typeof target !== 'string') header.writeInt32LE(checkIndex(target, 'link'), 4);
  const writer = new AttributeWriter().raw(header);
  writeTarget(writer, target);
  const remedies = { ENODEV: 'There is no such link' };
  return { type: RTM.GETLINK, flags: 0, body: writer.bytes, what: `get link ${target}`, remedies };
}

/** Which links to list. Default all. */
export interface LinkFilter {
  /** Only the ports of this one, by interface index. */
  readonly master?: number | undefined;
  readonly kind?: string | undefined;
}

/** Asks for all links, of which the kernel gives those that fit: `ip link show`. Throws SpecError. */
export function listLinks({ master, kind }: LinkFilter): NetlinkRequest {
  const writer = new AttributeWriter().raw(Buffer.alloc(16));
  if (master !== undefined) writer.u32(IFLA.MASTER, checkIndex(master, 'master'));
  if (kind !== undefined)
    writer.nest(IFLA.LINKINFO, (info) => info.text(IFLA_INFO.KIND, checkText(kind, 55, 'kind')));
  return { type: RTM.GETLINK, flags: 0, body: writer.bytes, what: 'list links' };
}
