import * as v from 'valibot';
import { SpecError } from '../../foundation/errors.js';
import { familyOf, ipBytes, ipText, parsePrefix } from '../../foundation/ip.js';
import { validate } from '../../sandbox/parse.js';
import { flag, whole } from '../../sandbox/schema.js';
import type { PublishedPort } from '../published-ports.js';

/** The programs that carry packets for whoever may not make links outside. */
export type UplinkKind = 'slirp4netns' | 'pasta';

/** What {@link startUplink} is to make. All of it may be left open. */
export interface UplinkOptions {
  /** Default: slirp4netns, or pasta where IPv6 is wanted or slirp4netns is not installed. */
  readonly kind?: UplinkKind;
  /** IPv6 as well, which takes pasta and a host that has it. Default: when a port is published on IPv6. */
  readonly ipv6?: boolean;
  /** What the network inside is: an IPv4 prefix of at most 24 bits. Default `10.0.2.0/24`. */
  readonly subnet?: string;
  /** What the link inside is called. Default `tap0`. */
  readonly interface?: string;
  /** In bytes. Default 65520: nothing of it is ever cut into packets of a real link's size. */
  readonly mtu?: number;
  /** Ports of the host that lead inside. */
  readonly publish?: readonly PublishedPort[];
  /** How long it may take, in milliseconds. Default 10000. */
  readonly timeout?: number;
  /** Gives up waiting for it: what was started is ended. */
  readonly signal?: AbortSignal;
}

/** The addresses inside, at the places where slirp4netns has them. */
export interface UplinkAddresses {
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
  /** Asks the host's first name server. */
  readonly dns: string;
  readonly address6: string | undefined;
  readonly gateway6: string | undefined;
}

export interface UplinkPlan {
  readonly ipv6: boolean;
  readonly subnet: string;
  readonly interface: string;
  readonly mtu: number;
  readonly publish: readonly PublishedPort[];
  readonly timeout: number;
  readonly addresses: UplinkAddresses;
}

const port = whole(1, 65_535);

const schema = v.strictObject({
  kind: v.optional(v.picklist(['slirp4netns', 'pasta'], 'must be slirp4netns or pasta')),
  ipv6: v.optional(flag, false),
  subnet: v.optional(v.string('must be a string'), '10.0.2.0/24'),
  interface: v.optional(
    v.pipe(v.string('must be a string'), v.regex(/^[A-Za-z0-9][\w.-]{0,14}$/, 'must be a name of a link')),
    'tap0',
  ),
  mtu: v.optional(whole(1280, 65_520), 65_520),
  publish: v.optional(
    v.array(
      v.strictObject({
        hostAddress: v.optional(
          v.pipe(
            v.string('must be a string'),
            v.check((text) => familyOf(text) !== undefined, 'must be an IP address'),
          ),
        ),
        hostPort: v.optional(port),
        port,
        protocol: v.optional(v.picklist(['tcp', 'udp'], 'must be tcp or udp')),
      }),
    ),
    [],
  ),
  timeout: v.optional(v.pipe(v.number('must be a number'), v.minValue(1, 'must be at least 1')), 10_000),
});

/** Throws SpecError. */
export function planUplink({ signal: _, ...options }: UplinkOptions): UplinkPlan & { kind?: UplinkKind } {
  const checked = validate(schema, options, '') as Omit<UplinkPlan, 'addresses'> & { kind?: UplinkKind };
  const ipv6 = checked.ipv6 || checked.publish.some(({ hostAddress = '' }) => hostAddress.includes(':'));
  return { ...checked, ipv6, addresses: addressesOf(checked.subnet, ipv6) };
}

function addressesOf(subnet: string, ipv6: boolean): UplinkAddresses {
  const { base, length } = parseSubnet(subnet);
  const at = (offset: number): string => ipText(Uint8Array.from([...base.subarray(0, 3), offset]));
  return {
    address: at(100),
    prefixLength: length,
    gateway: at(2),
    dns: at(3),
    address6: ipv6 ? 'fd00::100' : undefined,
    gateway6: ipv6 ? 'fd00::2' : undefined,
  };
}

function parseSubnet(subnet: string): { base: Uint8Array; length: number } {
  const form = 'must be an IPv4 prefix of 8 to 24 bits, as 10.0.2.0/24';
  let parsed: { address: string; length: number };
  try {
    parsed = parsePrefix(subnet);
  } catch (cause) {
    throw new SpecError('subnet', form, { cause });
  }
  const { address, length } = parsed;
  const base = ipBytes(address);
  if (base.length !== 4 || length < 8 || length > 24) throw new SpecError('subnet', form);
  const bits = new DataView(base.buffer, base.byteOffset).getUint32(0);
  if ((bits & (2 ** (32 - length) - 1)) !== 0)
    throw new SpecError('subnet', `${subnet} has bits set behind its prefix`);
  return { base, length };
}
