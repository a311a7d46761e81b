import type { NetlinkSocket } from '../../netlink/socket.js';
import { readTextFileIfAny } from '../../syscalls/files.js';
import { RTM } from '../constants.js';
import { decodeQdisc, type Qdisc } from './decode.js';
import { addQdisc, removeQdisc, replaceQdisc } from './encode.js';
import { PSCHED, type Psched, parsePsched } from './psched.js';
import type { QdiscSpec, QdiscTarget } from './spec.js';

/** The queueing disciplines of a network namespace; see tc(8). Methods throw NetlinkError, and SpecError before anything is sent. */
export class Qdiscs {
  readonly #socket: NetlinkSocket;
  #psched: Psched | undefined;

  /** @internal */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** All there are, or those that the filter asks for. */
  async list({ link }: { readonly link?: number } = {}): Promise<Qdisc[]> {
    const request = { type: RTM.GETQDISC, flags: 0, body: Buffer.alloc(20), what: 'list qdiscs' };
    const all = (await this.#socket.dump(request)).map((message) => decodeQdisc(message, this.#clock()));
    return link === undefined ? all : all.filter((qdisc) => qdisc.link === link);
  }

  /** Makes it; it must not be there yet. */
  async add(spec: QdiscSpec): Promise<void> {
    await this.#socket.request(addQdisc(spec, this.#clock()));
  }

  /** Makes it, or changes the one that is there. */
  async replace(spec: QdiscSpec): Promise<void> {
    await this.#socket.request(replaceQdisc(spec, this.#clock()));
  }

  /** Removes it; it must be there. */
  async remove(target: QdiscTarget): Promise<void> {
    await this.#socket.request(removeQdisc(target));
  }

  #clock(): Psched {
    this.#psched ??= parsePsched(readTextFileIfAny('/proc/net/psched') ?? '') ?? PSCHED;
    return this.#psched;
  }
}
