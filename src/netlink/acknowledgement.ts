import { errnoName } from '../syscalls/errno.js';
import { aligned } from './attribute-writer.js';
import { Attributes } from './attributes.js';
import { NLM_F, NLMSG, NLMSGERR } from './constants.js';
import { NetlinkDecodeError, NetlinkError } from './errors.js';
import { HEADER_SIZE, type NetlinkMessage, type NetlinkRequest } from './message.js';

/** What NLMSG_ERROR or NLMSG_DONE says. */
export interface Acknowledgement {
  /** The errno's name; undefined when it worked. */
  readonly errno?: string;
  readonly kernelMessage?: string;
}

/** Reads struct nlmsgerr, or what NLMSG_DONE has of it, and the extended acknowledgement behind it. Throws NetlinkDecodeError. */
export function acknowledgementOf(message: NetlinkMessage): Acknowledgement {
  const { body, type, flags } = message;
  if (body.length < 4) {
    if (type === NLMSG.DONE) return {}; // some dumps end without a status
    throw new NetlinkDecodeError(`an acknowledgement of ${body.length} bytes`);
  }
  const status = body.readInt32LE(0);
  if (status >= 0) return {};
  const attributes = flags & NLM_F.ACK_TLVS ? new Attributes(body, detailsAt(message)) : undefined;
  const kernelMessage = attributes?.text(NLMSGERR.MSG);
  return { errno: errnoName(-status), ...(kernelMessage === undefined ? {} : { kernelMessage }) };
}

/** Behind the status, and in NLMSG_ERROR behind the request's header and, unless it was capped, its body. */
function detailsAt({ body, type, flags }: NetlinkMessage): number {
  if (type === NLMSG.DONE) return 4;
  if (body.length < 4 + HEADER_SIZE) throw new NetlinkDecodeError(`an error of ${body.length} bytes`);
  const request = flags & NLM_F.CAPPED ? HEADER_SIZE : body.readUInt32LE(4);
  if (request > body.length - 4)
    throw new NetlinkDecodeError(`an error about ${request} bytes that has ${body.length}`);
  return aligned(4 + request);
}

const REMEDIES: Readonly<Record<string, string>> = {
  EPERM: 'It takes CAP_NET_ADMIN in the user namespace that owns the network namespace',
};

export function errorOf(
  request: NetlinkRequest,
  { errno = '', kernelMessage }: Acknowledgement,
): NetlinkError {
  const { remedies } = request;
  const own = remedies?.[kernelMessage ?? errno] ?? remedies?.[errno];
  const remedy = own ?? REMEDIES[errno];
  return new NetlinkError(request.what, errno, {
    ...(kernelMessage === undefined ? {} : { kernelMessage }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}
