import type { Link } from '../rtnetlink/links/link.js';
import { type FilterState, filterProblems, REPAIRED } from './firewall.js';
import type { MemberRecord, NetworkRecord, ResolvedPort } from './records.js';

/** A network as it is: `isol8 net inspect`. */
export interface NetworkDescription {
  readonly name: string;
  readonly bridge: string;
  readonly subnet?: string;
  readonly gateway?: string;
  readonly subnet6?: string;
  readonly gateway6?: string;
  readonly mtu: number;
  readonly masquerade: boolean;
  readonly internal: boolean;
  readonly isolated: boolean;
  readonly persistent: boolean;
  readonly members: readonly MemberDescription[];
  /** What is wrong with it, as sentences. */
  readonly problems: readonly string[];
}

/** A namespace that is attached to a network. */
export interface MemberDescription {
  readonly names: readonly string[];
  readonly address?: string;
  readonly address6?: string;
  readonly mac: string;
  /** The link's name inside. */
  readonly interface: string;
  /** The name of the other end, a port of the bridge. */
  readonly hostInterface: string;
  readonly ports: readonly ResolvedPort[];
}

/** What is there of a network's host and members besides its record. */
interface Found {
  readonly members: readonly MemberRecord[];
  readonly links: readonly Link[];
  readonly lostForwarding: readonly string[];
  readonly filter: FilterState;
}

/** Members whose namespace is gone are left out. */
export function describeNetwork(record: NetworkRecord, found: Found): NetworkDescription {
  const { members, links, lostForwarding, filter } = found;
  const present = new Map(links.map((link) => [link.index, link.name]));
  const { name, bridge, subnet, gateway, subnet6, gateway6 } = record;
  const { mtu, masquerade, internal, isolated, persistent } = record;
  const gone = present.get(bridge.index) !== bridge.name;
  return {
    ...{ name, bridge: bridge.name },
    ...(subnet === undefined ? {} : { subnet }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(subnet6 === undefined ? {} : { subnet6 }),
    ...(gateway6 === undefined ? {} : { gateway6 }),
    ...{ mtu, masquerade, internal, isolated, persistent },
    members: members
      .filter(({ link }) => present.get(link.index) === link.name)
      .map(({ names, mac, inside, link, ports, address, address6 }) => ({
        ...(address === undefined ? {} : { address }),
        ...(address6 === undefined ? {} : { address6 }),
        ...{ names, mac, interface: inside.name, hostInterface: link.name, ports },
      })),
    problems: [
      ...(gone ? [`its bridge ${bridge.name} is gone`] : []),
      ...lostForwarding.map(
        (path) => `forwarding was switched off: ${path}; ${REPAIRED} switches it on again`,
      ),
      ...filterProblems(record, filter),
    ],
  };
}
