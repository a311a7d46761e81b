/** A network with two members, made in one call: the way out, and a port of the host that leads in. */
import { once } from 'node:events';
import { createNamespaces, type Namespace, Network, nftables, RouteSocket, spawn } from 'isol8';
import { makeInternet, WEB } from './own-internet.js';
import { inOwnNetwork, lookAround } from './own-network.js';

await inOwnNetwork();
await using internet = await makeInternet();

{
  await using network = await Network.create({ name: 'web', subnet: '172.17.0.0/16', subnet6: false });
  const [one, two] = [await addNamespace('dryns1'), await addNamespace('dryns2')];
  await using server = await network.attach(one, { publish: ['8080:80'] });
  await using client = await network.attach(two);
  console.log(
    `The server is ${server.address} and the client is ${client.address} in ${network.subnet}, whose gateway is ${network.gateway}`,
  );

  const source = `require('node:http')
    .createServer((request, response) => response.end('hello ' + request.socket.remoteAddress))
    .listen(80, '0.0.0.0', () => console.log('ready'))`;
  await using program = await spawn([process.execPath, '-e', source], {
    namespaces: { user: 'shared', net: one },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(program.stdout as NonNullable<typeof program.stdout>, 'data');

  const text = async (response: Promise<Response>): Promise<string> => (await response).text();
  console.log(`The client calls the server: ${await text(two.fetch(`http://${server.address}/`))}`);
  console.log(`The client calls the internet: ${await text(two.fetch(`http://${WEB.address}/`))}`);
  console.log(`The host calls its port 8080: ${await text(fetch('http://127.0.0.1:8080/'))}`);
  const outside = internet.net.fetch('http://172.19.0.12:8080/');
  console.log(`The internet calls port 8080 of the host: ${await text(outside)}`);
  await lookAround();
}

using host = await RouteSocket.open();
using filter = await nftables.NftablesSocket.open();
const links = (await host.links.list()).map(({ name }) => name);
const rules = (await filter.listTables()).length === 0 ? 'no rule' : 'rules';
console.log(`Afterwards there is ${links.join(', ')} and ${rules}`);

async function addNamespace(name: string): Promise<Namespace> {
  const { net } = await createNamespaces(['net']);
  net?.keep(name);
  return net as Namespace;
}
