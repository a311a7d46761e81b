/** Published ports are DNAT rules, which bind nothing: that a port is taken shows only by sockets and files that hold it. */
import { Isol8Error, SpecError } from '../foundation/errors.js';
import { familyOf, type IpFamily, ipBytes, ipText } from '../foundation/ip.js';
import { openSockets } from '../namespaces/open-socket.js';
import { encodeAddress } from '../namespaces/sockets/address.js';
import { closeDescriptor, SystemCallError, trySyscall } from '../syscalls/binding.js';
import { AF, IPPROTO_IPV6, IPV6_V6ONLY, SO, SOCK, SOL_SOCKET } from '../syscalls/constants.js';
import { errnoName, errnoNumber } from '../syscalls/errno.js';
import type { NetworkHost } from './host.js';
import { listenerOn } from './port-holder.js';
import type { PublishedPort } from './published-ports.js';
import type { ResolvedPort } from './records.js';

const ANY = { inet: '0.0.0.0', inet6: '::' } as const;

/** Which other networks have a port, as the store has it: `ports/tcp-8080/any.json`. */
interface Claim {
  readonly network: string;
  readonly member: string;
}

const claimFolder = ({ protocol, hostPort }: ResolvedPort): string => `ports/${protocol}-${hostPort}`;
const claimedAddress = (name: string): string | undefined =>
  name === 'any.json' ? undefined : name.slice(0, -'.json'.length);
const claimName = ({ hostAddress }: ResolvedPort): string => `${hostAddress ?? 'any'}.json`;

/** Descriptors that keep other programs from the ports, until they are closed or this process ends. */
export interface HeldPorts extends Disposable {
  readonly ports: readonly ResolvedPort[];
}

/**
 * Takes ports of the host, those without a number by choosing free ones: bound sockets that never listen.
 *
 * @throws Isol8Error EADDRINUSE, with the name of who has it where that can be seen; EADDRNOTAVAIL for an address that is not
 * the host's.
 */
