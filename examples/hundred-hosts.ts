/** One process as a hundred hosts: each has a web server on an address of its own, and is called from the next one. */
import { createServer } from 'node:http';
import { createNamespaces, type Namespace } from 'isol8';
import { asRoot } from './as-root.js';
import { connectHosts, type Host } from './hundred-cables.js';

await asRoot();

const numbers = Array.from({ length: 100 }, (_, i) => i + 1);
const hosts: Host[] = [];
for (const number of numbers) {
  const { net } = await createNamespaces(['net']);
  hosts.push({ net: net as Namespace, address: `10.77.0.${number}` });
}
using _cables = await connectHosts(hosts);

const servers = await Promise.all(
  hosts.map(({ net, address }) => {
    const server = createServer((request, response) => {
      response.end(`${address} says hello to ${request.socket.remoteAddress}`);
    });
    return net.listen({ host: address, port: 80, server });
  }),
);
console.log(
  `${servers.length} servers listen in ${new Set(hosts.map(({ net }) => `${net}`)).size} namespaces`,
);

const answers = await Promise.all(
  hosts.map(async ({ address }, i) => {
    const caller = hosts[(i + 1) % hosts.length] as Host;
    const response = await caller.net.fetch(`http://${address}`);
    return response.text();
  }),
);
for (const answer of answers) console.log(answer);

for (const server of servers) server.close();
for (const { net } of hosts) net[Symbol.dispose]();
