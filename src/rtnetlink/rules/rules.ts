import type { IpFamily } from '../../foundation/ip.js';
import type { NetlinkSocket } from '../../netlink/socket.js';
import { familyNumber, isInternet } from '../addresses/addresses.js';
import { RTM } from '../constants.js';
import { decodeRule, type Rule } from './decode.js';
import { addRule, type RuleSpec, removeRule } from './encode.js';

/** The routing rules of a network namespace; see ip-rule(8). Methods throw NetlinkError, and SpecError before anything is sent. */
export class Rules {
  readonly #socket: NetlinkSocket;

  /** @internal */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** All there are, or those that the filter asks for. */
  async list({ family }: { readonly family?: IpFamily } = {}): Promise<Rule[]> {
    const body = Buffer.alloc(12);
    body.writeUInt8(familyNumber(family), 0);
    const messages = await this.#socket.dump({ type: RTM.GETRULE, flags: 0, body, what: 'list rules' });
    return messages.filter(isInternet).map(decodeRule);
  }

  /** Makes it; it must not be there yet. */
  async add(spec: RuleSpec): Promise<void> {
    await this.#socket.request(addRule(spec));
  }

  /** The first that has all that is said. One that was listed can be given back. */
  async remove(target: RuleSpec | Rule): Promise<void> {
    await this.#socket.request(removeRule(target));
  }
}
