/** The network of the article, wired by ip(8) and iptables(8) as a person types it, for tests with own processes. */
import { execFileSync, spawnSync } from 'node:child_process';

export const run = (line: string): string => {
  const [file, ...args] = line.split(' ') as [string, ...string[]];
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
};

export const ip = (line: string): string => run(`ip ${line}`);

// biome-ignore lint/suspicious/noExplicitAny: what ip(8) prints
export const ipJson = (line: string): any[] => JSON.parse(run(`ip -j -d ${line}`) || '[]');

export const inodeOf = (name: string): number => Number(run(`stat -L -c %i /run/netns/${name}`));

/** Two namespaces, each with an address, on a bridge that leads out. */
export function wireArticle(): void {
  ip('link set lo up');
  ip('link add br0 type bridge');
  ip('address add 172.18.0.1/16 dev br0');
  ip('link set br0 up');
  for (const i of [0, 1]) addMember(i);
  run('sysctl -qw net.ipv4.ip_forward=1');
}

/** netnsI with eth0 on the bridge. */
export function addMember(i: number): void {
  ip(`netns add netns${i}`);
  ip(`link add veth${i} type veth peer name ceth${i}`);
  ip(`link set veth${i} master br0 up`);
  ip(`link set ceth${i} netns netns${i}`);
  ip(`-n netns${i} link set ceth${i} name eth0 up`);
  ip(`-n netns${i} address add 172.18.0.${10 * (i + 1)}/16 dev eth0`);
  ip(`-n netns${i} route add default via 172.18.0.1`);
}

export function unwireArticle(): void {
  for (const { name } of ipJson('netns list')) ip(`netns delete ${name}`);
  for (const { ifname, link_type } of ipJson('link'))
    if (link_type !== 'loopback') spawnSync('ip', ['link', 'delete', ifname]); // pairs go together
  run('nft flush ruleset');
}
