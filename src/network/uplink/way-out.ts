import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from '../../namespaces/namespace.js';
import { openSockets } from '../../namespaces/open-socket.js';
import { encodeIp } from '../../namespaces/sockets/address.js';
import { closeDescriptor, trySyscall } from '../../syscalls/binding.js';
import { AF, SOCK } from '../../syscalls/constants.js';

/** Addresses for documentation, which only a default route leads to: RFC 5737, RFC 3849. */
const FAR = { 4: '192.0.2.1', 6: '2001:db8::1' } as const;

const kindOf = (family: 4 | 6): { family: number; type: number; protocol: number } => ({
  family: family === 4 ? AF.INET : AF.INET6,
  type: SOCK.DGRAM,
  protocol: 0,
});

/** Resolves once all of these families have a route out; connect(2) of a datagram socket sends nothing. */
export async function waitForWayOut(
  net: Namespace,
  families: readonly (4 | 6)[],
  signal: AbortSignal,
): Promise<void> {
  const sockets = await openSockets(net, families.map(kindOf));
  try {
    while (!families.every((family, i) => leadsOut(sockets[i] as number, family)))
      await sleep(5, undefined, { signal });
  } finally {
    for (const socket of sockets) closeDescriptor(socket);
  }
}

/** Whether this process's own network has a route out. */
export function hasWayOut(family: 4 | 6): boolean {
  const { family: number, type } = kindOf(family);
  const socket = trySyscall('socket', number, type | SOCK.CLOEXEC, 0);
  if (socket < 0) return false;
  try {
    return leadsOut(socket, family);
  } finally {
    closeDescriptor(socket);
  }
}

function leadsOut(socket: number, family: 4 | 6): boolean {
  const name = encodeIp({ family, address: FAR[family], device: undefined }, 9);
  return trySyscall('connect', socket, name, name.length) === 0;
}
