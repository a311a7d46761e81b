/**
 * Forwarding, switched on for the links that need it and for as long as a network does; see Documentation/networking/ip-sysctl
 * of the kernel. Linux 6.17 and later can do this per link for IPv6 too; before, all links forward when one does.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Isol8Error } from '../foundation/errors.js';
import type { IpFamily } from '../foundation/ip.js';
import type { Route } from '../rtnetlink/routes/decode.js';
import type { NetworkHost } from './host.js';
import { type NetworkRecord, readNetworks } from './records.js';
import { BRIDGE_LINKS } from './wiring.js';

/** A setting that was changed, what it was, and the networks that need it. */
interface Change {
  readonly path: string;
  readonly before: string;
  readonly now: string;
  readonly users: readonly string[];
}

const LOOPBACK = 1;
const FILE = 'forwarding.json';
const SYSCTL = '/proc/sys/net';

/** undefined when its link has gone. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (!isGone(error)) throw error;
    return undefined;
  }
}

/** Where no setting is there at all, it was not the link that went. */
const isGone = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' && existsSync(`${SYSCTL}/ipv4/conf`);

/**
 * Has the bridge of a network forward, and all links by which the host reaches others, since published ports are asked for by
 * each of them. Only under the lock.
 *
 * @throws Isol8Error EROFS or EACCES where /proc/sys may not be written.
 */
export async function forward(
  host: NetworkHost,
  network: NetworkRecord,
  routes: readonly Route[],
): Promise<void> {
  for (const { family, links } of await forwardingLinks(host, network, routes))
    enableForwarding(host, network.name, links, family);
}

/** The links that are to forward, by what. */
export async function forwardingLinks(
  host: NetworkHost,
  network: NetworkRecord,
  routes: readonly Route[],
): Promise<{ family: IpFamily; links: string[] }[]> {
  if (network.internal) return [];
  const bridges = new Set(readNetworks(host.store).map(({ bridge }) => bridge.index));
  const found: { family: IpFamily; links: string[] }[] = [];
  for (const family of ['inet', 'inet6'] as const) {
    if ((family === 'inet' ? network.subnet : network.subnet6) === undefined) continue;
    const indexes = new Set(routes.filter((route) => route.family === family).flatMap(linksOf));
    const others = [...indexes].filter((index) => index !== LOOPBACK && !bridges.has(index));
    const links = await Promise.all(others.map((index) => host.link(index)));
    found.push({ family, links: [network.bridge.name, ...links.flatMap((link) => link?.name ?? [])] });
  }
  return found;
}

/** A link has a route to link-local addresses also where it leads nowhere. */
function linksOf({ type, destination, link, nexthops = [] }: Route): number[] {
  if (type !== 'unicast' || /^fe[89ab]/.test(destination)) return [];
  return [link, ...nexthops.map((hop) => hop.link)].filter((index) => index !== undefined);
}

/** It is written down before it is done, so that whoever is killed meanwhile leaves nothing that nobody puts back. */
function enableForwarding(
  host: NetworkHost,
  network: string,
  links: readonly string[],
  family: IpFamily,
): void {
  const known = readChanges(host);
  host.inside(() => {
    const settings = links.flatMap((link) => settingsFor(link, family)); // one of all links comes for each
    const unique = new Map(settings.map((setting) => [setting.path, setting])).values();
    const changes = new Map(known.map((change) => [change.path, change]));
    const toSet = [...unique].filter((setting) => recordChange(changes, setting, network));
    const now = [...changes.values()];
    if (JSON.stringify(now) !== JSON.stringify(known)) writeChanges(host, now);
    for (const { path, value } of toSet) set(path, value, 'switch forwarding on');
  });
}

/** Whether there is something to set. What is as it should be already is nobody's to put back. */
function recordChange(
  changes: Map<string, Change>,
  { path, value }: { path: string; value: string },
  network: string,
): boolean {
  const change = changes.get(path);
  const before = readIfThere(path);
  if (before === undefined) return false;
  if (before === value && (change === undefined || change.users.includes(network))) return false;
  const users = [...new Set([...(change?.users ?? []), network])];
  changes.set(path, { path, before: change?.before ?? before, now: value, users });
  return before !== value;
}

