/** A program that publishes a port in a network, `NAME PORT [create NAMESPACE]`, and waits to be killed. */
import { setInterval } from 'node:timers';
import { createNamespaces, type Namespace, Network } from '../../src/index.js';

const [name = '', port = '', create, path] = process.argv.slice(2);
const network = create === undefined ? await Network.open(name) : await Network.create({ name });
const { net } = await createNamespaces(['net']);
await network.attach(path === undefined ? (net as Namespace) : { path }, {
  name: 'publisher',
  publish: [port],
});
console.log('published');
setInterval(() => {}, 1000);
