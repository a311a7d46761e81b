import { Socket } from 'node:net';
import { SpecError } from '../../foundation/errors.js';
import { closeDescriptor, trySyscall } from '../../syscalls/binding.js';
import { AF, SOCK } from '../../syscalls/constants.js';
import { errnoName } from '../../syscalls/errno.js';
import { openSocket, type SocketPlace } from '../open-socket.js';
import { checkPort, encodeAbstract, type IpAddress, parseIp } from './address.js';
import { openFor, printable } from './bind.js';
import { type LookupOptions, resolveHost } from './lookup.js';
import { refuseBun } from './runtime.js';
import { connectError, systemError } from './socket-error.js';

/** Where to connect to: what node:net's `connect` takes. */
export interface ConnectOptions extends LookupOptions {
  /** Of tcp(7). Either this or `path` is needed. */
  port?: number;
  /** An address (`10.0.0.1`, `fd00::1`; none that is link-local), `localhost`, or what `lookup` knows. Default `localhost`. */
  host?: string;
  /** Instead of a port: an abstract socket of unix(7), whose name starts with a NUL. */
  path?: string;
  localAddress?: string;
  localPort?: number;
  noDelay?: boolean;
  keepAlive?: boolean;
  /** In milliseconds. */
  keepAliveInitialDelay?: number;
  allowHalfOpen?: boolean;
  /** Ends the attempt; once it is connected it does no more. */
  signal?: AbortSignal;
}

/**
 * A connected socket. The addresses of a host are tried one after the other.
 *
 * @throws SpecError, SocketError, and the reason of `signal`.
 */
export async function connect(place: SocketPlace, options: ConnectOptions): Promise<Socket> {
  refuseBun('connect');
  const attempts = await attemptsFor(place, options);
  const failures: unknown[] = [];
  for (const attempt of attempts) {
    try {
      return await connected(await attempt(), options.signal);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(error);
    }
  }
  throw connectError(failures, `${place}`);
}

/**
 * A socket that is on its way, for those who wait for it themselves, as an agent of node:http does. Of several addresses
 * only one that answers will do, so then it is connected already.
 */
export async function startConnecting(place: SocketPlace, options: ConnectOptions): Promise<Socket> {
  refuseBun('connect');
  const [first, ...more] = await attemptsFor(place, options);
  return first !== undefined && more.length === 0 ? first() : connect(place, options);
}

type Attempt = () => Promise<Socket>;

async function attemptsFor(place: SocketPlace, options: ConnectOptions): Promise<Attempt[]> {
  const { path, port, host = 'localhost', signal } = options;
  signal?.throwIfAborted();
  if (path !== undefined) return [() => connectAbstract(place, path, options)];
  if (port === undefined) throw new SpecError('port', 'is needed, or the path of an abstract socket');
  const to = checkPort(port, 'port');
  const local = localOf(options);
  const family = options.family ?? local.family;
  const addresses = await resolveHost(host, { ...options, ...(family ? { family } : {}) });
  signal?.throwIfAborted();
  checkReachable(addresses);
  return addresses.map((address) => () => startTcp(place, { address, port: to, local }, options));
}

/** node:net looks for the interface of a link-local address among those of this process's network. */
function checkReachable(addresses: readonly IpAddress[]): void {
  const local = addresses.find(({ address, device }) => device !== undefined || /^fe[89ab]/i.test(address));
  if (!local) return;
  throw new SpecError(
    'host',
    `${local.address} belongs to an interface, which node:net cannot tell in another network: use an address that is ` +
      'routed, as fd00::1, or datagrams',
  );
}

/** Where a connection comes from, as far as that was asked for. */
interface Local {
  readonly family?: 4 | 6;
  readonly localAddress?: string;
  readonly localPort?: number;
}

function localOf({ localAddress, localPort }: ConnectOptions): Local {
  const port = localPort === undefined ? {} : { localPort: checkPort(localPort, 'localPort') };
  if (localAddress === undefined) return port;
  const address = parseIp(localAddress);
  if (!address || address.device !== undefined)
    throw new SpecError('localAddress', `${localAddress} is no IP address without an interface`);
  return { family: address.family, localAddress, ...port };
}

interface Ends {
  readonly address: IpAddress;
  readonly port: number;
  readonly local: Local;
}

async function startTcp(
  place: SocketPlace,
  { address, port, local }: Ends,
  options: ConnectOptions,
): Promise<Socket> {
  const fd = await openFor(place, address, SOCK.STREAM);
  return wrap(fd, options, (socket) =>
    socket.connect({ ...local, host: address.address, port, family: address.family }),
  );
}

/** There is nothing to wait for: whoever listens has it at once. Not all versions of node:net give a name its own length. */
async function connectAbstract(place: SocketPlace, path: string, options: ConnectOptions): Promise<Socket> {
  const name = encodeAbstract(path, 'path');
  const fd = await openSocket(place, { family: AF.UNIX, type: SOCK.STREAM | SOCK.NONBLOCK, protocol: 0 });
  const result = trySyscall('connect', fd, name, name.length);
  if (result >= 0) return wrap(fd, options, () => {});
  closeDescriptor(fd);
  throw systemError(errnoName(-result), { syscall: 'connect', address: printable(path) }, `${place}`);
}

/** node:net connects the socket that it was given, instead of one that it makes itself. */
function wrap(fd: number, options: ConnectOptions, start: (socket: Socket) => void): Socket {
  const { noDelay, keepAlive, keepAliveInitialDelay, allowHalfOpen } = options;
  let socket: Socket | undefined;
  try {
    options.signal?.throwIfAborted();
    socket = new Socket({ fd, ...definedOf({ noDelay, keepAlive, keepAliveInitialDelay, allowHalfOpen }) });
    start(socket);
    return socket;
  } catch (error) {
    if (socket) socket.destroy();
    else closeDescriptor(fd);
    throw error;
  }
}

const definedOf = (options: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

function connected(socket: Socket, signal: AbortSignal | undefined): Promise<Socket> | Socket {
  if (!socket.connecting) return socket;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy();
      done();
      reject(signal?.reason);
    };
    const failed = (error: Error): void => {
      done();
      reject(error);
    };
    const ready = (): void => {
      done();
      resolve(socket);
    };
    const done = (): void => {
      signal?.removeEventListener('abort', abort);
      socket.off('error', failed).off('connect', ready);
    };
    socket.on('error', failed).on('connect', ready);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
  });
}
