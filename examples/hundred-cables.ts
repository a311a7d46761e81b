import { createNamespaces, type Namespace, run } from 'isol8';

export interface Host {
  readonly net: Namespace;
  readonly address: string;
}

/** Connects hosts by a bridge that is in a namespace of its own, with commands of ip(8). */
export async function connectHosts(hosts: readonly Host[]): Promise<Disposable> {
  const bridge = await createNamespaces(['net']);
  await ip(bridge.net as Namespace, [
    'link add br0 type bridge',
    ...hosts.flatMap(({ net }, i) => [
      `link add port${i} master br0 type veth peer name eth0 netns /proc/${process.pid}/fd/${net.fd}`,
      `link set port${i} up`,
    ]),
    'link set br0 up',
  ]);
  for (const { net, address } of hosts)
    await ip(net, [`addr add ${address}/24 dev eth0`, 'link set eth0 up']);
  return bridge;
}

async function ip(net: Namespace, commands: readonly string[]): Promise<void> {
  const input = `${commands.join('\n')}\n`;
  const { exitCode, stderr } = await run(['ip', '-batch', '-'], { namespaces: { ...SHARED, net }, input });
  if (exitCode !== 0) throw new Error(`ip: ${stderr}`);
}

const SHARED = {
  ...{ user: 'shared', mnt: 'shared', pid: 'shared', uts: 'shared' },
  ...{ ipc: 'shared', cgroup: 'shared', time: 'shared' },
} as const;
