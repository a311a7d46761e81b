import { once } from 'node:events';
import { createServer, type Server, type ServerOpts } from 'node:net';
import { Isol8Error } from '../../foundation/errors.js';
import { closeDescriptor } from '../../syscalls/binding.js';
import { SOCK } from '../../syscalls/constants.js';
import type { SocketPlace } from '../open-socket.js';
import { checkPort, type IpAddress } from './address.js';
import { openAbstract, openBound, printable } from './bind.js';
import { type LookupOptions, resolveHost } from './lookup.js';
import { refuseClusterWorker } from './runtime.js';
import { systemError } from './socket-error.js';
import { acceptUnnamed } from './unnamed-links.js';

/** Where to listen: what the `listen` of a server of node:net takes. */
export interface ListenOptions<Kind extends Server = Server> extends LookupOptions, ServerOpts {
  /** Of tcp(7). Default 0: one that is free. */
  port?: number;
  /** An address, or `localhost`. Default: all of IPv6 and IPv4, or of IPv4 where the kernel has no IPv6. */
  host?: string;
  /** Instead of a port: an abstract socket of unix(7), whose name starts with a NUL. */
  path?: string;
  /** How many connections may wait to be accepted, at most net.core.somaxconn of that namespace. Default 511. */
  backlog?: number;
  ipv6Only?: boolean;
  /** What serves the connections, as one of node:http or node:tls. Default: a new server of node:net. */
  server?: Kind;
  /** Closes the server. */
  signal?: AbortSignal;
}

/**
 * A server that listens in a namespace, and stays there after the handle is disposed of. Connections from link-local addresses have
 * no `remoteAddress` where this process's own network has no interface of that number.
 *
 * @throws SpecError, SocketError, and the reason of `signal`.
 */
export async function listen<Kind extends Server = Server>(
  place: SocketPlace,
  options: ListenOptions<Kind>,
): Promise<Kind> {
  refuseClusterWorker();
  options.signal?.throwIfAborted();
  const { fd, address, port } = await open(place, options);
  const server = options.server ?? (createServer(options) as Kind);
  acceptUnnamed(server);
  await start(server, fd, options).catch((error) => {
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw syscall === 'listen' && code ? systemError(code, { syscall, address, port }, `${place}`) : error;
  });
  return server;
}

interface Bound {
  readonly fd: number;
  readonly address: string;
  readonly port?: number;
}

async function open(place: SocketPlace, options: ListenOptions): Promise<Bound> {
  const { path, port = 0, host } = options;
  if (path !== undefined) return { fd: await openAbstract(place, path), address: printable(path) };
  checkPort(port, 'port');
  if (host === undefined) return openAny(place, options);
  const [address] = (await resolveHost(host, options)) as [IpAddress];
  return openTcp(place, address, options);
}

const ANY = { 4: '0.0.0.0', 6: '::' } as const;
const any = (family: 4 | 6): IpAddress => ({ family, address: ANY[family], device: undefined });

async function openAny(place: SocketPlace, options: ListenOptions): Promise<Bound> {
  try {
    return await openTcp(place, any(options.family ?? 6), options);
  } catch (error) {
    const lacksIpv6 = error instanceof Isol8Error && error.code === 'EAFNOSUPPORT';
    if (!lacksIpv6 || options.family !== undefined || options.ipv6Only) throw error;
    return openTcp(place, any(4), options);
  }
}

async function openTcp(place: SocketPlace, address: IpAddress, options: ListenOptions): Promise<Bound> {
  const { port = 0, ipv6Only = false } = options;
  const binding = { type: SOCK.STREAM, syscall: 'listen', address, port, reuseAddress: true } as const;
  return { fd: await openBound(place, { ...binding, ipv6Only }), address: address.address, port };
}

async function start(server: Server, fd: number, { backlog, signal }: ListenOptions): Promise<void> {
  try {
    signal?.throwIfAborted();
    server.listen({ fd, ...(signal ? { signal } : {}) }, backlog as never);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  if (!server.listening) await once(server, 'listening');
}
