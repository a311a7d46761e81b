import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import type { LookupFunction } from 'node:net';
import { Isol8Error, SpecError } from '../../foundation/errors.js';
import { closeDescriptor } from '../../syscalls/binding.js';
import { SOCK } from '../../syscalls/constants.js';
import type { SocketPlace } from '../open-socket.js';
import { checkPort, type IpAddress, parseIp } from './address.js';
import { openBound } from './bind.js';
import { type LookupOptions, resolveHost } from './lookup.js';
import { dropFromUnnamed } from './unnamed-links.js';

/** Where to bind a datagram socket: what node:dgram's `createSocket` and `bind` take. */
export interface UdpOptions {
  /** Default: `udp6` for an IPv6 address, else `udp4`. */
  type?: 'udp4' | 'udp6';
  /**
   * The address to receive on, as `10.0.0.1`, or `fe80::1%eth0` to send from there. Default: all. What comes from link-local addresses is
   * dropped where this process's own network has no interface of that number: node:dgram could not tell the sender.
   */
  address?: string;
  /** Default 0: one that is free. */
  port?: number;
  reuseAddr?: boolean;
  ipv6Only?: boolean;
  /** For names in `send` and `connect`, see {@link LookupOptions}. */
  lookup?: LookupFunction;
  /** Closes the socket. */
  signal?: AbortSignal;
}

/** A bound datagram socket. Throws SpecError, SocketError, and the reason of `signal`. */
export async function udp(place: SocketPlace, options: UdpOptions): Promise<Socket> {
  const { port = 0, reuseAddr = false, ipv6Only = false, signal } = options;
  const address = addressOf(options);
  checkPort(port, 'port');
  signal?.throwIfAborted();
  const how = { type: SOCK.DGRAM, syscall: 'bind', reuseAddress: reuseAddr, ipv6Only } as const;
  const fd = await openBound(place, { ...how, address, port });
  let socket: Socket | undefined;
  try {
    signal?.throwIfAborted();
    const lookup = lookupFor(options);
    socket = createSocket({ type: `udp${address.family}`, lookup, ...(signal ? { signal } : {}) });
    dropFromUnnamed(socket);
    socket.bind({ fd, exclusive: true });
    return socket;
  } catch (error) {
    if (socket) socket.close();
    closeDescriptor(fd);
    throw error;
  }
}

function addressOf({ type, address }: UdpOptions): IpAddress {
  if (address === undefined) {
    const family = type === 'udp6' ? 6 : 4;
    return { family, address: family === 6 ? '::' : '0.0.0.0', device: undefined };
  }
  const known = parseIp(address);
  if (!known) throw new SpecError('address', `${address} is no IP address`);
  if (type !== undefined && type !== `udp${known.family}`)
    throw new SpecError('address', `${address} is no address for ${type}`);
  return known;
}

/** node:dgram asks this for each destination, addresses too. */
function lookupFor({ lookup }: UdpOptions): NonNullable<SocketOptions['lookup']> {
  return (host, options, callback) => {
    const asked = typeof options === 'number' ? options : options.family;
    const family = asked === 6 || asked === 'IPv6' ? 6 : 4;
    destination(host, { family, ...(lookup ? { lookup } : {}) }).then(
      (address) => callback(null, address, family),
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

/** node:dgram would look for the number of an interface in this process's network. */
async function destination(host: string, how: LookupOptions): Promise<string> {
  const [found] = (await resolveHost(host, how)) as [IpAddress];
  if (found.device === undefined) return found.address;
  const why = `bind the socket to an address of ${found.device} (address%${found.device}), and send to ${found.address}`;
  throw new Isol8Error('EINVAL', `send to ${host}: a datagram cannot choose its interface: ${why}`);
}
