/** What only a router says, from a link of anybody who may open raw sockets. */
import type { Namespace } from '../../src/index.js';
import { openSocket } from '../../src/namespaces/open-socket.js';
import { checksum } from '../../src/network/ping.js';
import { closeDescriptor, syscall } from '../../src/syscalls/binding.js';
import { command } from './network-world.js';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ICMPV6 = 58;

const SOURCE = 'fe800000000000000000000000000bad';
const ALL_NODES = 'ff020000000000000000000000000001';
/** To 33:33:00:00:00:01, from 02:00:00:00:0b:ad. */
const ETHERNET = '333300000001020000000bad';

/** RFC 4861, 4.2: a default router for half an hour. */
function advertisement(): Buffer {
  const message = Buffer.from('86000000400007080000000000000000', 'hex');
  const addresses = Buffer.from(SOURCE + ALL_NODES, 'hex');
  const pseudoHeader = Buffer.concat([addresses, Buffer.from([0, 0, 0, message.length, 0, 0, 0, ICMPV6])]);
  message.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, message])), 2);
  const header = Buffer.from([0x60, 0, 0, 0, 0, message.length, ICMPV6, 255]);
  return Buffer.concat([header, addresses, message]);
}

/** Tells all on a link that its sender is their default router; `tags` of VLANs, in hexadecimal, come before it. */
export async function advertiseRouter(from: Namespace, link: string, tags = ''): Promise<void> {
  const [{ ifindex }] = JSON.parse(command(from, 'ip', '-j', 'link', 'show', 'dev', link));
  const frame = Buffer.concat([Buffer.from(`${ETHERNET}${tags}86dd`, 'hex'), advertisement()]);
  const to = Buffer.alloc(20); // struct sockaddr_ll
  to.writeUInt16LE(AF_PACKET, 0);
  to.writeUInt32LE(ifindex, 4);
  const fd = await openSocket(from, { family: AF_PACKET, type: SOCK_RAW, protocol: 0 });
  try {
    syscall('sendto', [fd, frame, frame.length, 0, to, to.length], link);
  } finally {
    closeDescriptor(fd);
  }
}

/** Default routes for IPv6, as ip(8) has them. */
export const defaultRoutes6 = (where: Namespace): unknown[] =>
  JSON.parse(command(where, 'ip', '-6', '-j', 'route', 'show', 'default'));
