import { createNamespaces, type Namespace, RouteSocket } from 'isol8';

export interface Host {
  readonly net: Namespace;
  readonly address: string;
}

/** Connects hosts by a bridge that is in a namespace of its own. Each cable is made with its end in the host already. */
export async function connectHosts(hosts: readonly Host[]): Promise<Disposable> {
  const made = await createNamespaces(['net']);
  using route = await RouteSocket.open({ namespace: made.net as Namespace });
  await route.links.add({ name: 'br0', kind: 'bridge', up: true });
  const bridge = (await route.links.get('br0')).index;
  for (const [i, { net, address }] of hosts.entries()) {
    const peer = { name: 'eth0', netns: net };
    await route.links.add({ name: `port${i}`, kind: 'veth', master: bridge, up: true, veth: { peer } });
    using inside = await RouteSocket.open({ namespace: net });
    const link = (await inside.links.get('eth0')).index;
    await inside.addresses.add({ link, address, prefixLength: 24 });
    await inside.links.setUp(link);
  }
  return made;
}
