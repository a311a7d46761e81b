/** An outside for tests of networks: a namespace behind a link of the host that has no route back. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attachment, createNamespaces, Namespace, type Network, ping } from '../../src/index.js';
import { whenNone } from './lifecycle-census.js';

export const OUTSIDE = {
  address: '203.0.113.2',
  address6: '2001:db8::2',
  hostAddress: '203.0.113.1',
  hostAddress6: '2001:db8::1',
} as const;

/** In milliseconds, for what must not be answered, too: three times for each. */
const WAIT = 1000;

const here = (): Namespace => Namespace.open('/proc/self/ns/net');

export interface OutsideWorld extends AsyncDisposable {
  readonly outside: Namespace;
  /** Has the host send a prefix there. */
  route(prefix: string): void;
  /** Has the outside send a prefix to the host. */
  routeBack(prefix: string): void;
}

/** Made by ip(8), so that it does not depend on what is tested. */
export async function outsideWorld(): Promise<OutsideWorld> {
  const { net } = await createNamespaces(['net']);
  const outside = net as Namespace;
  const inside = (...args: string[]): string => command(outside, 'ip', ...args);
  const { address, address6, hostAddress, hostAddress6 } = OUTSIDE;
  ip('link', 'set', 'lo', 'up');
  ip(
    ...[
      'link',
      'add',
      'up0',
      'mtu',
      '1400',
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      pathOf(outside),
    ],
  );
  ip('link', 'set', 'up0', 'up');
  inside('link', 'set', 'eth0', 'up');
  ip('address', 'add', `${hostAddress}/24`, 'dev', 'up0');
  ip('address', 'add', `${hostAddress6}/64`, 'dev', 'up0', 'nodad');
  inside('address', 'add', `${address}/24`, 'dev', 'eth0');
  inside('address', 'add', `${address6}/64`, 'dev', 'eth0', 'nodad');
  ip('route', 'add', 'default', 'via', address);
  ip('-6', 'route', 'add', 'default', 'via', address6);
  await whenNone(() => (localRoutes6('up0').includes(hostAddress6) ? [] : ['route'])); // once the peer is seen to be up
  return {
    outside,
    route: (prefix) => void ip('route', 'add', prefix, 'via', prefix.includes(':') ? address6 : address),
    routeBack: (prefix) => void inside('route', 'add', prefix, 'via', hostAddress),
    [Symbol.asyncDispose]: async () => {
      ip('link', 'delete', 'up0');
      outside[Symbol.dispose]();
    },
  };
}

const localRoutes6 = (link: string): string[] =>
  ipJson('-6', 'route', 'show', 'table', 'local', 'dev', link).map(({ dst }) => dst);

