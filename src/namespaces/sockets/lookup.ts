import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Isol8Error } from '../../foundation/errors.js';
import { type IpAddress, parseIp } from './address.js';

const LOOPBACK: readonly IpAddress[] = [
  { family: 4, address: '127.0.0.1', device: undefined },
  { family: 6, address: '::1', device: undefined },
];

/** How names become addresses. */
export interface LookupOptions {
  /**
   * As node:net has it. By default only addresses and `localhost` are known: the resolver of this process asks servers of
   * its own network and reads its own /etc/hosts, and what they say may lead elsewhere in another network.
   */
  lookup?: LookupFunction;
  /** IPv4 or IPv6 alone. Default: whatever the name has. */
  family?: 4 | 6;
}

/** The addresses of a host, in the order in which to try them; at least one. Throws Isol8Error ENOTFOUND. */
export async function resolveHost(host: string, { lookup, family }: LookupOptions): Promise<IpAddress[]> {
  const literal = parseIp(host);
  if (literal) return [literal];
  const found = lookup ? await ask(lookup, host, family ?? 0) : isLocalhost(host) ? LOOPBACK : [];
  const wanted = found.filter((address) => family === undefined || address.family === family);
  if (wanted.length > 0) return wanted;
  const why = lookup
    ? 'the lookup function has no address of this family for it'
    : 'the resolver of this process is in another network. Give an address, or a lookup function that knows the names there';
  throw new Isol8Error('ENOTFOUND', `getaddrinfo ENOTFOUND ${host}: ${why}.`);
}

const isLocalhost = (host: string): boolean => /^(?:.+\.)?localhost\.?$/i.test(host);

function ask(lookup: LookupFunction, host: string, family: number): Promise<IpAddress[]> {
  return new Promise<string | LookupAddress[]>((resolve, reject) => {
    lookup(host, { all: true, family, hints: 0 }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
  }).then((answer) =>
    (typeof answer === 'string' ? [answer] : answer.map(({ address }) => address)).map((address) =>
      checkAnswer(host, address),
    ),
  );
}

function checkAnswer(host: string, answer: string): IpAddress {
  const address = parseIp(answer);
  if (address) return address;
  throw new Isol8Error('ERR_INVALID_IP_ADDRESS', `lookup of ${host}: ${answer} is no IP address`);
}
