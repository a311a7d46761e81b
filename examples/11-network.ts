/** Two network namespaces, a bridge between them, and by forwarding and NAT a way out: each step by itself. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createNamespaces, type Namespace, nftables, ping, RouteSocket, run } from 'isol8';
import { makeInternet, WEB } from './own-internet.js';
import { inOwnNetwork, lookAround } from './own-network.js';

await inOwnNetwork();
await using _internet = await makeInternet();
using host = await RouteSocket.open();

await host.links.add({ name: 'drybr0', kind: 'bridge' });
await host.links.change('drybr0', { bridge: { stp: false } });
const bridge = (await host.links.get('drybr0')).index;
await host.addresses.add({ link: bridge, address: '172.17.0.1', prefixLength: 16 });

const [dryns1, dryns2] = [await addNamespace('dryns1'), await addNamespace('dryns2')];
using one = await RouteSocket.open({ namespace: dryns1 });
using two = await RouteSocket.open({ namespace: dryns2 });
await one.links.setUp('lo');
await two.links.setUp('lo');

await host.links.add({ name: 'dryveth0', kind: 'veth', veth: { peer: { name: 'drybr0.1' } } });
await host.links.add({ name: 'dryveth1', kind: 'veth', veth: { peer: { name: 'drybr0.2' } } });
await host.links.move('dryveth0', dryns1);
await host.links.move('dryveth1', dryns2);
await one.links.rename('dryveth0', 'eth0');
await two.links.rename('dryveth1', 'eth0');

const eth0 = { one: (await one.links.get('eth0')).index, two: (await two.links.get('eth0')).index };
await one.addresses.add({ link: eth0.one, address: '172.17.0.2', prefixLength: 16 });
await two.addresses.add({ link: eth0.two, address: '172.17.0.3', prefixLength: 16 });
await one.links.setUp('eth0');
await two.links.setUp('eth0');

await host.links.setUp('drybr0');
await host.links.change('drybr0.1', { master: bridge });
await host.links.change('drybr0.2', { master: bridge });
await host.links.setUp('drybr0.1');
await host.links.setUp('drybr0.2');
await look('With the bridge');

await one.routes.add({ gateway: '172.17.0.1' });
await two.routes.add({ gateway: '172.17.0.1' });
await look('With default routes');

writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
await look('With forwarding');

const { addChain, addRule, addTable, masquerade, match, NftablesSocket } = nftables;
using filter = await NftablesSocket.open();
const table = { family: 'ip', name: 'dry' } as const;
const expressions = [match('ip saddr', '172.17.0.0/16'), match('oifname', 'eth0'), masquerade()];
await filter.commit([
  addTable(table),
  addChain({ table, name: 'postrouting', type: 'nat', hook: 'postrouting', priority: 100 }),
  addRule({ table, chain: 'postrouting', expressions }),
]);
await look('With NAT');
const response = await dryns1.fetch(`http://${WEB.address}/`);
console.log(`  the web server there says: ${await response.text()}`);

mkdirSync('/run/dryns1');
writeFileSync('/run/dryns1/resolv.conf', 'nameserver 8.8.8.8\n');
console.log(`With the name server of the host dryns1 finds ${WEB.name} at ${await resolve()}`);
console.log(`With one of its own: ${await resolve('/run/dryns1/resolv.conf')}`);

await lookAround();

/** `ip netns add`: others find it by its name. */
async function addNamespace(name: string): Promise<Namespace> {
  const { net } = await createNamespaces(['net'], { loopback: false });
  net?.keep(name);
  return net as Namespace;
}

/** Prints what answers a ping from dryns1. */
async function look(when: string): Promise<void> {
  const answers = await Promise.all(
    ['172.17.0.3', '172.17.0.1', WEB.address].map(async (address) => {
      const time = await ping(address, { namespace: dryns1 }).catch(() => undefined); // ENETUNREACH
      return `${address} ${time === undefined ? 'does not answer' : 'answers'}`;
    }),
  );
  console.log(`${when}: ${answers.join(', ')}`);
}

/** What a program in dryns1 finds by the name, with a resolver file of its own or the host's. */
async function resolve(file = '/etc/resolv.conf'): Promise<string> {
  const { stdout } = await run(['getent', 'ahostsv4', WEB.name], {
    namespaces: { user: 'shared', pid: 'shared', net: dryns1 },
    mounts: [{ type: 'bind', source: file, destination: '/etc/resolv.conf' }],
  });
  return stdout.split(' ')[0] || 'no address';
}
