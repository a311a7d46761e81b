import type { IpFamily } from '../../foundation/ip.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import type { NetlinkSocket } from '../../netlink/socket.js';
import { AF, RTM } from '../constants.js';
import { checkIndex } from '../fields.js';
import { type Address, decodeAddress } from './decode.js';
import { type AddressSpec, type AddressTarget, addAddress, removeAddress, replaceAddress } from './encode.js';

/** Which addresses to list: those of a link, by interface index, and of a family. Default all. */
export interface AddressFilter {
  readonly link?: number | undefined;
  readonly family?: IpFamily | undefined;
}

/** The addresses of a network namespace; see ip-address(8). Methods throw NetlinkError, and SpecError before anything is sent. */
export class Addresses {
  readonly #socket: NetlinkSocket;

  /** @internal */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** All there are, or those that the filter asks for. */
  async list(filter: AddressFilter = {}): Promise<Address[]> {
    const messages = await this.#socket.dump(listAddresses(filter));
    return messages.map(decodeAddress);
  }

  /** Makes it; it must not be there yet. */
  async add(spec: AddressSpec): Promise<void> {
    await this.#socket.request(addAddress(spec));
  }

  /** Makes it, or changes the one that is there. */
  async replace(spec: AddressSpec): Promise<void> {
    await this.#socket.request(replaceAddress(spec));
  }

  /** Removes it; it must be there. One that was listed can be given back. */
  async remove(target: AddressTarget): Promise<void> {
    await this.#socket.request(removeAddress(target));
  }
}

/** `ip address show`. */
export function listAddresses({ link, family }: AddressFilter): NetlinkRequest {
  const body = Buffer.alloc(8);
  body.writeUInt8(familyNumber(family), 0);
  if (link !== undefined) body.writeUInt32LE(checkIndex(link, 'link'), 4);
  return { type: RTM.GETADDR, flags: 0, body, what: 'list addresses' };
}

export function familyNumber(family: IpFamily | undefined): number {
  if (family === undefined) return AF.UNSPEC;
  return family === 'inet' ? AF.INET : AF.INET6;
}

/** Whether a message is about IPv4 or IPv6, not about multicast routing or MPLS, which come with "all families". */
export const isInternet = ({ body }: { readonly body: Buffer }): boolean =>
  body[0] === AF.INET || body[0] === AF.INET6;
