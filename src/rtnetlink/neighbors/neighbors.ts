import type { IpFamily } from '../../foundation/ip.js';
import { AttributeWriter } from '../../netlink/attribute-writer.js';
import type { NetlinkRequest } from '../../netlink/message.js';
import type { NetlinkSocket } from '../../netlink/socket.js';
import { familyNumber } from '../addresses/addresses.js';
import { AF, RTM } from '../constants.js';
import { checkIndex } from '../fields.js';
import { decodeNeighbor, type Neighbor } from './decode.js';
import {
  addNeighbor,
  appendNeighbor,
  NEIGHBOR_FLAGS,
  type NeighborSpec,
  removeNeighbor,
  replaceNeighbor,
} from './encode.js';

/** Which neighbours to list. Default all that are no proxies. */
export interface NeighborFilter {
  readonly family?: IpFamily | undefined;
  readonly link?: number | undefined;
  /** Those that this machine answers for, instead of the others. */
  readonly proxy?: boolean | undefined;
}

/** The neighbours of a network namespace; see ip-neighbour(8). Methods throw NetlinkError, and SpecError before anything is sent. */
export class Neighbors {
  readonly #socket: NetlinkSocket;

  /** @internal */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** All there are, or those that the filter asks for. */
  async list(filter: NeighborFilter = {}): Promise<Neighbor[]> {
    return (await this.#socket.dump(listNeighbors(filter))).map(decodeNeighbor);
  }

  /** Makes it; it must not be there yet. */
  async add(spec: NeighborSpec): Promise<void> {
    await this.#socket.request(addNeighbor(spec));
  }

  /** Makes it, or changes the one that is there. */
  async replace(spec: NeighborSpec): Promise<void> {
    await this.#socket.request(replaceNeighbor(spec));
  }

  /** One that was listed can be given back. */
  async remove(target: NeighborSpec | Neighbor): Promise<void> {
    await this.#socket.request(removeNeighbor(target));
  }
}

/** Which entries of an fdb to list. Default all. */
export interface FdbFilter {
  /** The bridge, by interface index. */
  readonly bridge?: number | undefined;
  /** The port, by interface index. */
  readonly link?: number | undefined;
}

/** An entry of an fdb, or which one is meant. */
export type FdbSpec = Omit<NeighborSpec, 'family'>;

/** Where link-layer addresses are: the fdb of bridges and of vxlan links; see bridge(8). Methods as those of {@link Neighbors}. */
export class Fdb {
  readonly #socket: NetlinkSocket;

  /** @internal */
  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /** All there are, or those that the filter asks for. */
  async list(filter: FdbFilter = {}): Promise<Neighbor[]> {
    return (await this.#socket.dump(listFdb(filter))).map(decodeNeighbor);
  }

  /** Makes it; it must not be there yet. */
  async add(spec: FdbSpec): Promise<void> {
    await this.#socket.request(addNeighbor({ ...spec, family: 'bridge' }));
  }

  /** Makes it, or changes the one that is there. */
  async replace(spec: FdbSpec): Promise<void> {
    await this.#socket.request(replaceNeighbor({ ...spec, family: 'bridge' }));
  }

  /** A further place for the same address: vxlan with several other ends. */
  async append(spec: FdbSpec): Promise<void> {
    await this.#socket.request(appendNeighbor({ ...spec, family: 'bridge' }));
  }

  /** One that was listed can be given back. */
  async remove(target: FdbSpec | Neighbor): Promise<void> {
    await this.#socket.request(removeNeighbor({ ...target, family: 'bridge' }));
  }
}

const NDA_IFINDEX = 8;
const NDA_MASTER = 9;

/** `ip neighbour show`. */
export function listNeighbors({ family, link, proxy }: NeighborFilter): NetlinkRequest {
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(family), 0);
  if (proxy === true) header.writeUInt8(NEIGHBOR_FLAGS.proxy, 10);
  const writer = new AttributeWriter().raw(header);
  if (link !== undefined) writer.u32(NDA_IFINDEX, checkIndex(link, 'link'));
  return { type: RTM.GETNEIGH, flags: 0, body: writer.bytes, what: 'list neighbours' };
}

/** `bridge fdb show`. */
export function listFdb({ bridge, link }: FdbFilter): NetlinkRequest {
  const header = Buffer.alloc(12);
  header.writeUInt8(AF.BRIDGE, 0);
  const writer = new AttributeWriter().raw(header);
  if (link !== undefined) writer.u32(NDA_IFINDEX, checkIndex(link, 'link'));
  if (bridge !== undefined) writer.u32(NDA_MASTER, checkIndex(bridge, 'bridge'));
  return { type: RTM.GETNEIGH, flags: 0, body: writer.bytes, what: 'list fdb entries' };
}
