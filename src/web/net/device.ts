import type { Address } from '../../rtnetlink/addresses/decode.js';
import type { Link } from '../../rtnetlink/links/link.js';
import { grouped } from './grouped.js';
import type { Device } from './picture.js';
import { few, fewWords, plain } from './plain.js';
import type { NetworkInside } from './reading.js';

/** Of links that are no ports, of the ports of one, and about so many of both together. */
const MOST = { devices: 100, ports: 100, all: 150 } as const;
const MOST_ADDRESSES = 6;

/** The links of a namespace with their ports. Bridges and what else has ports come first, loopback last. */
export function devicesOfInside(
  inside: NetworkInside,
  /** The inodes of the namespaces that are drawn. */
  drawn: ReadonlySet<number>,
): { devices: readonly Device[]; moreDevices: number } {
  const tree = new Tree(inside, drawn);
  const { shown, more } = few(tree.tops, MOST.devices);
  return { devices: shown.map((link) => tree.device(link)), moreDevices: more };
}

class Tree {
  /** Links that are no ports. */
  readonly tops: readonly Link[];
  readonly #links: ReadonlyMap<number, Link>;
  readonly #ports: ReadonlyMap<number, readonly Link[]>;
  readonly #addresses: ReadonlyMap<number, readonly Address[]>;
  readonly #elsewhere: NetworkInside['elsewhere'];
  readonly #drawn: ReadonlySet<number>;
  #room: number = MOST.all;

  constructor({ links, addresses, elsewhere }: NetworkInside, drawn: ReadonlySet<number>) {
    this.#links = new Map(links.map((link) => [link.index, link]));
    this.#ports = grouped(links, (link) => this.#masterOf(link));
    this.#addresses = grouped(addresses, ({ link }) => link);
    this.#elsewhere = elsewhere;
    this.#drawn = drawn;
    const tops = links.filter((link) => this.#masterOf(link) === undefined);
    this.tops = tops.sort((a, b) => this.#rank(a) - this.#rank(b) || a.index - b.index);
  }

  #masterOf({ index, master }: Link): number | undefined {
    return master !== undefined && master !== index && this.#links.has(master) ? master : undefined;
  }

  #rank({ index, linkType, kind }: Link): number {
    if (linkType === 'loopback') return 2;
    return kind === 'bridge' || this.#ports.has(index) ? 0 : 1;
  }

  device(link: Link): Device {
    const { index, name, mtu } = link;
    this.#room--;
    const room = Math.min(MOST.ports, Math.max(this.#room, 0));
    const { shown, more } = few(this.#ports.get(index) ?? [], room);
    return {
      index,
      name: plain(name),
      kind: kindOf(link),
      state: stateOf(link),
      mtu,
      addresses: addressWords(link, this.#addresses.get(index) ?? []),
      about: [...optionWords(link), ...this.#whereabouts(link)],
      ports: shown.map((port) => this.device(port)),
      morePorts: more,
    };
  }

  /** Where it leads, unless there is a cable for that. */
  #whereabouts(link: Link): string[] {
    const below = lowerOf(link);
    if (link.linkNetnsId === undefined) {
      const other = this.#links.get((link.kind === 'veth' ? link.link : below) ?? 0);
      return other === undefined ? [] : [`${below === undefined ? '⇄' : 'on'} ${plain(other.name)}`];
    }
    const inode = this.#elsewhere.get(link.index);
    if (this.#drawn.has(inode ?? 0)) return [];
    const what = below === undefined ? 'other end' : 'on a link';
    return [inode === undefined ? `${what} that is not to be seen` : `${what} in net ${inode}`];
  }
}

function kindOf({ kind, linkType, tun }: Link): string {
  if (kind === 'tun') return String(tun?.type ?? kind);
  if (kind !== undefined) return plain(kind);
  return linkType === 'ether' ? 'ethernet' : String(linkType);
}

function stateOf({ up, operState, carrier }: Link): Device['state'] {
  if (!up) return 'down';
  const isDead = carrier === false || operState === 'down' || operState === 'lowerlayerdown';
  return isDead ? 'no carrier' : 'up';
}

/** Without those that every link has, of IPv6 for itself and of loopback. */
function addressWords({ linkType }: Link, addresses: readonly Address[]): string[] {
  const own = addresses.filter(({ scope }) => scope !== 'link');
  const told = linkType === 'loopback' ? own.filter(({ scope }) => scope !== 'host') : own;
  const words = told.map(
    ({ address, prefixLength, peer, dadFailed }) =>
      `${address}${peer === undefined ? '' : ` peer ${peer}`}/${prefixLength}${dadFailed ? ' (taken)' : ''}`,
  );
  return fewWords(words, MOST_ADDRESSES, 'addresses');
}

function optionWords(link: Link): string[] {
  const { bridge, vlan, vxlan, macvlan, ipvlan, bridgePort: port } = link;
  const words: string[] = [];
  if (bridge?.stp) words.push('stp');
  if (bridge?.vlanFiltering) words.push('vlan filtering');
  if (vlan?.id !== undefined) words.push(`id ${vlan.id}`);
  if (vxlan?.id !== undefined) words.push(`id ${vxlan.id}`);
  if (vxlan?.remote !== undefined) words.push(`to ${vxlan.remote}`);
  if (macvlan?.mode !== undefined) words.push(String(macvlan.mode));
  if (ipvlan?.mode !== undefined) words.push(String(ipvlan.mode));
  if (port?.isolated) words.push('isolated');
  if (port?.hairpin) words.push('hairpin');
  if (port?.state !== undefined && STP_STATES.includes(port.state)) words.push(String(port.state));
  return words;
}

/** What a port without a spanning tree is not in. */
const STP_STATES: readonly (string | number)[] = ['listening', 'learning', 'blocking'];

/** The link that one stands on, by interface index in the namespace that has it. */
export function lowerOf({ kind, link, vxlan, index, linkNetnsId }: Link): number | undefined {
  if (kind === 'veth' || kind === undefined) return undefined;
  const lower = vxlan?.link ?? link;
  if (lower === undefined || lower === 0) return undefined;
  return lower === index && linkNetnsId === undefined ? undefined : lower;
}
