/** resolv.conf(5) for a network namespace, made of the host's as Docker does it. */
import { readFileSync } from 'node:fs';
import { familyOf, ipBytes } from '../foundation/ip.js';

/** What a member is to have in place of the host's. */
export interface ResolverOptions {
  readonly dns?: readonly string[] | undefined;
}

const HOST = '/etc/resolv.conf';
/** Where systemd-resolved writes the servers that its stub on loopback asks. */
const BEHIND_STUB = '/run/systemd/resolve/resolv.conf';

interface Parsed {
  readonly servers: string[];
  /** Everything else, as it stands: search, domain, options, sortlist. */
  readonly others: string[];
}

/**
 * The text: the host's name servers but those on loopback, which are not there in another namespace, or `dns`; search list and
 * options stay. `read` gives the text of a file, undefined where there is none. Where no server is left a comment says so, and
 * look-ups fail at once.
 */
export function resolverText(
  options: ResolverOptions,
  read: (path: string) => string | undefined = readIfAny,
): string {
  const host = parse(read(HOST) ?? '');
  const servers = options.dns ?? usable(host, read);
  const lines =
    servers.length > 0
      ? servers.map((server) => `nameserver ${server}`)
      : [`# ${HOST} of the host names no server that another network namespace could reach`];
  return [...lines, ...host.others].map((line) => `${line}\n`).join('');
}

function usable(host: Parsed, read: (path: string) => string | undefined): string[] {
  const servers = host.servers.filter((server) => !isLoopback(server));
  if (servers.length > 0 || host.servers.length === 0) return servers;
  return parse(read(BEHIND_STUB) ?? '').servers.filter((server) => !isLoopback(server));
}

function parse(text: string): Parsed {
  const parsed: Parsed = { servers: [], others: [] };
  for (const line of text.split('\n')) {
    const [keyword = '', value = ''] = line.trim().split(/\s+/);
    if (keyword === 'nameserver') parsed.servers.push(value);
    else if (['search', 'domain', 'options', 'sortlist'].includes(keyword)) parsed.others.push(line.trim());
  }
  return parsed;
}

/** Also what names a link, which is another one there. */
function isLoopback(server: string): boolean {
  const family = familyOf(server);
  if (family === undefined) return true;
  return family === 'inet' ? ipBytes(server)[0] === 127 : server === '::1';
}

function readIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