/** What {@link enableForwarding} would write. A link that is not there yet will have what new ones have. */
export function missingForwarding(
  host: NetworkHost,
  links: readonly string[],
  family: IpFamily,
): { path: string; value: string }[] {
  return host.inside(() =>
    links.flatMap((link) => {
      const present = existsSync(`${SYSCTL}/ipv4/conf/${link}`) ? link : 'default';
      return settingsFor(present, family)
        .filter(({ path, value }) => (readIfThere(path) ?? value) !== value)
        .map(({ path, value }) => ({ path: path.replace(`/conf/${present}/`, `/conf/${link}/`), value }));
    }),
  );
}

/** Puts back what no other network needs, unless somebody else has changed it since. */
export function releaseForwarding(host: NetworkHost, network: string): void {
  const changes = readChanges(host);
  if (!changes.some(({ users }) => users.includes(network))) return;
  const left = changes.map((change) => ({
    ...change,
    users: change.users.filter((user) => user !== network),
  }));
  host.inside(() => {
    for (const { path, before, now } of left.filter(({ users }) => users.length === 0).toReversed())
      if (readIfThere(path) === now) set(path, before, 'put forwarding back');
  });
  writeChanges(
    host,
    left.filter(({ users }) => users.length > 0),
  );
}

/** What {@link releaseForwarding} would write. */
export function forwardingToPutBack(host: NetworkHost, network: string): { path: string; value: string }[] {
  const last = readChanges(host).filter(({ users }) => users.length === 1 && users[0] === network);
  return host.inside(() =>
    last
      .toReversed()
      .filter(({ path, now }) => readIfThere(path) === now)
      .map(({ path, before }) => ({ path, value: before })),
  );
}

/** Settings of a network that somebody has switched off meanwhile. */
export function lostForwarding(host: NetworkHost, network: string): string[] {
  const changes = readChanges(host).filter(({ users }) => users.includes(network));
  return host.inside(() =>
    changes.filter(({ path, now }) => (readIfThere(path) ?? now) !== now).map(({ path }) => path),
  );
}

function settingsFor(link: string, family: IpFamily): { path: string; value: string }[] {
  if (family === 'inet') {
    const path = `${SYSCTL}/ipv4/conf/${link}/forwarding`;
    const gone = !existsSync(path) && existsSync(`${SYSCTL}/ipv4/conf`); // since it was listed
    return gone ? [] : [{ path, value: '1' }];
  }
  const own = `${SYSCTL}/ipv6/conf/${link}`;
  if (!existsSync(own)) return []; // a kernel without IPv6
  if (existsSync(`${own}/force_forwarding`)) return [{ path: `${own}/force_forwarding`, value: '1' }];
  // A router takes no router advertisements, by which the host may have its own default route, unless told to: members have none.
  const hears = !link.startsWith(BRIDGE_LINKS) && readIfThere(`${own}/accept_ra`) === '1';
  const accepts = hears ? [{ path: `${own}/accept_ra`, value: '2' }] : [];
  return [...accepts, { path: `${SYSCTL}/ipv6/conf/all/forwarding`, value: '1' }];
}

function set(path: string, value: string, operation: string): void {
  try {
    writeFileSync(path, value);
  } catch (cause) {
    if (isGone(cause)) return;
    const { code = 'EIO' } = cause as NodeJS.ErrnoException;
    throw new Isol8Error(
      code,
      `${operation}: write ${value} to ${path}: ${code}. In a container /proc/sys is mostly read-only: have the ` +
        'machine forward, with sysctl net.ipv4.ip_forward=1, or make the network internal.',
      { cause },
    );
  }
}

const readChanges = (host: NetworkHost): Change[] => host.store.read<Change[]>(FILE) ?? [];

function writeChanges(host: NetworkHost, changes: readonly Change[]): void {
  if (changes.length === 0) host.store.remove(FILE);
  else host.store.write(FILE, changes);
}
