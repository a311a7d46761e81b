import { closeDescriptor, cString, trySyscall } from '../../syscalls/binding.js';
import { AF, IPPROTO_IPV6, IPV6_V6ONLY, SO, SOCK, SOL_SOCKET } from '../../syscalls/constants.js';
import { errnoName } from '../../syscalls/errno.js';
import { openSocket, type SocketPlace } from '../open-socket.js';
import { encodeAbstract, encodeIp, familyNumber, type IpAddress } from './address.js';
import { systemError } from './socket-error.js';

/** What to bind to, and the name of the call in errors. */
export interface Binding {
  readonly type: number;
  readonly syscall: 'listen' | 'bind';
  readonly address: IpAddress;
  readonly port: number;
  readonly reuseAddress: boolean;
  readonly ipv6Only: boolean;
}

/** A socket for an address; one of an interface's own (`fe80::1%eth0`) is bound to that interface. Throws SocketError. */
export async function openFor(place: SocketPlace, address: IpAddress, type: number): Promise<number> {
  const kind = { family: familyNumber(address), type: type | SOCK.NONBLOCK, protocol: 0 };
  const socket = await openSocket(place, kind);
  const { device } = address;
  if (device === undefined) return socket;
  return attempt(socket, () => {
    const name = cString(device);
    const result = trySyscall('setsockopt', socket, SOL_SOCKET, SO.BINDTODEVICE, name, name.length);
    if (result < 0) throw systemError(errnoName(-result), { syscall: 'bind', address: device }, `${place}`);
  });
}

/** A bound socket. Throws SocketError. */
export async function openBound(place: SocketPlace, binding: Binding): Promise<number> {
  const { address, port, syscall } = binding;
  const socket = await openFor(place, address, binding.type);
  const name = encodeIp(address, port);
  return attempt(socket, () => {
    if (binding.reuseAddress) switchOn(socket, SOL_SOCKET, SO.REUSEADDR);
    if (binding.ipv6Only) switchOn(socket, IPPROTO_IPV6, IPV6_V6ONLY);
    const result = trySyscall('bind', socket, name, name.length);
    if (result < 0)
      throw systemError(errnoName(-result), { syscall, address: address.address, port }, `${place}`);
  });
}

/** A socket with an abstract name. Throws SocketError, and SpecError for another name. */
export async function openAbstract(place: SocketPlace, path: string): Promise<number> {
  const name = encodeAbstract(path, 'path');
  const socket = await openSocket(place, { family: AF.UNIX, type: SOCK.STREAM | SOCK.NONBLOCK, protocol: 0 });
  return attempt(socket, () => {
    const result = trySyscall('bind', socket, name, name.length);
    if (result < 0)
      throw systemError(errnoName(-result), { syscall: 'listen', address: printable(path) }, `${place}`);
  });
}

/** As ss(8) shows it. */
export const printable = (path: string): string => path.replaceAll('\0', '@');

function switchOn(socket: number, level: number, option: number): void {
  trySyscall('setsockopt', socket, level, option, new Int32Array([1]), 4);
}

/** Closes the socket when the work on it fails. */
function attempt(socket: number, work: () => void): number {
  try {
    work();
    return socket;
  } catch (error) {
    closeDescriptor(socket);
    throw error;
  }
}
