import { Carrier } from './carrier.js';
import type { UplinkPlan } from './options.js';
import type { UplinkPort } from './ports.js';
import type { UplinkProgram } from './requirements.js';
import type { OpenTarget } from './target.js';

/** Newer versions close what is above the standard streams, and it reads and writes none of the first two. */
const NET = 0;
const USER = 1;

/**
 * pasta(1): IPv4 and IPv6, ports of both. It enters the user namespace, where nobody can trace it. By itself it would forward every
 * port that anyone listens on, both ways, and make the host's loopback reachable as the gateway.
 */
export async function startPasta(
  program: UplinkProgram,
  { target, plan, ports }: { target: OpenTarget; plan: UplinkPlan; ports: readonly UplinkPort[] },
): Promise<{ carrier: Carrier; ready: (signal: AbortSignal) => Promise<void> }> {
  const stdio = [{ fd: target.net.fd }, { fd: target.user.fd }, 'pipe'] as const;
  const carrier = await Carrier.start(program, argumentsFor(plan, ports, target.owner), {
    stdio,
    owner: target.owner,
  });
  return { carrier, ready: async () => {} };
}

function argumentsFor(
  { mtu, interface: link, addresses }: UplinkPlan,
  ports: readonly UplinkPort[],
  owner: number,
): string[] {
  const { address, prefixLength, gateway, dns, address6, gateway6 } = addresses;
  const six = address6 && gateway6 ? ['--address', address6, '--gateway', gateway6] : ['--ipv4-only'];
  return [
    ...['--foreground', '--quiet', '--config-net', '--no-map-gw'],
    ...['--no-dhcp', '--no-dhcpv6', '--no-ra', '--ns-ifname', link, '--mtu', `${mtu}`],
    ...[
      '--address',
      address,
      '--netmask',
      `${prefixLength}`,
      '--gateway',
      gateway,
      '--dns-forward',
      dns,
      ...six,
    ],
    ...['--tcp-ns', 'none', '--udp-ns', 'none', ...published('--tcp-ports', 'tcp', ports)],
    ...published('--udp-ports', 'udp', ports),
    ...(owner === 0 ? ['--runas', '0:0'] : []),
    ...['--userns', `/proc/self/fd/${USER}`, '--netns', `/proc/self/fd/${NET}`],
  ];
}

function published(option: string, protocol: 'tcp' | 'udp', ports: readonly UplinkPort[]): string[] {
  const mine = ports.filter((port) => port.protocol === protocol);
  if (mine.length === 0) return [option, 'none'];
  return mine.flatMap(({ hostAddress, hostPort, port }) => {
    const where = hostAddress === '::' ? '' : `${hostAddress}/`;
    return [option, `${where}${hostPort}:${port}`];
  });
}