export async function holdPorts(host: NetworkHost, wanted: readonly PublishedPort[]): Promise<HeldPorts> {
  const held: number[] = [];
  const dispose = (): void => {
    for (const fd of held.splice(0)) closeDescriptor(fd);
  };
  refuseTwice(wanted);
  try {
    const ports: ResolvedPort[] = [];
    for (const port of wanted) ports.push(await holdAnyPort(host, port, held));
    return { ports, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw (error as Isol8Error).code === 'EMFILE' ? tooMany(wanted.length, error) : error;
  }
}

function refuseTwice(wanted: readonly PublishedPort[]): void {
  const seen = new Map<string, PublishedPort[]>();
  for (const port of wanted) {
    if (port.hostPort === undefined) continue;
    const name = `${port.protocol ?? 'tcp'} port ${port.hostPort}`;
    const others = seen.get(name) ?? [];
    if (others.some((other) => meet(other.hostAddress, port.hostAddress)))
      throw new SpecError('publish', `${name} is given twice`);
    seen.set(name, [...others, port]);
  }
}

const tooMany = (count: number, cause: unknown): Isol8Error =>
  new Isol8Error(
    'EMFILE',
    `publish ${count} ports: EMFILE: each takes a descriptor, and one more for IPv6, up to ${2 * count}. Publish fewer, or allow ` +
      'more: ulimit -n',
    { cause },
  );

/** Whether two addresses of the host, or all for want of one, have one in common. */
function meet(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  if (familyOf(one) !== familyOf(other)) return false;
  const any = ANY[familyOf(one) as IpFamily];
  const [a, b] = [canonical(one), canonical(other)];
  return a === b || a === any || b === any;
}

const canonical = (address: string): string => ipText(ipBytes(address));

/** The kernel chooses for one address, where another address or another network may have the port. */
const ATTEMPTS = 32;

async function holdAnyPort(host: NetworkHost, port: PublishedPort, held: number[]): Promise<ResolvedPort> {
  const before = held.length;
  for (let attempt = 1; ; attempt++) {
    try {
      return await holdPort(host, port, held);
    } catch (error) {
      const again = (port.hostPort ?? 0) === 0 && attempt < ATTEMPTS;
      if (!again || (error as Isol8Error).code !== 'EADDRINUSE') throw error;
      for (const fd of held.splice(before)) closeDescriptor(fd);
    }
  }
}

async function holdPort(host: NetworkHost, port: PublishedPort, held: number[]): Promise<ResolvedPort> {
  const { protocol = 'tcp', hostPort: wanted = 0 } = port;
  const hostAddress = port.hostAddress === undefined ? undefined : canonical(port.hostAddress);
  const addresses = hostAddress === undefined ? [ANY.inet, ANY.inet6] : [hostAddress];
  let hostPort = wanted;
  for (const address of addresses) {
    const fd = await socketFor(host, address, protocol);
    if (fd === undefined) continue; // a kernel without IPv6
    held.push(fd);
    const error = bind(fd, { address, port: hostPort, protocol });
    if (error !== undefined) throw refused({ ...port, protocol, hostPort }, address, error, host);
    hostPort = portOf(fd);
  }
  const resolved = { hostPort, port: port.port, protocol };
  const conflict = conflictingClaim(host, {
    ...resolved,
    ...(hostAddress === undefined ? {} : { hostAddress }),
  });
  if (conflict !== undefined) {
    const who = `it is published for ${conflict.member} of network ${conflict.network}`;
    throw new Isol8Error('EADDRINUSE', `publish ${protocol} port ${hostPort}: EADDRINUSE: ${who}.`);
  }
  return hostAddress === undefined ? resolved : { ...resolved, hostAddress };
}

async function socketFor(
  host: NetworkHost,
  address: string,
  protocol: 'tcp' | 'udp',
): Promise<number | undefined> {
  const family = familyOf(address) === 'inet' ? AF.INET : AF.INET6;
  const kind = { family, type: (protocol === 'tcp' ? SOCK.STREAM : SOCK.DGRAM) | SOCK.CLOEXEC, protocol: 0 };
  try {
    const fd =
      host.namespace === undefined
        ? openHere(kind)
        : ((await openSockets(host.namespace, [kind]))[0] as number);
    if (family === AF.INET6) trySyscall('setsockopt', fd, IPPROTO_IPV6, IPV6_V6ONLY, new Uint32Array([1]), 4);
    return fd;
  } catch (error) {
    if ((error as Isol8Error).code === 'EAFNOSUPPORT' && address === ANY.inet6) return undefined;
    throw error;
  }
}

function openHere({ family, type, protocol }: { family: number; type: number; protocol: number }): number {
  const fd = trySyscall('socket', family, type, protocol);
  if (fd < 0) throw new SystemCallError('socket', errnoName(-fd), '');
  return fd;
}

/**
 * Alone where possible. Connections of an earlier program that are in TIME_WAIT forbid that, but do not count with SO_REUSEADDR,
 * while whoever listens still does. It does not stay, since others that have it could then listen on the port and hear nothing. UDP
 * has no such state, and would share the port with others that have set it.
 */
function bind(
  fd: number,
  { address, port, protocol }: { address: string; port: number; protocol: 'tcp' | 'udp' },
): string | undefined {
  const bytes = encodeAddress(address, port);
  const attempt = (): number => trySyscall('bind', fd, bytes, bytes.length);
  let result = attempt();
  if (result === -errnoNumber('EADDRINUSE') && protocol === 'tcp') {
    const reuse = (on: 0 | 1): number =>
      trySyscall('setsockopt', fd, SOL_SOCKET, SO.REUSEADDR, new Uint32Array([on]), 4);
    reuse(1);
    result = attempt();
    reuse(0);
  }
  return result === 0 ? undefined : errnoName(-result);
}

function portOf(fd: number): number {
  const address = Buffer.alloc(28);
  trySyscall('getsockname', fd, address, new Uint32Array([address.length]));
  return address.readUInt16BE(2);
}

function refused(port: ResolvedPort, address: string, errno: string, host: NetworkHost): Isol8Error {
  const what = `publish ${port.protocol} port ${port.hostPort} of ${address}: ${errno}`;
  if (errno === 'EADDRNOTAVAIL') return new Isol8Error(errno, `${what}: the host has no such address.`);
  if (errno === 'EACCES')
    return new Isol8Error(errno, `${what}: ports below 1024 take CAP_NET_BIND_SERVICE.`);
  if (errno !== 'EADDRINUSE') return new Isol8Error(errno, what);
  const claim = conflictingClaim(host, port);
  const who = claim ? `${claim.member} of network ${claim.network}` : listenerOn(port, host);
  return new Isol8Error(errno, `${what}: ${who === undefined ? 'another program has it' : `${who} has it`}.`);
}

function conflictingClaim(host: NetworkHost, port: ResolvedPort): Claim | undefined {
  const names = host.store.names(claimFolder(port)).filter((name) => name.endsWith('.json'));
  const found = names.find((name) => meet(claimedAddress(name), port.hostAddress));
  return found === undefined ? undefined : host.store.read<Claim>(`${claimFolder(port)}/${found}`);
}

export function recordClaims(host: NetworkHost, ports: readonly ResolvedPort[], claim: Claim): void {
  for (const port of ports) host.store.write(`${claimFolder(port)}/${claimName(port)}`, claim);
}

/** Whether any port is published at all. */
export const hasClaims = (host: NetworkHost): boolean => host.store.names('ports').length > 0;

export function releaseClaims(host: NetworkHost, ports: readonly ResolvedPort[]): void {
  for (const port of ports) {
    host.store.remove(`${claimFolder(port)}/${claimName(port)}`);
    if (host.store.names(claimFolder(port)).length === 0) host.store.remove(claimFolder(port));
  }
  if (ports.length > 0 && !hasClaims(host)) host.store.remove('ports');
}
