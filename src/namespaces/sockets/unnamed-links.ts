/**
 * Neighbours with link-local addresses. libuv gives each the name of the interface that has its number in this process's network, and
 * fails where there is none, whoever it was that sent something.
 */
import type { Socket as UdpSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';

const isUnnamed = (error: unknown): boolean => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENXIO' && message.includes('uv_if_indextoiid');
};

/** A datagram whose sender cannot be told is dropped; node:dgram would emit an error for it. */
export function dropFromUnnamed(socket: UdpSocket): void {
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...rest: unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...rest: unknown[]) =>
    event === 'error' && isUnnamed(rest[0]) ? true : emit(event, ...rest);
}

const ENDS = [
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
] as const;

/** Has the addresses of such a connection be undefined, as those of one that is over; to look at them would throw. */
export function acceptUnnamed(server: Server): void {
  for (const event of ['connection', 'secureConnection']) {
    server.off(event, hideUnnamed); // of an earlier listen
    server.prependListener(event, hideUnnamed);
  }
}

function hideUnnamed(socket: Socket): void {
  try {
    void socket.remoteAddress;
    void socket.localAddress;
  } catch (error) {
    if (!isUnnamed(error)) throw error;
    for (const name of ENDS) Object.defineProperty(socket, name, { value: undefined, configurable: true });
  }
}
