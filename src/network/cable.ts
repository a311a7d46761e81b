/** Two namespaces with a cable between them, and nothing else. */
import { alsoFailed, Isol8Error, SpecError } from '../foundation/errors.js';
import { type IpPrefix, parsePrefix } from '../foundation/ip.js';
import { Namespace } from '../namespaces/namespace.js';
import type { NamespaceTarget } from '../namespaces/open.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { addAddress } from '../rtnetlink/addresses/encode.js';
import { addLink, changeLink } from '../rtnetlink/links/encode.js';
import { RouteSocket } from '../rtnetlink/route-socket.js';
import { freeName } from './attach.js';
import { takenByRoute } from './choose.js';
import { type CableSpec, checkCableSpec } from './spec.js';
import {
  addressAt,
  bitsOf,
  freeSubnet,
  hostOffsets,
  randomSubnet6,
  type Subnet,
  subnetOf,
} from './subnets.js';
import { freshIndex } from './wiring.js';

/** What one namespace has of a cable. */
export interface CableEnd {
  /** The link's name. */
  readonly interface: string;
  readonly address?: string;
  readonly address6?: string;
}

interface PlannedEnd extends CableEnd {
  readonly index: number;
  readonly prefixes: readonly IpPrefix[];
}

/**
 * A pair of links, one in each of two namespaces. Disposing of it removes both; so does the end of either namespace, which
 * this keeps from ending for the first one.
 */
export class Cable implements AsyncDisposable {
  readonly ends: readonly [CableEnd, CableEnd];
  readonly #route: RouteSocket;
  readonly #index: number;

  /** @internal */
  constructor(route: RouteSocket, [one, other]: readonly [PlannedEnd, PlannedEnd]) {
    this.ends = [plainEnd(one), plainEnd(other)];
    this.#route = route;
    this.#index = one.index;
  }

  /** Removes both links. What is gone already does not matter. Throws NetlinkError. */
  async remove(): Promise<void> {
    try {
      const link = await this.#route.links.find(this.#index);
      if (link?.name === this.ends[0].interface) await this.#route.links.remove(this.#index);
    } catch (error) {
      if ((error as Isol8Error).code !== 'ENODEV') throw error;
    }
  }

  /** Removes both links, and lets go of the namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.remove();
    } finally {
      this.#route[Symbol.dispose]();
    }
  }
}

const plainEnd = ({ index: _, prefixes: __, ...end }: PlannedEnd): CableEnd => end;

/**
 * Connects two network namespaces by a veth pair without a bridge, both ends up and with an address, or leaves nothing of it:
 * `ip link add … type veth peer …`. Each reaches the other, and what else is there as its routes say.
 *
 * @throws SpecError for a spec that cannot be, or twice the same namespace.
 * @throws Isol8Error EPERM for a namespace that the caller may not enter, ENOSPC when no subnet is free.
 * @throws NetlinkError EEXIST for a name that is taken.
 */
export async function connectNamespaces(
  one: Namespace | NamespaceTarget | number,
  other: Namespace | NamespaceTarget | number,
  spec: CableSpec = {},
): Promise<Cable> {
  const checked = checkCableSpec(spec);
  const opened: Namespace[] = [];
  const open = (end: Namespace | NamespaceTarget | number): Namespace => {
    if (end instanceof Namespace) return end;
    const namespace = Namespace.open(end, 'net');
    opened.push(namespace);
    return namespace;
  };
  try {
    const namespaces = [open(one), open(other)] as const;
    if (namespaces[0].sameAs(namespaces[1])) throw new SpecError('other', 'is the same network namespace');
    return await connect(namespaces, checked);
  } finally {
    for (const namespace of opened) namespace[Symbol.dispose]();
  }
}

async function connect([one, other]: readonly [Namespace, Namespace], spec: CableSpec): Promise<Cable> {
  const near = await RouteSocket.open({ namespace: one });
  try {
    using far = await RouteSocket.open({ namespace: other });
    const [first, second] = await chooseEnds(near, far, spec);
    await near.batch([pairRequest(first, second, { mtu: spec.mtu, netns: other })]);
    try {
      await near.batch(endRequests(first));
      await far.batch(endRequests(second));
    } catch (error) {
      await near.links.remove(first.index).catch((left: Isol8Error) => {
        if (left.code !== 'ENODEV') throw alsoFailed(error, left); // it went with one of the namespaces
      });
      throw error;
    }
    return new Cable(near, [first, second]);
  } catch (error) {
    near[Symbol.dispose]();
    throw error;
  }
}

async function chooseEnds(
  near: RouteSocket,
  far: RouteSocket,
  { subnet, subnet6, names }: CableSpec,
): Promise<[PlannedEnd, PlannedEnd]> {
  const routes = [...(await near.routes.list()), ...(await far.routes.list())];
  const used = routes.flatMap(takenByRoute).map((taken) => taken.subnet);
  const pairs = [
    hostsOf(subnet, () => pairIn(freeSubnet(used))),
    hostsOf(subnet6, () => pairIn(randomSubnet6(used))),
  ];
  const end = async (side: 0 | 1, route: RouteSocket): Promise<PlannedEnd> => {
    const [v4, v6] = pairs.map((pair) => pair?.[side]);
    return {
      ...{ interface: names?.[side] ?? (await freeName(route)), index: freshIndex() },
      ...(v4 === undefined ? {} : { address: v4.address }),
      ...(v6 === undefined ? {} : { address6: v6.address }),
      prefixes: [v4, v6].filter((one) => one !== undefined),
    };
  };
  return [await end(0, near), await end(1, far)];
}

/** The two addresses of a subnet that hosts have first; undefined where there is to be none. */
function hostsOf(given: string | false | undefined, choose: () => Subnet): [IpPrefix, IpPrefix] | undefined {
  if (given === false) return undefined;
  const subnet = given === undefined ? choose() : subnetOf(parsePrefix(given));
  const { first } = hostOffsets(subnet);
  const host = (offset: bigint): IpPrefix => ({ address: addressAt(subnet, offset), length: subnet.length });
  return [host(first), host(first + 1n)];
}

/** The first two addresses of a free subnet, which need no others: RFC 3021, RFC 6164. */
function pairIn(free: Subnet | undefined): Subnet {
  if (free === undefined)
    throw new Isol8Error(
      'ENOSPC',
      'connect namespaces: each private subnet overlaps a route. Give one: subnet.',
    );
  return { ...free, length: bitsOf(free.family) - 1 };
}

function pairRequest(
  { interface: name, index }: PlannedEnd,
  far: PlannedEnd,
  { mtu, netns }: { mtu: number | undefined; netns: Namespace },
): NetlinkRequest {
  const peer = { name: far.interface, index: far.index, mtu, netns: { fd: netns.fd } };
  return addLink({ name, index, kind: 'veth', mtu, veth: { peer } });
}

const LOOPBACK = 1;

/** The addresses first, so that whoever sees the link up sees them. */
const endRequests = ({ index, prefixes }: PlannedEnd): NetlinkRequest[] => [
  changeLink(LOOPBACK, { up: true }),
  ...prefixes.map(({ address, length }) =>
    addAddress({ link: index, address, prefixLength: length, noDad: true }),
  ),
  changeLink(index, { up: true }),
];