/** A second way out, which no default route leads to: a namespace behind a link of the host's that has no route back. */
export async function secondUplink(link: string, net: string): Promise<Namespace> {
  const { net: made } = await createNamespaces(['net']);
  const outside = made as Namespace;
  ip(...['link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pathOf(outside)]);
  ip('address', 'add', `${net}.1/24`, 'dev', link);
  ip('link', 'set', link, 'up');
  command(outside, 'ip', 'address', 'add', `${net}.2/24`, 'dev', 'eth0');
  command(outside, 'ip', 'link', 'set', 'eth0', 'up');
  return outside;
}

const pathOf = (namespace: Namespace): string => `/proc/${process.pid}/fd/${namespace.fd}`;

export const output = (file: string, ...args: string[]): string =>
  execFileSync(file, args, { encoding: 'utf8' });

export const ip = (...args: string[]): string => output('ip', ...args);

/** Runs a program of the host in a network namespace, and gives what it prints. */
export const command = (namespace: Namespace, file: string, ...args: string[]): string =>
  output('nsenter', `--net=${pathOf(namespace)}`, file, ...args);

// biome-ignore lint/suspicious/noExplicitAny: what ip(8) prints
export const ipJson = (...args: string[]): any[] => JSON.parse(ip('-j', '-d', ...args));

/** Links, routes and rules of the host, and what of its settings forwards, as ip(8), nft(8) and /proc have them. */
export function hostState(): unknown {
  const settings = ['ipv4/ip_forward', 'ipv4/conf/all/forwarding', 'ipv6/conf/all/forwarding'];
  const ofLinks = readdirSync('/proc/sys/net/ipv4/conf').flatMap((link) => [
    `ipv4/conf/${link}/forwarding`,
    `ipv4/conf/${link}/route_localnet`,
    `ipv6/conf/${link}/forwarding`,
    `ipv6/conf/${link}/force_forwarding`,
    `ipv6/conf/${link}/accept_ra`,
  ]);
  // Link-local addresses come and go by themselves, seconds after their link.
  const stable = (address: string): boolean => !/^f[ef][08]0:/.test(address);
  const addresses = (list: { local: string }[]): string[] => list.map(({ local }) => local).filter(stable);
  const routes = (...args: string[]): string[] =>
    ipJson(...args, 'route', 'show', 'table', 'all')
      .filter(({ dst }) => stable(dst))
      .map((route) => JSON.stringify(route))
      .sort();
  return {
    links: ipJson('address').map(({ ifname, addr_info }) => [ifname, addresses(addr_info)]),
    routes: [...routes('-4'), ...routes('-6')],
    rules: output('nft', 'list', 'ruleset'),
    settings: [...settings, ...ofLinks].map((path) => [path, readIfAny(`/proc/sys/net/${path}`)]),
  };
}

function readIfAny(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/** A server that tells whoever connects which address it sees. */
export async function answersOn(
  where: Namespace | undefined,
  host: string,
  port: number,
): Promise<AsyncDisposable> {
  using own = where === undefined ? here() : undefined;
  const server = await (own ?? (where as Namespace)).listen({ host, port });
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    socket.end(socket.remoteAddress?.replace('::ffff:', '') ?? '');
  });
  return server;
}

/** A UDP server that answers everything with `echo`, over the family of the address that it is bound to. */
export async function udpEcho(where: Namespace, port: number, address = '0.0.0.0'): Promise<AsyncDisposable> {
  const socket = await where.udp({ address, port, ...(address === '::' ? { ipv6Only: true } : {}) });
  socket.on('message', (_, from) => socket.send('echo', from.port, from.address));
  return socket;
}

export async function udpAnswer(
  from: Namespace | undefined,
  address: string,
  port: number,
): Promise<string | undefined> {
  using own = from === undefined ? here() : undefined;
  const any = address.includes(':') ? '::' : '0.0.0.0';
  await using socket = await (own ?? (from as Namespace)).udp({ address: any });
  for (let attempt = 0; attempt < 3; attempt++) {
    socket.send('hello', port, address);
    try {
      const [data] = await once(socket, 'message', { signal: AbortSignal.timeout(WAIT) });
      return String(data);
    } catch {} // lost, or refused: once more
  }
  return undefined;
}

export async function reaches(from: Namespace | undefined, address: string): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      if ((await ping(address, { namespace: from, timeout: WAIT })) !== undefined) return true;
    } catch {
      return false;
    }
  }
  return false;
}

/** The address that a server sees a connection come from; undefined when there is none. */
export async function accepts(
  from: Namespace | undefined,
  host: string,
  port: number,
): Promise<string | undefined> {
  using own = from === undefined ? here() : undefined;
  try {
    const signal = AbortSignal.timeout(WAIT);
    const socket = await (own ?? (from as Namespace)).connect({ host, port, signal });
    const [data] = await once(socket, 'data', { signal });
    socket.destroy();
    return String(data);
  } catch {
    return undefined;
  }
}

/** In milliseconds: looking after a network is put off for fifty times as long as it took, on a busy machine. */
const LOOKED_AFTER = 30_000;

/** Attaches a namespace once a network has been looked after, which `done` tells. */
export async function attachedWhen(
  done: () => boolean | Promise<boolean>,
  network: Network,
  namespace: Namespace,
): Promise<Attachment> {
  const deadline = performance.now() + LOOKED_AFTER;
  for (;;) {
    const attachment = await network.attach(namespace);
    if ((await done()) || performance.now() > deadline) return attachment;
    await attachment.detach();
    await sleep(100);
  }
}
