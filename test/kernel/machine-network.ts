/** The network of whoever runs the tests, as the kernel has it: the suite must leave it as it was. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What forwards packets, or changes how it does. */
const SETTINGS = ['ipv4/ip_forward', 'ipv4/conf/all/forwarding', 'ipv6/conf/all/forwarding'];
const OF_LINKS: Readonly<Record<string, readonly string[]>> = {
  ipv4: ['forwarding', 'mc_forwarding', 'bc_forwarding', 'route_localnet', 'rp_filter', 'proxy_arp']
    .concat(['accept_local', 'accept_redirects', 'accept_source_route', 'send_redirects', 'secure_redirects'])
    .concat(['arp_ignore', 'arp_announce', 'arp_accept', 'arp_filter', 'src_valid_mark']),
  ipv6: ['forwarding', 'mc_forwarding', 'force_forwarding', 'disable_ipv6', 'addr_gen_mode', 'proxy_ndp']
    .concat(['accept_ra', 'accept_ra_defrtr', 'accept_ra_pinfo', 'accept_ra_rtr_pref', 'autoconf'])
    .concat(['accept_dad', 'accept_redirects', 'accept_source_route']),
};

/** By what it is about. Without the programs, or the right to use them, their part is empty. */
export function machineNetwork(): Record<string, unknown> {
  const links = readdirSync('/proc/sys/net/ipv4/conf').sort();
  const paths = Object.entries(OF_LINKS).flatMap(([family, names]) =>
    names.flatMap((name) => links.map((link) => `${family}/conf/${link}/${name}`)),
  );
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

function linkOf({ ifname, flags, mtu, master, addr_info }: Listed): unknown {
  const addresses = (addr_info as { local: string }[]).map(({ local }) => local);
  return { ifname, up: (flags as string[]).includes('UP'), mtu, master, addresses };
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
