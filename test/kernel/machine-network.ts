/** The network of whoever runs the tests, as the kernel has it: the suite must leave it as it was. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What forwards packets, or changes how it does. */
const SETTINGS = ['ipv4/ip_forward', 'ipv4/conf/all/forwarding', 'ipv6/conf/all/forwarding'];
const SETTINGS_OF_LINKS = [
  ...['ipv4/conf/LINK/forwarding', 'ipv4/conf/LINK/route_localnet', 'ipv4/conf/LINK/rp_filter'],
  ...['ipv6/conf/LINK/forwarding', 'ipv6/conf/LINK/force_forwarding', 'ipv6/conf/LINK/accept_ra'],
];

/** By what it is about. Without the programs, or the right to use them, their part is empty. */
export function machineNetwork(): Record<string, unknown> {
  const links = readdirSync('/proc/sys/net/ipv4/conf').sort();
  const paths = SETTINGS_OF_LINKS.flatMap((path) => links.map((link) => path.replace('LINK', link)));
  return {
    links: listed('ip', '-j', 'address').map(linkOf),
    routes: listed('ip', '-j', 'route', 'show', 'table', 'all').map(lasting),
    routes6: listed('ip', '-j', '-6', 'route', 'show', 'table', 'all').map(lasting),
    rules: [...listed('ip', '-j', 'rule'), ...listed('ip', '-j', '-6', 'rule')],
    filter: output('nft', '--stateless', 'list', 'ruleset'),
    settings: [...SETTINGS, ...paths].map((path) => `${path}: ${setting(path)}`),
  };
}

/** What of it is not as before, in words; empty when all is. */
export function networkChanges(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  return Object.keys(before).flatMap((part) => {
    const [was, is] = [JSON.stringify(before[part]), JSON.stringify(after[part])];
    return was === is ? [] : [`${part} of the machine have changed\n  from ${was}\n  to   ${is}`];
  });
}

type Listed = Readonly<Record<string, unknown>>;

function linkOf({ ifname, mtu, master, addr_info }: Listed): unknown {
  return { ifname, mtu, master, addresses: (addr_info as { local: string }[]).map(({ local }) => local) };
}

/** Without what counts down. */
const lasting = ({ expires: _, ...route }: Listed): unknown => route;

function setting(path: string): string {
  const file = `/proc/sys/net/${path}`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : 'none';
}

function listed(file: string, ...args: string[]): Listed[] {
  return JSON.parse(output(file, ...args) || '[]');
}

function output(file: string, ...args: string[]): string {
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8' });
  return status === 0 ? stdout : '';
}
