import { SpecError } from '../foundation/errors.js';
import { familyOf } from '../foundation/ip.js';

/** A port of the host that leads to one of a member. */
export interface PublishedPort {
  /** An address of the host; without one all addresses, IPv4 and IPv6. */
  readonly hostAddress?: string;
  /** Default: one that is free. */
  readonly hostPort?: number;
  /** The member's. */
  readonly port: number;
  /** Default `tcp`. */
  readonly protocol?: 'tcp' | 'udp';
}

const FORM = '[ADDRESS:][HOST-PORT[-LAST]:]PORT[-LAST][/tcp|/udp]';

/**
 * Published ports as docker-run(1) writes them: `8080:80`, `127.0.0.1:53:53/udp`, `[::1]:8000-8010:8000-8010`, or `80` for any
 * free port of the host.
 *
 * @throws SpecError
 */
export function parsePublished(text: string, field: string): PublishedPort[] {
  const match =
    /^(?:(?<address>\[[^\]]*\]|[^:[\]]*):)??(?:(?<host>[\d-]*):)?(?<port>[\d-]+)(?:\/(?<protocol>\w+))?$/.exec(
      text,
    );
  const { address, host = '', port = '', protocol = 'tcp' } = match?.groups ?? {};
  if (!match || (protocol !== 'tcp' && protocol !== 'udp'))
    throw new SpecError(field, `${JSON.stringify(text)} is not of the form ${FORM}`);
  const ports = range(port, field);
  const hostPorts = host === '' ? [] : range(host, field);
  if (hostPorts.length > 0 && hostPorts.length !== ports.length)
    throw new SpecError(field, `${host} and ${port} are not equally many ports`);
  const where = address === undefined || address === '' ? {} : { hostAddress: literal(address, field) };
  return ports.map((number, i) => {
    const hostPort = hostPorts[i];
    return { ...where, ...(hostPort === undefined ? {} : { hostPort }), port: number, protocol };
  });
}

function literal(address: string, field: string): string {
  const bare = address.replace(/^\[|\]$/g, '');
  if (familyOf(bare) === undefined)
    throw new SpecError(field, `${JSON.stringify(bare)} is not an IP address`);
  return bare;
}

function range(text: string, field: string): number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1] ?? 0);
  const last = Number(match?.[2] ?? first);
  if (!match || first < 1 || last > 65535 || last < first)
    throw new SpecError(field, `${JSON.stringify(text)} is not a port, or a range of ports, of 1 to 65535`);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
