/** The requests that attach a member, from a template where many come to one network. */
import { ipBytes } from '../foundation/ip.js';
import type { NetlinkRequest } from '../netlink/message.js';
import { requestTemplate, type TemplateField } from '../netlink/template.js';
import { macBytes } from '../rtnetlink/mac.js';
import type { MemberRecord, NetworkRecord } from './records.js';
import { insideRequests, memberLinkName, memberRequests } from './wiring.js';

/** By the namespace that they are for. */
export interface AttachRequests {
  readonly outside: readonly NetlinkRequest[];
  readonly inside: readonly NetlinkRequest[];
}

/** What the members of a network differ in. */
interface Values {
  readonly name: string;
  readonly index: number;
  readonly inside: number;
  readonly fd: number;
  readonly mac: string;
  readonly address?: string;
  readonly address6?: string;
}

/** How often requests were made for a network and members of one shape, and what makes them from now on. */
interface Known {
  uses: number;
  /** How many of them are for the host. */
  outside: number;
  fill?: (values: Values) => NetlinkRequest[];
}

/** Making a template takes as long as making the requests of a few members. */
const USES_BEFORE = 3;

/** Of each network by what its members are like. A record is the same object until somebody changes it. */
const known = new WeakMap<NetworkRecord, Map<string, Known>>();

function knownOf(network: NetworkRecord, shape: string): Known {
  const shapes = known.get(network) ?? new Map<string, Known>();
  if (shapes.size === 0) known.set(network, shapes);
  const found = shapes.get(shape) ?? { uses: 0, outside: 0 };
  if (found.uses === 0) shapes.set(shape, found);
  return found;
}

export function attachRequests(
  network: NetworkRecord,
  member: MemberRecord,
  namespace: { readonly fd: number },
): AttachRequests {
  const { address, address6, ports } = member;
  const shape = `${member.inside.name} ${address !== undefined} ${address6 !== undefined} ${ports.length > 0}`;
  const entry = knownOf(network, shape);
  if (entry.uses++ < USES_BEFORE) {
    const outside = memberRequests(network, member, namespace);
    entry.outside = outside.length;
    return { outside, inside: insideRequests(network, member) };
  }
  entry.fill ??= templateOf(network, member);
  const all = entry.fill(valuesOf(member, namespace));
  return { outside: all.slice(0, entry.outside), inside: all.slice(entry.outside) };
}

function valuesOf(member: MemberRecord, { fd }: { readonly fd: number }): Values {
  const { link, inside, mac, address, address6 } = member;
  return {
    ...{ name: link.name, index: link.index, inside: inside.index, fd, mac },
    ...(address === undefined ? {} : { address }),
    ...(address6 === undefined ? {} : { address6 }),
  };
}

function templateOf(network: NetworkRecord, member: MemberRecord): NonNullable<Known['fill']> {
  const withValues = ({ name, index, inside, fd: _, ...rest }: Values): MemberRecord => ({
    ...member,
    ...{ link: { name, index }, inside: { name: member.inside.name, index: inside } },
    ...rest,
  });
  const make = (values: Values): NetlinkRequest[] => [
    ...memberRequests(network, withValues(values), values),
    ...insideRequests(network, withValues(values)),
  ];
  const { address, address6, ...always } = FIELDS;
  const fields = {
    ...always,
    ...(member.address === undefined ? {} : { address }),
    ...(member.address6 === undefined ? {} : { address6 }),
  };
  return requestTemplate(make, fields);
}

const number = (one: number, other: number): TemplateField<number> => ({
  samples: [one, other],
  bytes: (value) => Uint8Array.of(value, value >> 8, value >> 16, value >> 24),
});

const text = (one: string, other: string, bytes: (value: string) => Uint8Array): TemplateField<string> => ({
  samples: [one, other],
  bytes,
});

/** No two have a byte in common. Addresses of loopback would have another scope, but no network has them. */
const FIELDS = {
  name: text(memberLinkName(0x11111111), memberLinkName(0x22222222), Buffer.from),
  index: number(0x13131313, 0x53535353),
  inside: number(0x14141414, 0x54545454),
  fd: number(0x15151515, 0x55555555),
  mac: text('16:16:16:16:16:16', '56:56:56:56:56:56', (mac) => macBytes(mac, 'mac')),
  address: text('23.23.23.23', '87.87.87.87', ipBytes),
  address6: text(
    '1818:1818:1818:1818:1818:1818:1818:1818',
    '5858:5858:5858:5858:5858:5858:5858:5858',
    ipBytes,
  ),
};
